"""Finds the files beside a video that tell or show something of it, and notes when they change."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from mvsearch.indexer.media.files.containers import has_media_ending
from mvsearch.store.unicode import normalise

# A change of what is read from the same files: all are read again.
READER_VERSION = 1
_TEXT_ENDINGS = (".nfo", ".info.json", ".description")
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif")
_ENDINGS = (*_TEXT_ENDINGS, *PICTURE_ENDINGS)
# How Kodi, Jellyfin and yt-dlp call the picture of a video, the best first.
_OWN_PICTURES = ("-thumb", "-poster", "", "-landscape", "-cover", "-fanart")
# Pictures of a whole folder.
_FOLDER_PICTURES = ("folder", "poster", "cover", "thumb", "landscape", "fanart")
# A folder that changed this recently may change again within one tick of its clock.
_SETTLED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FolderListing:
    """The side-cars and pictures in a folder.

    Attributes:
        by_stem: for each stem, in the form to compare, the names of its files by their endings.
        n_media: number of media files.
        picture: the name of the picture of the folder; None if there is none.
    """

    by_stem: dict[str, dict[str, str]] = field(default_factory=dict)
    n_media: int = 0
    picture: str | None = None


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
    listing = list_files(media.parent)
    stem = fold_file_name(name_stem(media))
    own = listing.by_stem.get(stem, {})
    nfo, info_json, description = (
        media.with_name(own[ending]) if ending in own else None for ending in _TEXT_ENDINGS
    )
    artwork = _find_picture(listing.by_stem, [f"{stem}{more}" for more in _OWN_PICTURES])
    if artwork is None and (not has_picture or listing.n_media == 1):
        artwork = listing.picture
    return SideCars(nfo, info_json, description, artwork)


def mark_side_cars(places: Sequence[Path], list_files: ListFolder = list_folder) -> str:
    """A text that changes whenever a side-car of a video appears, changes or goes.

    Args:
        places: every file that holds the video, in any order.
        list_files: asked for their folders.
    """
    marks: set[str] = set()
    for place in places:
        listing = list_files(place.parent)
        found = find_side_cars(place, list_files)
        marks.add(f"picture\0{found.artwork}\0{listing.picture}")
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
    by_stem: dict[str, dict[str, str]] = {}
    for name in names:
        folded = fold_file_name(name)
        ending = next((end for end in _ENDINGS if folded.endswith(end)), None)
        if ending is not None:
            by_stem.setdefault(folded.removesuffix(ending), {}).setdefault(ending, name)
    n_media = sum(has_media_ending(Path(name)) for name in names)
    return FolderListing(by_stem, n_media, _find_picture(by_stem, _FOLDER_PICTURES))


def _find_picture(by_stem: Mapping[str, Mapping[str, str]], stems: Sequence[str]) -> str | None:
    """The name of the first picture with one of some stems; None if there is none."""
    for stem in stems:
        files = by_stem.get(stem)
        found = (
            next((files[end] for end in PICTURE_ENDINGS if end in files), None) if files else None
        )
        if found is not None:
            return found
    return None
