"""Numbers the videos of the indexes of a query."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.vectors.index import VectorIndex

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class VideoTable:
    """The numbered videos of some indexes; cached, because making it takes milliseconds.

    Attributes:
        indexes: without repetition.
        video_ids: v of them, sorted.
        position: of each id in `video_ids`.
        places: for each index, the positions of its `video_ids`.
        is_held: (indexes, v) whether an index contains a video.
    """

    indexes: tuple[VectorIndex, ...]
    video_ids: tuple[str, ...]
    position: dict[str, int]
    places: tuple[Positions, ...]
    is_held: npt.NDArray[np.bool_]

    @property
    def is_remote(self) -> bool:
        """Whether vectors are on a server."""
        return any(index.is_remote for index in self.indexes)

    def is_overtaken(self, indexes: Sequence[VectorIndex]) -> bool:
        """Whether one of these indexes replaces an index of this table."""
        spaces = {index.space.key for index in indexes if index not in self.indexes}
        return any(own.space.key in spaces for own in self.indexes)

    def row_of(self, index: VectorIndex) -> int:
        """The position of an index in `indexes`."""
        return next(at for at, own in enumerate(self.indexes) if own is index)

    def pick(self, positions: Positions) -> tuple[str, ...]:
        """The ids of some videos."""
        if len(positions) == len(self.video_ids) and bool((np.diff(positions) > 0).all()):
            return self.video_ids
        return tuple(self.video_ids[at] for at in positions.tolist())

    def mark(self, video_ids: Collection[str]) -> npt.NDArray[np.bool_]:
        """(v,) which of the videos are among these."""
        is_marked = np.zeros(len(self.video_ids), dtype=np.bool_)
        is_marked[[self.position[one] for one in video_ids if one in self.position]] = True
        return is_marked


def make_table(indexes: Sequence[VectorIndex]) -> VideoTable:
    """Make the table of some indexes, which may repeat."""
    different = tuple({id(index): index for index in indexes}.values())
    lists = {index.video_ids for index in different}
    video_ids = max(lists, key=len)
    others = set().union(*(lists - {video_ids})).difference(video_ids)
    if others:
        video_ids = tuple(sorted([*video_ids, *others]))
    position = dict(zip(video_ids, range(len(video_ids)), strict=True))
    places = tuple(_find_places(index.video_ids, video_ids, position) for index in different)
    is_held = np.zeros((len(different), len(video_ids)), dtype=np.bool_)
    for row, own in zip(is_held, places, strict=True):
        row[own] = True
    return VideoTable(different, video_ids, position, places, is_held)


def _find_places(
    some: Sequence[str], video_ids: Sequence[str], position: Mapping[str, int]
) -> Positions:
    """The positions of some of the videos; mostly of all of them."""
    if len(some) == len(video_ids):
        return np.arange(len(video_ids))
    return np.fromiter(map(position.__getitem__, some), np.intp, len(some))


class VideoTables:
    """The tables that an engine keeps between queries; thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], VideoTable] = {}
        self._lock = threading.Lock()

    def gather(self, indexes: Sequence[VectorIndex]) -> VideoTable:
        """The table of these indexes, made again only if one of them has changed.

        Tables of replaced indexes are dropped, and the memory of these indexes with them.
        """
        keys = tuple(index.space.key for index in indexes)
        with self._lock:
            known = self._known.get(keys)
            if known is None or not all(index in known.indexes for index in indexes):
                known = make_table(indexes)
                others = {k: p for k, p in self._known.items() if not p.is_overtaken(indexes)}
                self._known = others | {keys: known}
            return known
