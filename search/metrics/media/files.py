"""Names the files of a metric and describes bad ones in errors."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mvsearch.search.query.query import check_file
from mvsearch.store.errors import MediaError, QueryError


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Convert errors of a file to one line with its name.

    Raises:
        QueryError: it is not a regular file, or cannot be decoded.
    """
    check_file(path, str(path))
    try:
        yield
    except MediaError as error:
        raise QueryError(f"cannot use {path.name!r}: {error}") from error


def label_files(paths: Sequence[Path]) -> tuple[str, ...]:
    """The names of files for tables and plots; the path if a name is not unique."""
    counts = Counter(path.name for path in paths)
    return tuple(path.name if counts[path.name] == 1 else str(path) for path in paths)
