"""Reads the states of stages, and failures."""

from pathlib import Path

from sqlalchemy import exists, inspect, select

from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.paths import encode_key, lies_below
from mvsearch.store.database.rows.vectors import read_uniform
from mvsearch.store.database.rows.videos import row_to_failure, row_to_stage
from mvsearch.store.database.tables import FailureRow, LocationRow, SpaceRow, StageRow, VideoRow
from mvsearch.store.records import Failure, Modality, Stage


class StageReader(DatabaseReader):
    """Reads stages and failures; each call reads one state of the database."""

    def stage(self, video_id: str, stage: Modality, encoder: str) -> Stage | None:
        """The state of a stage of a video with an encoder; None before the first attempt."""
        with self._database.reading() as session:
            row = session.get(StageRow, (video_id, stage, encoder))
            return None if row is None else row_to_stage(row)

    def stages_of(self, stage: Modality, encoder: str) -> dict[str, Stage]:
        """The states of a stage with an encoder by video id, read by one statement."""
        columns = [each for each in inspect(StageRow).columns if each.name != "uniform_seconds"]
        query = select(*columns).where(StageRow.stage == stage, StageRow.encoder == encoder)
        with self._database.reading() as session:
            return {row.video_id: row_to_stage(row) for row in session.execute(query)}

    def stages(self, video_id: str) -> list[Stage]:
        """The states of all stages of a video."""
        query = select(StageRow).where(StageRow.video_id == video_id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(StageRow.stage, StageRow.encoder))
            return [row_to_stage(row) for row in rows]

    def uniform_seconds(self, video_id: str) -> tuple[float, ...]:
        """The times, in seconds, of frames that were left out because they are uniform."""
        used = select(SpaceRow.key).where(SpaceRow.is_used)
        query = select(StageRow.uniform_seconds).where(
            StageRow.video_id == video_id, StageRow.encoder.in_(used)
        )
        with self._database.reading() as session:
            times = [time for packed in session.scalars(query) for time in read_uniform(packed)]
            return tuple(sorted(times))

    def pending(self, stage: Modality, encoder: str, sampling: str | None = None) -> set[str]:
        """The ids of the videos for which a stage is not finished: the skip rule of indexing.

        Args:
            stage: of the videos.
            encoder: key of its first space.
            sampling: mark of the current rule by which frames are sampled; a stage with another
                mark is not finished. None to accept any.
        """
        settled = exists().where(
            StageRow.video_id == VideoRow.id,
            StageRow.stage == stage,
            StageRow.encoder == encoder,
            StageRow.status.in_(("done", "absent")),
        )
        if sampling is not None:
            settled = settled.where(StageRow.sampling.in_(("", sampling)))
        with self._database.reading() as session:
            return set(session.scalars(select(VideoRow.id).where(~settled)))

    def with_key_frames_only(self, encoder: str) -> set[str]:
        """The ids of the videos of which an encoder was given key frames only."""
        is_it = (StageRow.stage == "frames") & (StageRow.encoder == encoder)
        query = select(StageRow.video_id).where(is_it, StageRow.has_key_frames_only)
        with self._database.reading() as session:
            return set(session.scalars(query))

    def failures(self, folder: Path | None = None) -> list[Failure]:
        """The failures of all files, or of files at any depth below a folder, sorted by path."""
        query = select(FailureRow).order_by(FailureRow.key, FailureRow.stage)
        if folder is not None:
            query = query.where(lies_below(FailureRow.key, folder))
        with self._database.reading() as session:
            return [row_to_failure(row) for row in session.scalars(query)]

    def failures_of_video(self, video_id: str, stage: str) -> list[Failure]:
        """The failures of one stage in the files of a video, sorted by path."""
        keys = select(LocationRow.key).where(LocationRow.video_id == video_id)
        query = select(FailureRow).where(FailureRow.key.in_(keys), FailureRow.stage == stage)
        with self._database.reading() as session:
            return [row_to_failure(row) for row in session.scalars(query.order_by(FailureRow.key))]

    def failure_stamp(self, path: Path) -> tuple[int, int] | None:
        """Size and `mtime_ns` of a file at its last failure; None without one."""
        query = (
            select(FailureRow.size, FailureRow.mtime_ns)
            .where(FailureRow.key == encode_key(path))
            .order_by(FailureRow.mtime_ns.desc(), FailureRow.size.desc())
        )
        with self._database.reading() as session:
            stamp = session.execute(query).first()
            return None if stamp is None else (stamp.size, stamp.mtime_ns)
