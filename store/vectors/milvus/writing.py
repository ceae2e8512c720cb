"""Writes vectors to Milvus in the transactions of the catalogue: before they commit, or after."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import numpy as np
from sqlalchemy import event
from sqlalchemy.orm import Session

from mvsearch.store.catalog.index_writer import Made
from mvsearch.store.database.blobs import normalise
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Embeddings, Matrix, Space
from mvsearch.store.vectors.exact.centering import is_settled, place_vectors
from mvsearch.store.vectors.milvus.building import KIND, Open
from mvsearch.store.vectors.milvus.collection import PlacedVideo
from mvsearch.store.vectors.remote.placements import (
    Placement,
    drop_placements,
    find_current,
    list_placements,
)
from mvsearch.store.vectors.remote.writing import add_videos, drop_videos, remove_videos

logger = logging.getLogger(__name__)


class MilvusWriter:
    """The `IndexWriter` of a library with vectors in Milvus.

    New vectors are written before the catalogue commits: those of a change that fails are rows of
    no video, which nobody sees, and which `Upkeep` deletes. Vectors of removed videos are deleted
    after the commit. So a program that is killed at any time loses none that is in the catalogue.

    Args:
        open_at: opens the collection of a placement.
    """

    def __init__(self, open_at: Open) -> None:
        self._open_at = open_at

    def add(self, session: Session, made: Sequence[Made], generations: Mapping[str, int]) -> None:
        """Add vectors of videos; see `IndexWriter`."""
        handles = add_videos(session, made, generations)
        for key in sorted({each.space.key for _, each in made}):
            own = [
                (handle, each)
                for handle, (_, each) in zip(handles, made, strict=True)
                if each.space.key == key and len(each.vectors)
            ]
            placement = find_current(session, key, KIND)
            if own and placement is not None and _is_kept(own[0][1].space, placement):
                videos = (
                    PlacedVideo(handle, generations[key], _place(each, placement))
                    for handle, each in own
                )
                self._open_at(placement).write(videos)

    def remove(
        self, session: Session, video_ids: Sequence[str], generations: Mapping[str, int]
    ) -> None:
        """Remove all vectors of videos in these spaces; see `IndexWriter`."""
        for key, generation in generations.items():
            handles = remove_videos(session, key, video_ids, generation)
            placement = find_current(session, key, KIND) if handles else None
            if placement is not None:
                collection = self._open_at(placement)
                self._after_commit(session, partial(collection.delete, handles))

    def drop(self, session: Session, space_keys: Collection[str]) -> None:
        """Remove spaces with all their vectors; see `IndexWriter`."""
        for key in space_keys:
            for placement in list_placements(session, key, KIND):
                drop_placements(session, [placement.number])
                self._after_commit(session, self._open_at(placement).drop)
        drop_videos(session, space_keys)

    @staticmethod
    def _after_commit(session: Session, work: Callable[[], None]) -> None:
        """Delete rows once nobody needs them; `Upkeep` does it where this fails."""

        def do(_: Session) -> None:
            try:
                work()
            except MvsearchError as error:
                logger.debug("rows of removed videos stay for now: %s", error)

        event.listen(session, "after_commit", do, once=True)


def _is_kept(space: Space, placement: Placement) -> bool:
    """Whether the next reader keeps the centre; otherwise it writes all vectors anew."""
    return is_settled(space, placement.n_centred, placement.n_centred)


def _place(made: Embeddings, placement: Placement) -> Matrix:
    """Vectors in the coordinates of a placement, from what the catalogue holds of them."""
    return place_vectors(normalise(made.vectors.astype(np.float16)), placement.centre)
