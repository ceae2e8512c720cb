"""Converts file paths to and from their form in the catalogue."""

import os
from pathlib import Path

from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.unicode import normalise


def path_key(path: Path) -> str:
    """What identifies a path: absolute, without `..`, in Unicode's form NFC.

    Both spellings of an accented name, composed and decomposed, are the same place.
    """
    return normalise(os.path.normpath(path.absolute()))


def encode_key(path: Path) -> bytes:
    """The key of a path as it is stored; bytes, since a name need not be valid Unicode."""
    return path_key(path).encode("utf-8", "surrogatepass")


def keys_below(folder: Path) -> tuple[bytes, bytes]:
    """The half-open range of keys of what lies below a folder."""
    separator = os.sep.encode()
    first = encode_key(folder).rstrip(separator) + separator
    return first, first[:-1] + bytes([first[-1] + 1])


def decode_path(stored: bytes) -> Path:
    """The path that opens a file, byte for byte as the file system gave it.

    Raises:
        LibraryDamagedError: no file system can have given it.
    """
    if not stored or b"\0" in stored:
        raise LibraryDamagedError("a path that no file can have")
    return Path(os.fsdecode(stored))
