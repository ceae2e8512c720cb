"""Copies the files of a library that cannot be made again."""

from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.files.kept import FOLDERS, LibraryFiles

N_ATTEMPTS = 3


def copy_files(source: LibraryFiles, target: LibraryFiles) -> list[str]:
    """Copy all files, delete others, and return their names.

    Raises:
        LibraryDamagedError: one cannot be read.
        MvsearchError: one cannot be written, or they change all the time.
    """
    for _ in range(N_ATTEMPTS):
        names = list_names(source)
        marks = {name: _find_mark(source, name) for name in names}
        for name in names:
            _copy_file(source, target, name)
        for name in set(list_names(target)) - set(names):
            target.drop(name)
        if list_names(source) == names and all(
            _find_mark(source, name) == mark for name, mark in marks.items()
        ):
            return names
    raise MvsearchError("sessions or playlists of the library changed all the time: copy again")


def list_names(files: LibraryFiles) -> list[str]:
    """The names of all files."""
    return [name for folder in FOLDERS for name in files.list_files(folder)]


def _find_mark(files: LibraryFiles, name: str) -> object:
    try:
        return files.find_mark(name)
    except FileNotFoundError:
        return None


def _copy_file(source: LibraryFiles, target: LibraryFiles, name: str) -> None:
    try:
        content = source.read(name)
    except FileNotFoundError:
        return  # deleted meanwhile, which is seen afterwards
    except OSError as error:
        place = source.describe(name)
        raise LibraryDamagedError(
            f"{place} cannot be read: {error.strerror}; move it away", place
        ) from error
    try:
        target.write(name, content)
        written = target.read(name)
    except OSError as error:
        place = target.describe(name)
        raise MvsearchError(f"{place} cannot be written: {error.strerror}") from error
    if written != content:
        raise MvsearchError(f"{target.describe(name)} is not what was written: copy again")
