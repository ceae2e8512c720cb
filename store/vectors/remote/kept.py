"""Keeps the vectors and times of videos that were read from a server, up to a limit."""

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np

from mvsearch.store.database.blobs import HalfMatrix, Seconds, normalise
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Spans

MAX_KEPT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class VideoVectors:
    """The vectors of a video in the coordinates of an index, and their times.

    Attributes:
        vectors: (n, dim) float32, read-only.
        spans: of the n vectors.
    """

    vectors: Matrix
    spans: Spans

    @classmethod
    def make(cls, vectors: Matrix, starts: Seconds, ends: Seconds) -> Self:
        """Keep placed vectors (n, dim) float32 and their times (n,), which nobody can change."""
        vectors.setflags(write=False)
        return cls(vectors, Spans(starts, ends))

    @classmethod
    def widen(cls, halves: HalfMatrix, starts: Seconds, ends: Seconds) -> Self:
        """The same of placed vectors in float16, which are scaled to length one."""
        return cls.make(normalise(halves), starts, ends)

    @classmethod
    def make_empty(cls, n: int, dim: int) -> Self:
        """Vectors of length zero, similar to none, in place of some that were removed."""
        times = np.full(n, np.nan)
        return cls.make(np.zeros((n, dim), dtype=np.float32), times, times)

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays."""
        return self.vectors.nbytes + self.spans.starts.nbytes + self.spans.ends.nbytes


class KeptVectors:
    """The last used vectors of one placement of a space, by handle, for any number of threads.

    Vectors with a handle never change, so they are of use to indexes of later states, too.
    """

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._kept: OrderedDict[int, VideoVectors] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, handles: Collection[int]) -> dict[int, VideoVectors]:
        """Those of the vectors that are kept."""
        with self._lock:
            found = {handle: self._kept[handle] for handle in handles if handle in self._kept}
            for handle in found:
                self._kept.move_to_end(handle)
        return found

    def keep(self, handle: int, video: VideoVectors) -> None:
        """Keep vectors, and forget those that were not used for the longest time."""
        with self._lock:
            if handle in self._kept or video.n_bytes > self._max_bytes:
                return
            self._kept[handle] = video
            self._n_bytes += video.n_bytes
            while self._n_bytes > self._max_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._n_bytes -= oldest.n_bytes
