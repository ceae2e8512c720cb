"""Pairs the files of a report: results with references, and pictures with results."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mvsearch.search.metrics.divergence import pair_names
from mvsearch.search.metrics.media.folders import list_media
from mvsearch.store.errors import QueryError
from mvsearch.store.own_files import read_own

IMAGE, AUDIO = "image", "audio"
MAX_ROWS = 10_000
MAX_BYTES = 2**24


def pair_files(reference: Path, candidate: Path) -> list[tuple[Path, Path]]:
    """Pair the media files of two folders by name, as `kl` does.

    Returns:
        (file of the candidate, file of the reference) of each pair.

    Raises:
        QueryError: a folder cannot be used, or a file has no pair, or several.
    """
    ours, theirs = list_media(reference), list_media(candidate)
    names = [
        [path.relative_to(folder.absolute()) for path in paths]
        for folder, paths in ((reference, ours), (candidate, theirs))
    ]
    return [(theirs[other], ours[one]) for one, other in pair_names(names[0], names[1])]


def pair_pictures(candidate: Path, folders: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Pair pictures with the media files of a folder by their names without endings.

    Args:
        candidate: folder of the media files.
        folders: of the pictures; the first that has a picture of a name counts.

    Returns:
        (picture, media file) of each pair, in the order of the media files.

    Raises:
        QueryError: a media file has no picture, or two in one folder.
    """
    from mvsearch.indexer.media.picture_files import MAX_PICTURES, list_pictures

    pictures: dict[str, Path] = {}
    for folder in folders:
        found = list_pictures([folder])
        if len(found) >= MAX_PICTURES:
            raise QueryError(f"{folder} has {MAX_PICTURES} pictures or more: give --pairs FILE.csv")
        names = [picture.name for picture in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise QueryError(f"{folder} has two pictures of the name {twice!r}")
        pictures = {picture.name: picture.path for picture in found} | pictures
    pairs = [(pictures.get(path.stem), path) for path in list_media(candidate)]
    lonely = [path.name for picture, path in pairs if picture is None]
    if lonely:
        more = f" (and {len(lonely) - 1} more)" if len(lonely) > 1 else ""
        raise QueryError(
            f"no picture has the name of {lonely[0]!r}{more}: give --pairs FILE.csv or --images DIR"
        )
    return [(picture, path) for picture, path in pairs if picture is not None]


def read_pairs(table: Path, candidate: Path) -> list[tuple[Path, Path]]:
    """Read pairs of a picture and a media file from a CSV file.

    Args:
        table: with the columns image, a path from the folder of the table on, and audio, a path
            from the candidate's folder on. Other columns are ignored.
        candidate: folder of the media files.

    Returns:
        (picture, media file) of each row.

    Raises:
        QueryError: the table cannot be read, names a file that is not in the folder, or names none.
    """
    inside = {path.relative_to(candidate.absolute()): path for path in list_media(candidate)}
    pairs: list[tuple[Path, Path]] = []
    for row in _read_rows(table):
        path = inside.get(Path(row[AUDIO]))
        if path is None:
            raise QueryError(f"{table.name} names {row[AUDIO]!r}, which {candidate} does not hold")
        pairs.append((table.parent / row[IMAGE], path))
    if not pairs:
        raise QueryError(f"{table.name} names no pair")
    return pairs


def _read_rows(table: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    try:
        text = read_own(table.resolve(), MAX_BYTES).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        missing = [name for name in (IMAGE, AUDIO) if name not in (reader.fieldnames or ())]
        if missing:
            raise QueryError(f"{table.name} lacks the column {missing[0]!r}")
        for row in reader:
            rows.append({name: row[name] or "" for name in (IMAGE, AUDIO)})
            if len(rows) > MAX_ROWS:
                raise QueryError(f"{table.name} has more than {MAX_ROWS} rows")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{table.name} cannot be read as CSV: {error}") from error
    return rows
