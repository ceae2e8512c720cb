"""Reads labels.csv: which pictures and sounds have which valence and arousal."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mvsearch.store.errors import TrainingError
from mvsearch.store.own_files import read_own

LABELS = "labels.csv"
# The folder of each kind.
FOLDERS = {"image": "images", "music": "music"}
COLUMNS = ("kind", "file", "valence", "arousal")
MAX_BYTES, MAX_ROWS, MAX_NAME = 2**25, 100_000, 255
# Of each kind: with fewer, a validation part tells nothing.
LEAST = 20


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled file.

    Attributes:
        kind: "image" or "music".
        valence, arousal: 0 to 1.
    """

    kind: str
    path: Path
    valence: float
    arousal: float


def read_labels(folder: Path) -> list[Label]:
    """Read the labels of a folder with `images/` and `music/`; other columns are ignored.

    Raises:
        TrainingError: the file is missing, too large or no such table, a line is not valid, a file
            is missing or labelled twice, or there are fewer than `LEAST` of a kind.
    """
    file = folder / LABELS
    try:
        if file.stat().st_size > MAX_BYTES:
            raise TrainingError(f"{file} has more than {MAX_BYTES // 2**20} MiB")
        text = read_own(file.resolve(), MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise TrainingError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise TrainingError(f"{file} is not text in UTF-8") from None
    labels: dict[Path, Label] = {}
    for number, label in _read_rows(file, text):
        if label.path in labels:
            raise TrainingError(f"{file}, line {number}: {label.path.name!r} is labelled twice")
        labels[label.path] = label
    for kind in FOLDERS:
        found = sum(label.kind == kind for label in labels.values())
        if found < LEAST:
            raise TrainingError(f"{file} labels {found} files of kind {kind}: {LEAST} are needed")
    return list(labels.values())


def _read_rows(file: Path, text: str) -> Iterator[tuple[int, Label]]:
    """The labels with the numbers of their lines."""
    try:
        reader = csv.DictReader(text.splitlines(), strict=True)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise TrainingError(f"{file} has no column {missing[0]}: it needs {','.join(COLUMNS)}")
        for number, row in enumerate(reader, 2):
            if number > MAX_ROWS + 1:
                raise TrainingError(f"{file} has more than {MAX_ROWS} lines")
            yield number, _read_row(file, number, row)
    except csv.Error as error:
        raise TrainingError(f"{file} is no table: {error}") from None


def _read_row(file: Path, number: int, row: dict[str, str | None]) -> Label:
    """One label."""
    where = f"{file}, line {number}"
    kind, name = row["kind"] or "", row["file"] or ""
    if kind not in FOLDERS:
        raise TrainingError(f"{where}: the kind is {' or '.join(FOLDERS)}, not {kind[:40]!r}")
    if not 0 < len(name) <= MAX_NAME or Path(name).name != name or "\0" in name:
        raise TrainingError(f"{where}: {name[:80]!r} is no name of a file")
    path = file.parent / FOLDERS[kind] / name
    if not path.is_file():
        raise TrainingError(f"{where}: {FOLDERS[kind]} has no file {name[:80]!r}")
    valence, arousal = (_read_number(where, column, row[column]) for column in COLUMNS[2:])
    return Label(kind, path, valence, arousal)


def _read_number(where: str, column: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:  # NaN fails too
        shown = (text or "")[:40]
        raise TrainingError(f"{where}: {column} is a number from 0 to 1, not {shown!r}")
    return value
