"""Moves files without overwriting any, and without deleting any."""

import errno
import filecmp
import os
import secrets
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mvsearch.store.errors import MvsearchError
from mvsearch.store.own_files import read_own

IGNORE_NAME = ".mvsearchignore"
IGNORE_TEXT = "# Moved here by the review of mvsearch.\n*\n"
MAX_NAMES = 1000
# The ending of a copy to another drive that is not whole yet.
PART = ".mvsearch-part"


def find_free_names(video: Path, others: Sequence[Path], folder: Path) -> list[Path]:
    """Free names in a folder for a video and the files that belong to it, in this order.

    Their names begin with that of the video, also where a number makes it free.

    Raises:
        MvsearchError: too many names are taken.
    """
    for number in range(MAX_NAMES):
        stem = video.stem if not number else f"{video.stem} ({number + 1})"
        names = [stem + file.name[len(video.stem) :] for file in (video, *others)]
        if not any(os.path.lexists(folder / name) for name in names):
            return [folder / name for name in names]
    raise MvsearchError(f"{folder} has too many files called {video.name}")


def move_to(source: Path, target: Path) -> bool:
    """Move a file; returns whether the target was free.

    The free name is taken by an empty file of ours first, which the file then replaces.

    Raises:
        MvsearchError: it is a link or no file, or the system refuses.
    """
    if not is_plain(source):
        raise MvsearchError(f"{source} is not there, or is no plain file")
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise MvsearchError(f"cannot write {target}: {error.strerror}") from error
    os.close(handle)
    try:
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_to(source, target)
    except OSError as error:
        # The empty one; over a network a move that was done may be told to have failed.
        if os.path.lexists(source):
            target.unlink(missing_ok=True)
        raise MvsearchError(f"cannot move {source} to {target}: {error.strerror}") from error
    return True


def _copy_to(source: Path, target: Path) -> None:
    """Copy a file to another drive, and delete it here once the copy is whole and on the disk."""
    part = target.with_name(secrets.token_hex(8) + PART)
    try:
        shutil.copyfile(source, part)
        with suppress(OSError):  # some drives keep no rights
            shutil.copystat(source, part)
        with part.open("rb") as copied:
            os.fsync(copied.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    source.unlink()


def _sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can tell."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_plain(file: Path) -> bool:
    """Whether there is a file that is no link."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except (OSError, ValueError):
        return False


def is_copy_of(one: Path, other: Path) -> bool:
    """Whether two files have the same bytes."""
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def prepare_folder(folder: Path) -> None:
    """Make a folder whose files are not indexed.

    Raises:
        MvsearchError: it is a link, or cannot be made.
    """
    if folder.is_symlink():
        raise MvsearchError(f"{folder} is a link: name its target")
    ignore = folder / IGNORE_NAME
    try:
        is_new = not folder.exists()
        folder.mkdir(exist_ok=True)
        if is_new or not any(folder.iterdir()):
            ignore.write_text(IGNORE_TEXT, encoding="utf-8")
    except OSError as error:
        raise MvsearchError(f"cannot use {folder}: {error.strerror}") from error
    if not is_review_folder(folder):
        raise MvsearchError(f"{folder} holds other files: name a new folder")


def is_review_folder(folder: Path) -> bool:
    """Whether `prepare_folder` made a folder.

    Nothing is moved out of others, whatever a library says that was moved: it may be a stranger's.
    """
    try:
        return read_own(folder / IGNORE_NAME, len(IGNORE_TEXT)) == IGNORE_TEXT.encode()
    except (OSError, ValueError):
        return False
