from pathlib import Path

import pytest

from mvsearch.indexer.lyrics.whisper import status
from mvsearch.indexer.lyrics.whisper.engines import engine as engines
from mvsearch.indexer.lyrics.whisper.engines.engine import (
    BY_YAMNET,
    choose_engine,
    list_origins,
    name_origin,
)
from mvsearch.indexer.lyrics.whisper.status import list_whisper_models
from mvsearch.store.errors import MvsearchError


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No wish, no GPU, and faster-whisper installed."""
    monkeypatch.delenv("MVSEARCH_WHISPER_ENGINE", raising=False)
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(engines, "has_driver", lambda: False)
    monkeypatch.setattr(engines, "is_installed", lambda engine: True)


@pytest.fixture
def _without_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engines, status):
        monkeypatch.setattr(module, "is_installed", lambda engine: engine == "openai")


def test_faster_is_taken_where_it_is_there_and_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_engine() == "faster"
    monkeypatch.setattr(engines, "has_driver", lambda: True)
    assert choose_engine() == "openai"
    assert choose_engine("faster") == "faster"
    monkeypatch.setattr(engines, "is_installed", lambda engine: engine == "faster")
    assert choose_engine() == "faster"


@pytest.mark.usefixtures("_without_faster")
def test_without_the_extra_openai_is_taken() -> None:
    assert choose_engine() == "openai"
    with pytest.raises(MvsearchError, match=r"not installed; type: pip install '.*\[faster\]'"):
        choose_engine("faster")
    assert "pip install" in list_whisper_models()[0].origin


def test_a_wish_comes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_WHISPER_ENGINE", "openai")
    assert choose_engine() == "openai"
    assert choose_engine("faster") == "faster"
    monkeypatch.setenv("MVSEARCH_WHISPER_ENGINE", "fastest")
    with pytest.raises(MvsearchError, match="auto, openai or faster, not 'fastest'"):
        choose_engine()


def test_lyrics_name_what_heard_them() -> None:
    assert name_origin("base", "openai") == "base"
    assert name_origin("base", "faster") == "base (faster-whisper)"
    assert name_origin("base", "faster", BY_YAMNET) == "base (faster-whisper, voice by YAMNet)"
    assert name_origin("base", "openai", BY_YAMNET) == "base (voice by YAMNet)"
    assert list_origins("base") == {
        "base",
        "base (voice by YAMNet)",
        "base (faster-whisper)",
        "base (faster-whisper, voice by YAMNet)",
    }


def test_the_models_of_the_profiles_are_listed(tmp_path: Path) -> None:
    first, *_ = list_whisper_models()
    assert (first.name, first.profiles[0], first.is_present) == ("whisper-base", "embedded", False)
    assert "mvsearch models fetch whisper-base" in first.problem
    path = tmp_path / "models/whisper/base.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"12345")
    first, *others = list_whisper_models()
    assert (first.is_present, first.n_bytes, first.folder) == (True, 5, path.parent)
    assert first.origin == "openai-whisper, run by faster-whisper"
    assert [other.is_present for other in others] == [False, False]
