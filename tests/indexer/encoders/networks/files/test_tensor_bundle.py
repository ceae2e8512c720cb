"""Checkpoints of TensorFlow are read from their bytes, and damaged ones are refused."""

from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders.networks.files.tensor_bundle import read_tensors
from tests.indexer.encoders.small_bundle import write_bundle

DRAWN = np.random.default_rng(1)
TENSORS = {
    "batch/beta": DRAWN.normal(size=3).astype(np.float32),
    "batch/beta/Adam": np.zeros(3, np.float32),
    "batch/gamma": DRAWN.normal(size=(2, 300)).astype(np.float32),
    "step": np.float32(7.5),
}


@pytest.fixture
def bundle(tmp_path: Path) -> tuple[Path, Path]:
    return write_bundle(TENSORS, tmp_path, "net")


def test_tensors_come_back_by_name(bundle: tuple[Path, Path]) -> None:
    found = read_tensors(*bundle, ["step", "batch/gamma", "batch/beta"])
    assert list(found) == ["step", "batch/gamma", "batch/beta"]
    for name, tensor in found.items():
        assert tensor.dtype == np.float32
        assert np.array_equal(tensor, TENSORS[name])
        assert tensor.shape == np.shape(TENSORS[name])


def test_what_tensorflow_wrote(tmp_path: Path) -> None:
    """The beginning of a real index: the bytes of a header and of two entries."""
    block = bytes.fromhex(
        "00000608011a020801" "00180f62617463685f6e6f726d616c697a6174696f6e2f62657461"
        "0801120412020801280435" "73abda94" "1805112f4164616d" "0801120412020801200428"
        "0435" "4cd6b58f"
    )  # fmt: skip
    restarts = (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    block += restarts
    index_block = bytes((0, 1, 2)) + b"c" + bytes((0, len(block))) + restarts
    at = len(block) + 5
    footer = bytes((0, 0, at, len(index_block))).ljust(40, b"\0")
    magic = bytes.fromhex("57fb808b247547db")
    index, data = tmp_path / "net.index", tmp_path / "net.data"
    index.write_bytes(block + bytes(5) + index_block + bytes(5) + footer + magic)
    data.write_bytes(np.array([1.5, 2.5], "<f4").tobytes())
    names = ["batch_normalization/beta", "batch_normalization/beta/Adam"]
    found = read_tensors(index, data, names)
    assert [found[name].tolist() for name in names] == [[1.5], [2.5]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda index: b"",
        lambda index: index[:-1] + b"x",  # no such end
        lambda index: index[30:],
        lambda index: b"\xff" * 40 + index[40:],
        lambda index: index[:-48] + b"\xff" * 40 + index[-8:],
        lambda index: index.replace(b"gamma", b"gamm?"),
    ],
)
def test_a_damaged_index_is_refused(bundle: tuple[Path, Path], damage: object) -> None:
    index, data = bundle
    index.write_bytes(damage(index.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"."):
        read_tensors(index, data, ["batch/gamma"])


def test_tensors_that_are_missing_or_cut_off(bundle: tuple[Path, Path]) -> None:
    index, data = bundle
    with pytest.raises(ValueError, match="has no 'other'"):
        read_tensors(index, data, ["other"])
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(ValueError, match="does not lie in its file"):
        read_tensors(index, data, list(TENSORS))
