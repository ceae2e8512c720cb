"""Checks a library that may be damaged, without opening it first."""

import threading

from mvsearch.indexer.progress import count_steps
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.catalog.checking import Checkup, check_library
from mvsearch.store.opening import AnyPath, find_address


def check(
    folder: AnyPath | None = None,
    *,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
) -> Checkup:
    """Read the whole catalogue of a library, and check that it is valid and consistent.

    Args:
        folder: see `open_library`.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the work.

    Raises:
        NoLibraryError: there is no library.
        CancelledError: it was cancelled.
    """
    place = find_address(folder)
    with Watched(to_progress(progress), Stop(cancel)) as watched:
        return check_library(place, count_steps(watched, "check", "videos"))
