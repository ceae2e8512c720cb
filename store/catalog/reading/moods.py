"""Reads the moods of videos: of one over time, of some, or of one side of all as arrays."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.columns import checks_rows
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows.moods import row_to_mood, row_to_track, unpack_joint
from mvsearch.store.database.tables import EmbeddingRow, MoodRow, VideoRow
from mvsearch.store.records import Matrix, Mood, MoodTrack, Side, VideoMood
from mvsearch.store.records.moods import MAX_JOINT

Numbers = TypeVar("Numbers", npt.NDArray[np.float32], npt.NDArray[np.float64])


@dataclass(frozen=True, slots=True, eq=False)
class MoodTable:
    """The moods of one side of many videos.

    Attributes:
        video_ids: n of them, sorted.
        moods: (n, 3) float32: valence, arousal and confidence, from 0 to 1.
        joint: (n, k) float32, points of the joint space of pictures and sound; k is 0 if not every
            video has one of the same length.
    """

    video_ids: tuple[str, ...]
    moods: Matrix
    joint: Matrix


class MoodReader(DatabaseReader):
    """Reads moods; each call reads one state of the database."""

    def mood_tracks(self, video_id: str) -> tuple[MoodTrack, ...]:
        """The mood of each side of a video, as a whole and over time; the picture first."""
        query = select(MoodRow).where(MoodRow.video_id == video_id).order_by(MoodRow.side)
        with self._database.reading() as session:
            return tuple(map(row_to_track, session.scalars(query)))

    def moods(self, video_ids: Sequence[str]) -> dict[str, VideoMood]:
        """The moods of those of the videos that have any, by id."""
        sides: dict[str, dict[str, Mood]] = defaultdict(dict)
        columns = (MoodRow.video_id, MoodRow.side)
        values = (MoodRow.valence, MoodRow.arousal, MoodRow.confidence)
        with self._database.reading() as session:
            for some in in_batches(video_ids):
                query = select(*columns, *values).where(MoodRow.video_id.in_(some))
                for row in session.execute(query):
                    sides[row.video_id][row.side] = row_to_mood(row)
        return {
            video_id: VideoMood(held.get("picture"), held.get("sound"))
            for video_id, held in sides.items()
        }

    def mood_table(self, side: Side, head: str | None = None) -> MoodTable:
        """The moods of one side of all videos, in one statement.

        Args:
            side: "picture" or "sound".
            head: only those by this head, such as to compare joint vectors; None for all.
        """
        # Columns of the table: those of the class take twice as long, which counts for all videos.
        held = MoodRow.__table__.c
        query = select(
            held.video_id, held.valence, held.arousal, held.confidence, held.joint
        ).where(held.side == side)
        if head is not None:
            query = query.where(held.head == head)
        with self._database.reading() as session:
            rows = session.execute(query.order_by(held.video_id)).all()
        ids, *columns, joint = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        return MoodTable(ids, _stack_moods(columns), _stack_joint(joint))

    def mood_plane(self) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
        """The ids of the videos with a mood, sorted, and valence and arousal of each: (n, 2)."""
        query = select(VideoRow.id, VideoRow.valence, VideoRow.arousal).where(
            VideoRow.valence.is_not(None), VideoRow.arousal.is_not(None)
        )
        with self._database.reading() as session:
            rows = session.execute(query.order_by(VideoRow.id)).all()
        moods = np.array([(row.valence, row.arousal) for row in rows], dtype=np.float64)
        return tuple(row.id for row in rows), _check_range(moods.reshape(-1, 2))

    def without_mood(self, space_key: str, side: Side, head: str) -> list[str]:
        """The ids of the videos with vectors in a space, but without a mood by this head."""
        has_mood = select(MoodRow.video_id).where(
            MoodRow.video_id == EmbeddingRow.video_id, MoodRow.side == side, MoodRow.head == head
        )
        query = select(EmbeddingRow.video_id).where(
            EmbeddingRow.space_key == space_key,
            ~has_mood.exists(),
            func.length(EmbeddingRow.starts) > 0,
        )
        with self._database.reading() as session:
            return list(session.scalars(query.order_by(EmbeddingRow.video_id)))


@checks_rows
def _stack_moods(columns: Sequence[Sequence[float]]) -> Matrix:
    """The columns as (n, 3), checked as `Mood` checks one."""
    moods = np.array(columns, dtype=np.float32).T.reshape(-1, 3)
    return np.ascontiguousarray(_check_range(moods))


@checks_rows
def _check_range(moods: Numbers) -> Numbers:
    """The moods, if all numbers are from 0 to 1."""
    if not np.all((moods >= 0) & (moods <= 1)):
        raise ValueError("a mood is not from 0 to 1")
    return moods


@checks_rows
def _stack_joint(stored: Sequence[bytes]) -> Matrix:
    lengths = {len(one) for one in stored}
    if len(lengths) != 1:
        return np.zeros((len(stored), 0), dtype=np.float32)
    joint = unpack_joint(b"".join(stored))
    if max(lengths) > 4 * MAX_JOINT or max(lengths) % 4 or not np.isfinite(joint).all():
        raise ValueError("a joint vector is too long or not finite")
    return joint.reshape(len(stored), max(lengths) // 4)
