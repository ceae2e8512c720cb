"""Reads the tensors of a CTranslate2 model file, without CTranslate2, which does not show them.

The form is that of `ctranslate2.specs.ModelSpec._serialize`, version 6: a version, the name and the
revision of the specification, then each tensor's name, shape, type, size and numbers; at the end
names that stand for other names. All numbers are little-endian.
"""

import math
import mmap
import struct
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.store.errors import WeightsMissingError

VERSION = 6
SPECIFICATION = ("WhisperSpec", 3)
# In the order of CTranslate2's enumeration; bfloat16, which numpy lacks, is the sixth.
DTYPES = tuple(np.dtype(name) for name in ("<f4", "i1", "<i2", "<i4", "<f2"))


def read_variables(path: Path) -> dict[str, Array]:
    """The tensors of a Whisper model by name, each a read-only view of the mapped file.

    Every length is compared with what is left of the file before anything is taken.

    Raises:
        WeightsMissingError: the file cannot be read, or is not such a model.
    """
    try:
        with path.open("rb") as file:
            return _Reader(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).read()
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise WeightsMissingError(f"{path} is not a CTranslate2 Whisper model: {error}") from error


class _Reader:
    """Takes values from a file one after the other."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._at = 0

    def read(self) -> dict[str, Array]:
        """The whole file."""
        version = self._take_number("I")
        specification = (self._take_name(), self._take_number("I"))
        if version != VERSION or specification != SPECIFICATION:
            raise ValueError(f"it has version {version} and holds a {specification[0]!r}")
        variables: dict[str, Array] = {}
        for _ in range(self._take_number("I")):
            name = self._take_name()
            if name in variables:
                raise ValueError(f"it has two tensors {name!r}")
            variables[name] = self._take_tensor()
        for _ in range(self._take_number("I")):
            alias, name = self._take_name(), self._take_name()
            variables.setdefault(alias, variables[name])
        if self._at != len(self._content):
            raise ValueError("something follows its end")
        return variables

    def _take_tensor(self) -> Array:
        rank = self._take_number("B")
        shape = tuple(self._take_number("I") for _ in range(rank))
        kind, n_bytes = self._take_number("B"), self._take_number("I")
        if kind >= len(DTYPES) or math.prod(shape) * DTYPES[kind].itemsize != n_bytes:
            raise ValueError("a tensor has another size than its shape, or an unknown type")
        start = self._take(n_bytes)
        flat = np.frombuffer(self._content, DTYPES[kind], math.prod(shape), start)
        return flat.reshape(shape)

    def _take_name(self) -> str:
        n_bytes = self._take_number("H")
        start = self._take(n_bytes)
        return self._content[start : start + n_bytes].rstrip(b"\0").decode("ascii")

    def _take_number(self, form: str) -> int:
        size = struct.calcsize(f"<{form}")
        number: int = struct.unpack_from(f"<{form}", self._content, self._take(size))[0]
        return number

    def _take(self, n_bytes: int) -> int:
        """Go over so many bytes; returns where they begin."""
        start, self._at = self._at, self._at + n_bytes
        if self._at > len(self._content):
            raise ValueError("it ends early")
        return start
