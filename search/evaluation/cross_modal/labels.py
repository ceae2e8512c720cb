"""Reads valence and arousal of pictures and of videos of the library from CSV files."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library

FILE, VALENCE, AROUSAL, KIND = "file", "valence", "arousal", "kind"
IMAGE = "image"
# Where the pictures lie, beside the file of labels.
IMAGE_FOLDERS = (".", "images")
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Label:
    """Valence and arousal, from 0 to 1, of one file."""

    valence: float
    arousal: float

    @property
    def quadrant(self) -> tuple[bool, bool]:
        """Whether each is at least one half; the four are those of Russell's plane."""
        return self.valence >= 0.5, self.arousal >= 0.5


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that can be used.

    Attributes:
        pictures: of files, by their path.
        videos: of videos of the library, by id.
        notes: remarks, such as the number of rows without a file.
    """

    pictures: dict[Path, Label]
    videos: dict[str, Label]
    notes: tuple[str, ...] = ()


def read_labels(files: Sequence[Path], library: Library) -> Labels:
    """Read CSV files with the columns `file`, `valence`, `arousal` and, if they like, `kind`.

    Rows of the kind "image" name pictures beside the CSV file, or in a folder `images` there. All
    others name videos or songs of the library, by the name of their file.

    Raises:
        QueryError: a file cannot be read, lacks a column, or a number is not from 0 to 1.
    """
    named: dict[str, set[str]] = {}
    for location in library.catalog.locations():
        named.setdefault(location.path.name, set()).add(location.video_id)
    pictures: dict[Path, Label] = {}
    videos: dict[str, Label] = {}
    n_lost = 0
    for file in files:
        for name, kind, label in _read_rows(file):
            picture = _find_picture(file.parent, name) if kind == IMAGE else None
            ids = named.get(PurePosixPath(name).name, set()) if kind != IMAGE else set()
            if picture is not None:
                pictures[picture] = label
            elif len(ids) == 1:
                videos[next(iter(ids))] = label
            else:
                n_lost += 1
    notes = (f"{n_lost} rows of the labels name no file here",) if n_lost else ()
    return Labels(pictures, videos, notes)


def _read_rows(file: Path) -> Iterator[tuple[str, str, Label]]:
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise QueryError(f"cannot read the labels in {file}: {error.strerror}") from None
    rows = csv.DictReader(text.splitlines())
    try:
        if not {FILE, VALENCE, AROUSAL} <= set(rows.fieldnames or ()):
            raise QueryError(
                f"the labels in {file} need the columns {FILE}, {VALENCE} and {AROUSAL}"
            )
        for number, row in enumerate(rows, start=2):
            if number > MAX_ROWS:
                raise QueryError(f"{file} has more than {MAX_ROWS} labels")
            numbers = (_read_number(row[name], file, number) for name in (VALENCE, AROUSAL))
            yield row[FILE] or "", (row.get(KIND) or "").strip(), Label(*numbers)
    except csv.Error as error:
        raise QueryError(f"the labels in {file} are not valid CSV: {error}") from None


def _read_number(text: str | None, file: Path, number: int) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise QueryError(f"line {number} of {file}: valence and arousal are from 0 to 1")
    return value


def _find_picture(folder: Path, name: str) -> Path | None:
    """A picture below a folder; a name cannot lead out of it."""
    inner = PurePosixPath(name)
    if not name or inner.is_absolute() or ".." in inner.parts or "\0" in name:
        return None
    for place in (folder / part / inner for part in IMAGE_FOLDERS):
        if place.is_file() and not place.is_symlink():
            return place
    return None
