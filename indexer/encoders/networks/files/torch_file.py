"""Reads tensors from files that torch before 1.6 saved, without torch.

Such a file is a sequence of pickles: a magic number, a version, the type sizes of the machine, the
tensors without their values, and the keys of their storages. Then follow the storages in that
order: the number of values as a little-endian int64, and the values
(`torch.serialization._legacy_save`).
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.store.errors import WeightsMissingError

MAGIC = 0x1950A86A20F9469CFC6C
# Raised by malformed files.
MALFORMED = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    AttributeError,
    OverflowError,
    MemoryError,
    pickle.UnpicklingError,
)
N_PICKLES_BEFORE = 2  # version and sizes
DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_tensors(path: Path) -> dict[str, Array]:
    """Read tensors by name; float32 and int64 only.

    The unpickler refuses anything that plain tensors do not need.

    Raises:
        WeightsMissingError: the file cannot be read, or holds anything but plain tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except MALFORMED as error:
        raise WeightsMissingError(f"{path} has no plain tensors: {error}") from error


def _read(file: BinaryIO) -> dict[str, Array]:
    if _Unpickler(file).load() != MAGIC:
        raise ValueError("it is not in the format of torch before 1.6")
    for _ in range(N_PICKLES_BEFORE):
        _Unpickler(file).load()
    unpickler = _Unpickler(file)
    tensors = unpickler.load()
    for key in _Unpickler(file).load():
        storage = unpickler.storages[key]
        if int.from_bytes(file.read(8), "little") != len(storage):
            raise ValueError(f"storage {key} has another length than its tensors")
        storage[:] = np.frombuffer(file.read(storage.nbytes), storage.dtype)
    return {name: np.array(tensor) for name, tensor in tensors.items()}


class _Unpickler(pickle.Unpickler):
    """Unpickles dictionaries and tensors, as views of storages filled later; refuses all else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, Array] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _view
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        return _refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Array:
        kind, dtype, key, _, n_numbers, view = pid
        if kind != "storage" or view is not None:
            _refuse(f"a {kind}")
        if key not in self.storages:
            self.storages[key] = np.zeros(n_numbers, dtype)
        return self.storages[key]


def _refuse(what: str) -> NoReturn:
    raise pickle.UnpicklingError(f"{what} is not part of a table of tensors")


def _view(
    storage: Array, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> Array:
    """Return a view of a storage as a tensor; it is dense, with its axes in any order.

    Raises:
        ValueError: the tensor is not dense.
    """
    order = sorted(range(len(size)), key=lambda axis: (-stride[axis], -size[axis]))
    n_numbers = int(np.prod(size))
    tensor = storage[offset : offset + n_numbers].reshape([size[axis] for axis in order])
    tensor = tensor.transpose(np.argsort(order))
    steps = zip(size, stride, tensor.strides, strict=True)
    if any(length > 1 and step * storage.itemsize != ours for length, step, ours in steps):
        raise ValueError("a tensor is not dense")
    return tensor
