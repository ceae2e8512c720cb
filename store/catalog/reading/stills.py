"""Reads the still images of videos."""

import math
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select, tuple_

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.tables import StillRow
from mvsearch.store.records import MAX_STILL_BYTES

# Maximum number of stills read of a video, because a library may come from a stranger.
MAX_STILLS_READ = 64
# Databases limit the number of values in one statement; each still needs two.
N_AT_ONCE = 200


class StillReader(DatabaseReader):
    """Reads stills; each call reads one state of the database."""

    def still_seconds(self, video_ids: Sequence[str]) -> dict[str, tuple[float, ...]]:
        """The times of the stills of videos, sorted; videos without stills are left out."""
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
        """The images of stills, in no particular order.

        The bytes may be anything, because a library may come from a stranger: check that they are
        an image before showing them.

        Args:
            places: video ids and times, as from `still_seconds`.
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
