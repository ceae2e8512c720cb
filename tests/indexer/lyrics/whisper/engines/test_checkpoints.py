import subprocess
import sys
from pathlib import Path

import pytest
import whisper

from mvsearch.indexer.lyrics.whisper.engines.checkpoints import (
    WHISPER_MODELS,
    checkpoint_name,
    find_checkpoint,
    has_weights,
)
from mvsearch.store.errors import MvsearchError


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_names_and_files_are_whispers() -> None:
    assert set(WHISPER_MODELS) == set(whisper.available_models())
    assert {name: checkpoint_name(name) for name in WHISPER_MODELS} == {
        name: url.rpartition("/")[2] for name, url in whisper._MODELS.items()
    }


def test_named_models_are_found_in_both_places(tmp_path: Path) -> None:
    assert not has_weights("turbo")
    for place in (tmp_path / "cache/whisper", tmp_path / "models/whisper"):
        place.mkdir(parents=True)
        (place / "large-v3-turbo.pt").touch()
        assert find_checkpoint("turbo") == place / "large-v3-turbo.pt"
    assert not has_weights("tiny")


def test_weights_that_nothing_here_can_read_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models/whisper").mkdir(parents=True)
    (tmp_path / "models/whisper/base.pt").touch()
    (tmp_path / "converted").mkdir()
    (tmp_path / "converted" / "model.bin").touch()
    installed = {"whisper"}

    def find(module: str) -> str | None:
        return module if module in installed else None

    monkeypatch.setattr("mvsearch.indexer.lyrics.whisper.engines.engine.find_spec", find)
    assert has_weights("base")
    assert has_weights(str(tmp_path / "converted"))
    installed = {"faster_whisper"}
    assert not has_weights("base")
    assert has_weights(str(tmp_path / "converted"))
    installed = set()
    assert not has_weights(str(tmp_path / "converted"))


def test_a_file_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    path.touch()
    assert find_checkpoint(str(path)) == path


def test_what_is_neither_is_an_error() -> None:
    with pytest.raises(MvsearchError, match="no Whisper model and no file 'huge'"):
        has_weights("huge")


def test_looking_imports_neither_torch_nor_whisper() -> None:
    code = (
        "import sys;"
        "from mvsearch.indexer.lyrics.whisper.transcribe import Transcriber, has_weights;"
        "from mvsearch.indexer.lyrics import find_lyrics;"
        "import mvsearch.search.output.lyrics_files; has_weights('tiny');"
        "sys.exit(any(name in sys.modules for name in ('torch', 'whisper', 'scipy', 'pysubs2')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
