"""Copies libraries between folders and databases."""

import threading
from collections.abc import Callable

from mvsearch.indexer.progress import count_steps
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.copying.copy import LibraryCopy
from mvsearch.store.copying.copy import copy_library as copy_rows
from mvsearch.store.opening import AnyPath, parse_address

N_ROWS = 1000
UNIT = "thousand rows"


def copy_library(
    source: AnyPath,
    target: AnyPath,
    *,
    vectors: str | None = None,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
) -> LibraryCopy:
    """Copy a library into a folder or a database where there is none, so that it is the same there.

    All rows, sessions, playlists, decisions and the encoders' trained heads are copied as they were
    at one moment; the vector index is made anew. At the end every row is read again and compared.
    Ended, cancelled or killed, the same call goes on, and until it has ended the target cannot be
    opened. Runs of training and what can be made again stay where they are.

    Args:
        source: folder of the library, or its address in a database; it is only read.
        target: the same of the copy.
        vectors: what searches the vectors of the copy: "pgvector", "faiss", or the address of
            Milvus; None for the default of the target.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the work.

    Raises:
        NoLibraryError: there is no library to copy.
        LibraryDamagedError: it is damaged; the target is as before.
        LibraryUnreachableError: the server of a database cannot be reached.
        MvsearchError: the target is not empty, or cannot be written.
        CancelledError: it was cancelled.
    """
    with Watched(to_progress(progress), Stop(cancel)) as watched:
        counters: dict[str, Callable[[int, int], None]] = {}

        def report(what: str, n_done: int, n_all: int) -> None:
            if what not in counters:
                counters[what] = count_steps(watched, what, UNIT)
            counters[what](-(-n_done // N_ROWS), -(-n_all // N_ROWS))

        return copy_rows(parse_address(source), parse_address(target), vectors, report)
