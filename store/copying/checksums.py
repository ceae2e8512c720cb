"""Sums up rows in a number that depends neither on their order nor on the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from mvsearch.store.copying.tables import Row

_BYTES = 16
_MODULUS = 1 << (8 * _BYTES)
# Longer values of bytes stand in the form of a row as their digest.
_LONG = 64


@dataclass(slots=True)
class Checksum:
    """The number of rows, and the sum of their digests (BLAKE2b, 16 bytes) modulo 2^128.

    A key occurs once in a table, so that no two rows are equal, and no row can make up for another.
    """

    n_rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        for row in rows:
            # The form of Python is exact for numbers, and escapes what letters cannot be.
            form = repr(tuple(_shorten(value) for value in row)).encode("utf-8", "surrogatepass")
            digest = blake2b(form, digest_size=_BYTES).digest()
            self.total = (self.total + int.from_bytes(digest, "little")) % _MODULUS
            self.n_rows += 1

    @property
    def text(self) -> str:
        """The sum in 32 hexadecimal digits."""
        return f"{self.total:032x}"


def _shorten(value: object) -> object:
    if type(value) is bytes and len(value) > _LONG:
        return (len(value), blake2b(value, digest_size=_BYTES).digest())
    return value
