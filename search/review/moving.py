"""Moves files without overwriting any, and without deleting any."""

import errno
import os
from pathlib import Path

from mvsearch.store.errors import MvsearchError

IGNORE_NAME = ".mvsearchignore"
IGNORE_TEXT = "# Moved here by the review of mvsearch.\n*\n"
MAX_NAMES = 1000


def move_into(source: Path, folder: Path) -> Path:
    """Move a file into a folder under a free name; returns where it is now.

    Raises:
        MvsearchError: it is a link or no file, or the system refuses, as on another drive.
    """
    for number in range(MAX_NAMES):
        name = source.name if not number else f"{source.stem} ({number + 1}){source.suffix}"
        if move_to(source, folder / name):
            return folder / name
    raise MvsearchError(f"{folder} has too many files called {source.name}")


def move_to(source: Path, target: Path) -> bool:
    """Move a file; returns whether the target was free.

    The free name is taken by an empty file of ours first, which the file then replaces.

    Raises:
        MvsearchError: it is a link or no file, or the system refuses, as on another drive.
    """
    if source.is_symlink() or not source.is_file():
        raise MvsearchError(f"{source} is not there, or is no plain file")
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise MvsearchError(f"cannot write {target}: {error.strerror}") from error
    os.close(handle)
    try:
        source.replace(target)
    except OSError as error:
        target.unlink(missing_ok=True)  # the empty one
        why = "it is on another drive" if error.errno == errno.EXDEV else error.strerror
        raise MvsearchError(f"cannot move {source} to {target}: {why}") from error
    return True


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
        with (folder / IGNORE_NAME).open("rb") as file:
            return file.read(len(IGNORE_TEXT) + 1) == IGNORE_TEXT.encode()
    except OSError:
        return False
