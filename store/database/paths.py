"""Converts file paths to and from their form in the catalogue."""

import os
from pathlib import Path

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.unicode import normalise


def path_key(path: Path) -> str:
    """The identity of a path: absolute, without `..`, in Unicode's form NFC.

    The composed and the decomposed spelling of an accented name have the same key.
    """
    return normalise(os.path.normpath(path.absolute()))


def encode_key(path: Path) -> bytes:
    """The key of a path as stored; bytes, because a name need not be valid Unicode."""
    return path_key(path).encode("utf-8", "surrogatepass")


def lies_below(key: InstrumentedAttribute[bytes], folder: Path) -> ColumnElement[bool]:
    """The condition that the path of a key lies below a folder.

    It is a range of keys, so that no character of the folder's name is a wildcard.

    Args:
        key: a column of keys.
        folder: at any depth above the path.
    """
    separator = os.sep.encode()
    first = encode_key(folder).rstrip(separator) + separator
    return (key >= first) & (key < first[:-1] + bytes([first[-1] + 1]))


def decode_path(stored: bytes) -> Path:
    """The path of a file, byte for byte as the file system gave it.

    Raises:
        LibraryDamagedError: no file can have this path.
    """
    if not stored or b"\0" in stored:
        raise LibraryDamagedError("a path that no file can have")
    return Path(os.fsdecode(stored))
