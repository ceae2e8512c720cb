"""Writes the metadata of videos as `.nfo` files beside them, or into a folder."""

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mvsearch.indexer.metadata.beside import find_side_cars, name_stem
from mvsearch.indexer.metadata.nfo import read_nfo_bytes
from mvsearch.indexer.metadata.nfo_writing import write_nfo
from mvsearch.search.output.files import write_output
from mvsearch.search.output.lyrics_files import safe_stem
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Metadata, Video
from mvsearch.store.unicode import printable

MAX_BACKUPS = 1000


@dataclass(frozen=True, slots=True)
class NfoExport:
    """What an export has written.

    Attributes:
        written: the files.
        kept: files that exist and were kept, as nobody asked to overwrite them, or as they say the
            same already.
        problems: why others could not be written, one line each.
    """

    written: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The export in the form of the JSON output."""
        return {
            "written": [printable(path) for path in self.written],
            "kept": [printable(path) for path in self.kept],
            "problems": [printable(line) for line in self.problems],
        }


@dataclass(frozen=True, slots=True)
class NfoTarget:
    """Where files are written, and whether others are replaced.

    Attributes:
        folder: of all files; None for the folder of each video.
        has_overwrite: whether existing files are replaced; each is kept as `.bak`.
        is_media: whether a path is a video of the library.
    """

    folder: Path | None = None
    has_overwrite: bool = False
    is_media: Callable[[Path], bool] | None = None


@dataclass(slots=True)
class _Done:
    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def export_nfo(videos: Iterable[tuple[Video, Metadata]], target: NfoTarget) -> NfoExport:
    """Write a `.nfo` file for each video, each as a whole or not at all.

    Args:
        videos: with their metadata.
        target: where to.
    """
    done, taken = _Done(), dict[Path, Video]()
    for video, metadata in videos:
        try:
            place = _choose_place(video, target, taken)
            is_written = _write(video, metadata, place, target)
            (done.written if is_written else done.kept).append(place)
        except MvsearchError as error:
            done.problems.append(f"{video.title}: {error}")
    return NfoExport(tuple(done.written), tuple(done.kept), tuple(done.problems))


def _choose_place(video: Video, target: NfoTarget, taken: dict[Path, Video]) -> Path:
    """The file of a video; in a folder of all, a second one of a name gets a part of its id.

    Raises:
        MvsearchError: the file of the video is missing, or another video has the same `.nfo` file.
    """
    if target.folder is None:
        if not video.path.exists():
            raise MvsearchError(f"{video.path} is missing")
        place = find_side_cars(video.path).nfo
        place = place or video.path.with_name(f"{name_stem(video.path)}.nfo")
    else:
        place = target.folder / f"{safe_stem(video)}.nfo"
        if place in taken:
            place = place.with_name(f"{safe_stem(video)} [{video.id[:8]}].nfo")
    other = taken.setdefault(place, video)
    if other is not video:
        raise MvsearchError(f"{place} is that of {other.title!r} already")
    return place


def _write(video: Video, metadata: Metadata, place: Path, target: NfoTarget) -> bool:
    """Write one file; False if it exists and is kept.

    Raises:
        MvsearchError: it cannot be written.
    """
    is_there = os.path.lexists(place)
    if is_there and not target.has_overwrite:
        return False
    old = read_nfo_bytes(place) if is_there else b""
    content = write_nfo(video, metadata, old)
    if is_there and content == old:
        return False
    if is_there and place.is_file() and not place.is_symlink():
        _keep_backup(place)
    write_output({place: content}, has_force=target.has_overwrite, is_media=target.is_media)
    return True


def _keep_backup(place: Path) -> None:
    """Keep the content of a file beside it as `.bak`, or `.bak2` if there is one.

    Raises:
        MvsearchError: it cannot be written.
    """
    names = (f"{place.name}.bak{n if n > 1 else ''}" for n in range(1, MAX_BACKUPS))
    for backup in map(place.with_name, names):
        if os.path.lexists(backup):
            continue
        try:
            with suppress(FileExistsError):
                os.link(place, backup)
        except OSError:  # a file system without hard links
            _copy(place, backup)
        return
    raise MvsearchError(f"{place} has {MAX_BACKUPS} backups: delete some")


def _copy(place: Path, backup: Path) -> None:
    try:
        shutil.copy2(place, backup)
    except OSError as error:
        raise MvsearchError(f"cannot write to {backup}: {error.strerror}") from error
