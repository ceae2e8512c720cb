import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from indexer.encoders.runtime import load_cached
from store.errors import MvsearchError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    return tmp_path / "exported"


def obtain(stem: str, make: Callable[[], bytes]) -> bytes:
    return load_cached(stem, ".onnx", make, Path.read_bytes)


def fail() -> bytes:
    raise AssertionError("made again")


def test_what_was_made_is_read_the_next_time(cache: Path) -> None:
    assert obtain("net-1", lambda: b"content") == b"content"
    assert obtain("net-1", fail) == b"content"
    assert obtain("net-2", lambda: b"other") == b"other"


@pytest.mark.parametrize("damage", [b"", b"conten", b"CONTENT"])
def test_a_damaged_file_is_made_anew(cache: Path, damage: bytes) -> None:
    obtain("net-1", lambda: b"content")
    (path,) = cache.iterdir()
    path.write_bytes(damage)
    assert obtain("net-1", lambda: b"content") == b"content"
    assert [file.read_bytes() for file in cache.iterdir()] == [b"content"]


def test_what_a_damaged_file_makes_of_its_reader_is_not_seen(cache: Path) -> None:
    def read(path: Path) -> bytes:
        if path.read_bytes() != b"content":
            raise ValueError("no such network")
        return b"read"

    obtain("net-1", lambda: b"content")
    (path,) = cache.iterdir()
    path.write_bytes(b"spoilt")
    assert load_cached("net-1", ".onnx", lambda: b"content", read) == b"read"
    with pytest.raises(ValueError, match="no such network"):
        load_cached("net-2", ".onnx", lambda: b"whole, and not what is read", read)


def test_those_who_race_get_the_same_and_leave_nothing_behind(cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: obtain("net-1", lambda: b"x" * 9999), range(32))
    assert set(made) == {b"x" * 9999}
    assert len(list(cache.iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_told(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(MvsearchError, match="point MVSEARCH_MODELS elsewhere"):
        obtain("net-1", lambda: b"content")


def test_a_query_imports_no_torch(encoder: Callable[[str], Any]) -> None:
    encoder("efficientnet-lite0")
    encoder("minilm")
    code = (
        "import sys; from indexer.encoders import load_encoder; import numpy as np;"
        "lite = load_encoder('efficientnet-lite0'); lite.encode_words(['a dog']);"
        "lite.encode(np.zeros((1, 224, 224, 3), np.uint8)); load_encoder('minilm').encode(['x']);"
        "print([name for name in ('torch', 'torchvision', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; import indexer.encoders.efficientnet, indexer.encoders.clap;"
        "import indexer.encoders.siglip, indexer.encoders.toy;"
        "heavy = ('torch', 'onnxruntime', 'transformers', 'tokenizers');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
