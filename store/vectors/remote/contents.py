"""Which videos an index holds, kept in memory and updated by what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from mvsearch.store.database.index_tables import IndexedVideoRow
from mvsearch.store.vectors.index import Integers


@dataclass(frozen=True, eq=False)
class Contents:
    """The videos of a space in one state.

    Attributes:
        generation: of the space.
        placement: of the vectors; where it changes, nothing is known of what was removed before.
        videos: by handle, the id and the number of vectors; some have none.
    """

    generation: int
    placement: int
    videos: dict[int, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, session: Session, space_key: str, generation: int, placement: int, known: Self | None
    ) -> Self:
        """The contents of the state that a session sees.

        Args:
            session: of the state.
            space_key: of the space.
            generation: of the space in this state.
            placement: of the vectors in this state.
            known: of another state of this space; only what changed since then is read.
        """
        if known is not None and (known.placement, known.generation) == (placement, generation):
            return known
        row = IndexedVideoRow
        query = select(row.handle, row.video_id, row.n).where(row.space_key == space_key)
        videos: dict[int, tuple[str, int]] = {}
        if known is None or known.placement != placement or known.generation > generation:
            query = query.where(row.video_id.is_not(None))
        else:
            query = query.where(row.generation > known.generation)
            videos = dict(known.videos)
        for handle, video_id, n in session.execute(query):
            if video_id is None:
                videos.pop(handle, None)
            else:
                videos[handle] = (video_id, n)
        return cls(generation, placement, videos)

    @cached_property
    def _sorted(self) -> list[tuple[str, int, int]]:
        """Id, handle and number of vectors of each video that has some, by id."""
        return sorted((name, handle, n) for handle, (name, n) in self.videos.items() if n)

    @cached_property
    def video_ids(self) -> tuple[str, ...]:
        """The ids of the videos with vectors, sorted."""
        return tuple(name for name, _, _ in self._sorted)

    @cached_property
    def handles(self) -> Integers:
        """(videos,) the handle of each of `video_ids`."""
        return np.array([handle for _, handle, _ in self._sorted], dtype=np.int64)

    @cached_property
    def counts(self) -> Integers:
        """(videos,) the number of vectors of each of `video_ids`."""
        return np.array([n for _, _, n in self._sorted], dtype=np.int64)

    @cached_property
    def n(self) -> int:
        """The number of vectors."""
        return int(self.counts.sum())

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.video_ids)}

    @cached_property
    def _order(self) -> Integers:
        """Positions of `handles` in ascending order."""
        return np.argsort(self.handles)

    def find(self, video_ids: Iterable[str]) -> Integers:
        """The positions of those of the videos that have vectors."""
        found = (self._places.get(name, -1) for name in video_ids)
        return np.array([at for at in found if at >= 0], dtype=np.int64)

    def position(self, video_id: str) -> int | None:
        """The position of a video in `video_ids`; None if it has no vectors."""
        return self._places.get(video_id)

    def locate(self, handles: Integers | Sequence[int]) -> Integers:
        """The positions in `video_ids` of handles; -1 for those of other videos."""
        wanted = np.asarray(handles, dtype=np.int64)
        if not len(self.handles):
            return np.full(wanted.shape, -1, dtype=np.int64)
        ascending = self.handles[self._order]
        at = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
        return np.where(ascending[at] == wanted, self._order[at], -1)
