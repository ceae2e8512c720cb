"""Checks a library that may be damaged, without opening it first."""

import threading
from dataclasses import replace

from mvsearch.indexer.progress import count_steps
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.checking.check import check_library
from mvsearch.store.checking.checkup import Checkup, Damage
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.opening import Address, AnyPath, find_address


def check(
    folder: AnyPath | None = None,
    *,
    repair: bool = False,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
) -> Checkup:
    """Read the whole library, and check that it is valid and consistent.

    Checked are the catalogue, the indexes of words and vectors, sessions, playlists and heads.

    Args:
        folder: see `open_library`.
        repair: whether indexes that are damaged are made anew from the catalogue.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the work.

    Raises:
        NoLibraryError: there is no library.
        LibraryUnreachableError: the server of its database cannot be reached.
        CancelledError: it was cancelled.
    """
    place = find_address(folder)
    with Watched(to_progress(progress), Stop(cancel)) as watched:
        found = check_library(place, count_steps(watched, "check", "videos"), repair=repair)
    return replace(found, damages=(*found.damages, *_check_files(place)))


def _check_files(address: Address) -> list[Damage]:
    """Look at documents, where the library can be opened at all."""
    from mvsearch.search.api.upkeep.documents import check_documents

    try:
        with Library.open(address, is_read_only=True) as library:
            return list(check_documents(library))
    except MvsearchError:
        return []  # told already
