"""What every place for the files of a library offers, and which files there may be."""

import re
from collections.abc import Hashable
from contextlib import AbstractContextManager
from typing import Protocol

MIB = 2**20
# Each kind of file by its name, with the most bytes that one may have. All else in the folder of a
# library is a cache, or belongs to this machine: runs of training, answers of services.
KINDS = {
    "sessions.json": 16 * MIB,
    "reviews.json": 16 * MIB,
    "playlists.json": 16 * MIB,
    "mood-heads.safetensors": 64 * MIB,
    "audiovisual.safetensors": 256 * MIB,
    "session-media/[0-9a-f]{64}": 64 * MIB,
    "lyric-fits/[0-9a-f]{32}.json": 8 * MIB,
}
FOLDERS = ("", "session-media", "lyric-fits")
WAIT_SECONDS = 10.0

_KINDS = [(re.compile(kind.replace(".", r"\."), re.ASCII), most) for kind, most in KINDS.items()]


class LibraryFiles(Protocol):
    """The files of a library that cannot be made again.

    A name is one of `KINDS`, with `/` between folder and file. Several threads, and processes on
    several machines where the library is in a database, use them at once: a reader sees a whole
    file or none. What is wrong is an OSError, or the error of the database as one line.
    """

    def __hash__(self) -> int:
        """Two of the same place may be equal."""
        ...

    def describe(self, name: str) -> str:
        """What messages call a file."""
        ...

    def find_mark(self, name: str) -> Hashable:
        """A value that changes with the content, quickly told.

        Raises:
            FileNotFoundError: there is no such file.
        """
        ...

    def read(self, name: str) -> bytes:
        """The content.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it is a link, or too large.
        """
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in the place of the one of its name if any."""
        ...

    def drop(self, name: str) -> None:
        """Delete a file; it may be gone already."""
        ...

    def list_files(self, folder: str = "") -> dict[str, float]:
        """The files of one of `FOLDERS`, each with the time of its change: seconds since 1970."""
        ...

    def locking(self, name: str) -> AbstractContextManager[None]:
        """Keep others, of any process, from the same lock until the end of the context.

        Raises:
            LibraryBusyError: another holds it for longer than `WAIT_SECONDS`.
        """
        ...


def find_limit(name: str) -> int | None:
    """The most bytes that a file of this name may have; None for no name of a file."""
    return next((most for kind, most in _KINDS if kind.fullmatch(name)), None)


def check_name(name: str) -> int:
    """The most bytes that a file of this name may have.

    Raises:
        ValueError: it is no name of a file.
    """
    most = find_limit(name)
    if most is None:
        raise ValueError(f"{name!r} is no file of a library")
    return most
