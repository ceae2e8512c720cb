"""Extracts each undistorted query clip once, for all of its distortions."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mvsearch.search.evaluation.queries.clip_extraction import cut_clip
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS, NONE
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.store.errors import MediaError


class Originals:
    """Undistorted clips in a folder, each kept as long as a query still needs it.

    All distortions share one clip, because seeking and decoding in a long video costs more than
    distorting a few seconds. Safe to use from several threads.

    Args:
        folder: of the clips.
        queries: all queries, each of which borrows its clip once.
    """

    def __init__(self, folder: Path, queries: Sequence[KnownQuery]) -> None:
        self._folder = folder
        self._n_waiting = Counter(query.label for query in queries if query.kind == "clip")
        self._names = {label: f"original-{n}.mkv" for n, label in enumerate(self._n_waiting)}
        self._locks = {label: threading.Lock() for label in self._n_waiting}
        self._errors: dict[str, MediaError] = {}

    @contextmanager
    def borrow(self, query: KnownQuery) -> Iterator[Path]:
        """The undistorted clip of a query, from time zero.

        Raises:
            MediaError: it cannot be cut.
        """
        path = self._folder / self._names[query.label]
        lock = self._locks[query.label]
        try:
            with lock:
                self._cut_once(query, path)
            yield path
        finally:
            with lock:
                self._n_waiting[query.label] -= 1
                if not self._n_waiting[query.label]:
                    path.unlink(missing_ok=True)

    def _cut_once(self, query: KnownQuery, path: Path) -> None:
        if query.label in self._errors:
            raise self._errors[query.label]
        if path.exists():
            return
        try:
            start, seconds = query.start_seconds, query.seconds
            cut_clip(query.source.path, start, seconds, DISTORTIONS[NONE], path, query.seed)
        except MediaError as error:
            self._errors[query.label] = error
            raise
