"""Files that a metric is asked about: what they are called, and what is said of bad ones."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from store.errors import MediaError, QueryError


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line which file cannot be used and why.

    Raises:
        QueryError: it is no file (devices and pipes might never end), or cannot be decoded.
    """
    check_file(path)
    try:
        yield
    except MediaError as error:
        raise QueryError(f"cannot use {path.name!r}: {error}") from error


def check_file(path: Path) -> None:
    """Refuse what is no file.

    Raises:
        QueryError: it is none.
    """
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        raise QueryError(f"no file is called {str(path)!r}: {error.strerror}") from None
    if is_folder:
        raise QueryError(f"{str(path)!r} is a folder: name a file in it")
    if not is_file:
        raise QueryError(f"no file is called {str(path)!r}")


def label_files(paths: Sequence[Path]) -> tuple[str, ...]:
    """A file's name for tables and plots, where it is the only one of it; else its path."""
    counts = Counter(path.name for path in paths)
    return tuple(path.name if counts[path.name] == 1 else str(path) for path in paths)
