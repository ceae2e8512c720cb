"""Model files of CTranslate2, packed here by struct as its format says."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.lyrics.whisper.engines.ctranslate2_file import read_variables
from mvsearch.store.errors import WeightsMissingError


def pack_name(name: str) -> bytes:
    return struct.pack("<H", len(name) + 1) + name.encode() + b"\0"


def pack_tensor(name: str, kind: int, *shape: int, content: bytes) -> bytes:
    head = pack_name(name) + struct.pack("<B", len(shape)) + struct.pack(f"<{len(shape)}I", *shape)
    return head + struct.pack("<BI", kind, len(content)) + content


def pack_model(*tensors: bytes, version: int = 6, name: str = "WhisperSpec") -> bytes:
    head = struct.pack("<I", version) + pack_name(name) + struct.pack("<II", 3, len(tensors))
    alias = struct.pack("<I", 1) + pack_name("again") + pack_name("a")
    return head + b"".join(tensors) + alias


MATRIX = np.arange(6, dtype="<f2").reshape(2, 3)
ONE = pack_tensor("a", 4, 2, 3, content=MATRIX.tobytes())
WHOLE = pack_model(ONE, pack_tensor("n", 2, content=struct.pack("<h", 8)))


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], dict[str, np.ndarray]]:
    def write_and_read(content: bytes) -> dict[str, np.ndarray]:
        (tmp_path / "model.bin").write_bytes(content)
        return read_variables(tmp_path / "model.bin")

    return write_and_read


def test_tensors_and_other_names_for_them_are_read(
    read: Callable[[bytes], dict[str, np.ndarray]],
) -> None:
    variables = read(WHOLE)
    assert list(variables) == ["a", "n", "again"]
    np.testing.assert_array_equal(variables["a"], MATRIX)
    np.testing.assert_array_equal(variables["again"], MATRIX)
    assert (variables["n"].shape, int(variables["n"])) == ((), 8)


def test_no_file_that_is_cut_or_longer_is_read(
    read: Callable[[bytes], dict[str, np.ndarray]],
) -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(WeightsMissingError, match="is not a CTranslate2 Whisper model"):
            read(WHOLE[:length])
    with pytest.raises(WeightsMissingError, match="something follows its end"):
        read(WHOLE + b"\0")


@pytest.mark.parametrize(
    "content",
    [
        pack_model(ONE, version=5),
        pack_model(ONE, name="TransformerSpec"),
        pack_model(ONE, ONE),
        pack_model(pack_tensor("a", 5, 1, content=b"\0\0")),
        pack_model(pack_tensor("a", 0, 2**31, 2**31, 4, content=b"")),
        pack_model(pack_tensor("a", 0, 3, content=b"\0" * 8)),
        pack_model(pack_tensor("b", 1, 1, content=b"\0")),
    ],
    ids=["version", "model", "twice", "type", "huge", "short", "alias"],
)
def test_what_is_no_whisper_model_is_refused(
    content: bytes, read: Callable[[bytes], dict[str, np.ndarray]]
) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        read(content)
    assert "\n" not in str(caught.value)
