"""Opens and replaces files inside a library without following links.

A library may come from a stranger. A link in it could name any file of the user, so nothing inside
is followed, to write or to read; the folder of the library itself may be reached through links.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

# Without the first, on Windows, a look before opening has to do. With the second a pipe is opened
# at once, to be refused, and not when somebody writes to it.
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_own(file: Path, mode: Literal["rb", "r+b"], *, may_create: bool = False) -> BinaryIO:
    """Open a file to read it, or to change it where it lies.

    Raises:
        OSError: it is a link or no plain file, or what is to be changed has another name as well.
    """
    _refuse_link(file)
    flags = os.O_RDWR if mode == "r+b" else os.O_RDONLY
    flags |= os.O_CREAT if may_create else 0
    handle = os.open(file, flags | _NO_LINKS | _PLAIN, 0o666)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file", str(file))
        if mode == "r+b" and found.st_nlink > 1:
            raise OSError(errno.EMLINK, "it has another name as well", str(file))
        return os.fdopen(handle, mode)
    except BaseException:
        os.close(handle)
        raise


def read_own(file: Path, max_bytes: int) -> bytes:
    """Read a file as a whole.

    Raises:
        OSError: it cannot be read, is a link or no plain file, or longer than that.
    """
    with open_own(file, "rb") as opened:
        if os.fstat(opened.fileno()).st_size > max_bytes:
            raise OSError(errno.EFBIG, "it is too large", str(file))
        return opened.read(max_bytes)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of another, or of a link, when all of it is written.

    Nobody sees a part of it. Its name is nobody else's: neither another thread's nor one that lies
    there already. `tempfile` would make it for its owner's eyes only.

    Raises:
        OSError: the disk refuses; nothing is left of it.
    """
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(8)}.tmp")
    handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINKS | _PLAIN, 0o666)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_own(target: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it.

    Raises:
        OSError: the disk refuses; nothing is left of it.
    """
    with replacing(target) as file:
        file.write(content)


def has_other_names(file: Path) -> bool:
    """Whether what is written to a file would show elsewhere; not, where there is no such file."""
    try:
        return file.lstat().st_nlink > 1
    except FileNotFoundError:
        return False


def check_folder(folder: Path) -> None:
    """Check that a folder inside a library is a folder, or not there yet.

    Raises:
        OSError: it is a link or something else.
    """
    _refuse_link(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is not a folder", str(folder))


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, which is not followed", str(path))
