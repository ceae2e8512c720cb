"""Reads tables of pairs from CSV files."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]


def read_table(path: Path, names: Sequence[str]) -> FloatArray:
    """Read a square table of clips.

    The first row has a label and the names of the columns; each other row a name and its values. A
    name is that of a clip as given, or its file name. Rows and columns may be in any order, and
    further ones are ignored.

    Args:
        path: of the CSV file, in UTF-8.
        names: of the clips.

    Returns:
        (n, n) in the order of `names`.

    Raises:
        QueryError: the file cannot be read, lacks a clip, has a duplicate name, or a value is not
            a number.
    """
    columns, values = _read_cells(path)
    columns_at = [_find(name, columns, path) for name in names]
    rows_at = [_find(name, list(values), path) for name in names]
    if len(set(rows_at)) < len(names):
        raise QueryError(f"the table in {path} does not tell all clips apart")
    rows = list(values.values())
    try:
        return np.array([[float(rows[row][column]) for column in columns_at] for row in rows_at])
    except ValueError as error:
        raise QueryError(
            f"the table in {path} contains a value that is not a number: {error}"
        ) from None


def _read_cells(path: Path) -> tuple[list[str], dict[str, list[str]]]:
    """The names of the columns, and the cells of each row by its name."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise QueryError(f"cannot read the table in {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise QueryError(f"the table in {path} is no text in UTF-8") from None
    try:
        lines = [row for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise QueryError(f"the table in {path} is not valid CSV: {error}") from None
    if len(lines) < 2:
        raise QueryError(f"the table in {path} has no rows")
    columns = lines[0][1:]
    if any(len(row) != len(lines[0]) for row in lines):
        raise QueryError(f"the rows of the table in {path} have other lengths than its head")
    names = [row[0] for row in lines[1:]]
    for found in (columns, names):
        if len(set(found)) < len(found):
            raise QueryError(f"the table in {path} names a clip twice")
    return columns, {row[0]: row[1:] for row in lines[1:]}


def _find(name: str, among: Sequence[str], path: Path) -> int:
    """The position of a clip, by its name as given, else by its file name."""
    for wanted in (name, Path(name).name):
        if wanted in among:
            return among.index(wanted)
    raise QueryError(f"the table in {path} lacks {name}")
