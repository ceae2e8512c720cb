"""The library, the encoders and the video that a command names."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Encoders
    from mvsearch.store.library import Library
    from mvsearch.store.records import Video


def open_library(folder: Path | None, *, create: bool = False) -> "Library":
    """Open the library asked for."""
    from mvsearch.store.library import Library
    from mvsearch.store.opening import default_library_folder

    return Library.open(folder or default_library_folder(), create=create)


def load_encoders(library: "Library", profile: str | None = None) -> "Encoders":
    """The encoders that the library was built with, or those asked for where it is new."""
    from mvsearch.indexer.encoders import Encoders

    return Encoders(profile or library.catalog.profile() or "embedded")


def find_media(library: "Library") -> Callable[[Path], bool]:
    """What tells whether a path is that of a video of the library."""
    return lambda path: library.catalog.location(path) is not None


def check_target(out: Path | None, library: "Library", *, has_force: bool) -> None:
    """Refuse a file that must not be written, before anything is worked out for it."""
    from mvsearch.search.output.files import check_output

    if out is not None:
        check_output(out, has_force=has_force, is_media=find_media(library))


def find_video(library: "Library", name: str) -> "Video":
    """The video that the user means."""
    return library.catalog.find_video(name)
