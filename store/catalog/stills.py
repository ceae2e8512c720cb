"""Reads and writes the still images of videos."""

import math
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.tables import StillRow
from mvsearch.store.records import MAX_STILL_BYTES, Still

# A library may come from a stranger: no more stills of a video are read.
MAX_STILLS_READ = 64
# Databases limit the number of values in one statement; a place is two.
N_AT_ONCE = 200


class StillReader(DatabaseReader):
    """The questions about stills; each is answered from one state of the database."""

    def still_seconds(self, video_ids: Sequence[str]) -> dict[str, tuple[float, ...]]:
        """The times of the stills of these videos, in order; videos without any are left out."""
        found: dict[str, list[float]] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids, N_AT_ONCE):
                query = (
                    select(StillRow.video_id, StillRow.seconds)
                    .where(StillRow.video_id.in_(some))
                    .where(func.length(StillRow.image) <= MAX_STILL_BYTES)
                    .order_by(StillRow.video_id, StillRow.seconds)
                    .limit(MAX_STILLS_READ * len(some))
                )
                for video_id, seconds in session.execute(query):
                    if isinstance(seconds, float) and math.isfinite(seconds):
                        found.setdefault(video_id, []).append(seconds)
        return {video_id: tuple(seconds) for video_id, seconds in found.items()}

    def still_images(
        self, places: Sequence[tuple[str, float]]
    ) -> Iterator[tuple[tuple[str, float], bytes]]:
        """The images at these places, (video id, seconds) as `still_seconds` has them.

        What a stranger's library gives may be anything: whoever shows it checks it first.
        """
        for some in in_batches(places, N_AT_ONCE):
            query = (
                select(StillRow.video_id, StillRow.seconds, StillRow.image)
                .where(tuple_(StillRow.video_id, StillRow.seconds).in_(some))
                .where(func.length(StillRow.image) <= MAX_STILL_BYTES)
            )
            with self._database.reading() as session:
                rows = session.execute(query).all()
            for video_id, seconds, image in rows:
                if isinstance(image, bytes):
                    yield (video_id, seconds), image


def replace_stills(session: Session, video_id: str, stills: Iterable[Still]) -> None:
    """Put the new stills of a video in the place of the old."""
    session.execute(delete(StillRow).where(StillRow.video_id == video_id))
    session.add_all(stills_to_rows(video_id, stills))


def stills_to_rows(video_id: str, stills: Iterable[Still]) -> list[StillRow]:
    """The stills of a video as rows."""
    return [
        StillRow(video_id=video_id, seconds=still.seconds, image=still.image) for still in stills
    ]
