"""Finds the files beside a video that tell or show something of it, and notes when they change."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from mvsearch.indexer.media.files.containers import has_media_ending
from mvsearch.store.unicode import normalise

# A change of what is read from the same files: all are read again.
READER_VERSION = 1
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif")
# How Kodi, Jellyfin and yt-dlp call the picture of a video, the best first.
_OWN_PICTURES = ("-thumb", "-poster", "", "-landscape", "-cover", "-fanart")
# Pictures of a whole folder.
_FOLDER_PICTURES = ("folder", "poster", "cover", "thumb", "landscape", "fanart")
# A folder that changed this recently may change again within one tick of its clock.
_SETTLED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FolderListing:
    """The names in a folder.

    Attributes:
        names: as they are, by their form to compare.
        n_media: number of media files.
    """

    names: dict[str, str] = field(default_factory=dict)
    n_media: int = 0

    def find(self, stem: str, endings: Sequence[str]) -> str | None:
        """The name of the first file with a stem and one of some endings; None if there is none."""
        keys = (fold_file_name(stem) + ending for ending in endings)
        return next((self.names[key] for key in keys if key in self.names), None)


ListFolder = Callable[[Path], FolderListing]


@dataclass(frozen=True, slots=True)
class SideCars:
    """The files beside one file of a video; None where there is none.

    Attributes:
        artwork: the name of a picture.
    """

    nfo: Path | None = None
    info_json: Path | None = None
    description: Path | None = None
    artwork: str | None = None

    @property
    def texts(self) -> Iterator[Path]:
        """The files that are read."""
        yield from filter(None, (self.nfo, self.info_json, self.description))


def list_folder(folder: Path) -> FolderListing:
    """The names in a folder; remembered while it stands still. One that cannot be read has none."""
    try:
        changed_ns = folder.stat().st_mtime_ns
    except OSError:
        return FolderListing()
    if time.time() - changed_ns / 1e9 < _SETTLED_SECONDS:
        return _list(folder)
    return _list_settled(folder, changed_ns)


def find_side_cars(
    media: Path, list_files: ListFolder = list_folder, *, has_picture: bool = True
) -> SideCars:
    """The side-cars of a media file: those named after it, and pictures of its folder.

    Names match in any Unicode normal form and case. A picture of a folder is that of a video only
    where the folder holds no other media; sound files share it, as the cover of their album.

    Args:
        media: the file.
        list_files: asked for its folder. Who looks at many files at once lists each folder once.
        has_picture: whether the file has moving pictures.
    """
    stem = name_stem(media)
    listing = list_files(media.parent)
    found = {
        kind: None if name is None else media.with_name(name)
        for kind, ending in (
            ("nfo", ".nfo"),
            ("info_json", ".info.json"),
            ("description", ".description"),
        )
        for name in [listing.find(stem, [ending])]
    }
    wanted = [f"{stem}{more}" for more in _OWN_PICTURES]
    if not has_picture or listing.n_media == 1:
        wanted += _FOLDER_PICTURES
    pictures = (listing.find(name, PICTURE_ENDINGS) for name in wanted)
    return SideCars(**found, artwork=next(filter(None, pictures), None))


def mark_side_cars(places: Sequence[Path], list_files: ListFolder = list_folder) -> str:
    """A text that changes whenever a side-car of a video appears, changes or goes.

    Args:
        places: every file that holds the video, in any order.
        list_files: asked for their folders.
    """
    marks: set[str] = set()
    for place in places:
        found = find_side_cars(place, list_files)
        sound = find_side_cars(place, list_files, has_picture=False)
        marks.update(f"picture\0{one.artwork}" for one in (found, sound))
        for file in found.texts:
            try:
                state = file.lstat()
            except OSError:
                continue
            marks.add(f"{file.name}\0{state.st_size}\0{state.st_mtime_ns}")
    told = os.fsencode("\n".join(sorted(marks)))
    return f"{READER_VERSION}:{hashlib.sha256(told).hexdigest()[:32]}"


def name_stem(media: Path) -> str:
    """The name of a media file without its ending, if it has one."""
    return media.stem if has_media_ending(media) else media.name


def fold_file_name(name: str) -> str:
    """The form in which names of files are compared."""
    return normalise(name).casefold()


@lru_cache(maxsize=8)
def _list_settled(folder: Path, changed_ns: int) -> FolderListing:
    """List a folder as it has been since `changed_ns`."""
    return _list(folder)


def _list(folder: Path) -> FolderListing:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError:
        return FolderListing()
    n_media = sum(has_media_ending(Path(name)) for name in names)
    return FolderListing({fold_file_name(name): name for name in names}, n_media)
