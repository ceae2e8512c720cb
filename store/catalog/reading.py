"""Reads the catalogue."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, inspect, select

from mvsearch.store.catalog.filter import Filter, FilterReader
from mvsearch.store.catalog.lines import LineReader
from mvsearch.store.catalog.lookup import choose_video, name_order
from mvsearch.store.catalog.paths import decode_path, encode_key, keys_below
from mvsearch.store.catalog.referred import Referred, choose_places
from mvsearch.store.catalog.removed import RemovedReader
from mvsearch.store.catalog.snapshots import VectorReader
from mvsearch.store.catalog.stills import StillReader
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.rows import (
    row_to_failure,
    row_to_location,
    row_to_space,
    row_to_stage,
    row_to_video,
    rows_to_lyrics,
)
from mvsearch.store.database.tables import (
    EmbeddingRow,
    FailureRow,
    LocationRow,
    LyricLineRow,
    LyricsRow,
    SettingRow,
    SpaceRow,
    StageRow,
    VideoRow,
)
from mvsearch.store.database.vector_rows import read_uniform, row_to_embeddings
from mvsearch.store.errors import EncoderMismatchError, VideoNotFoundError
from mvsearch.store.records import (
    Embeddings,
    Failure,
    Location,
    Lyrics,
    Modality,
    Space,
    Stage,
    Video,
)
from mvsearch.store.unicode import replace_surrogates

PROFILE = "profile"


class CatalogReader(LineReader, RemovedReader, StillReader, FilterReader, VectorReader):
    """The questions; each is answered from one state of the database."""

    def profile(self) -> str | None:
        """The profile that the library was built with, None before that."""
        with self._database.reading() as session:
            row = session.get(SettingRow, PROFILE)
            return None if row is None else row.value

    def spaces(self) -> list[Space]:
        """The spaces that the library was built with, in the profile's order."""
        with self._database.reading() as session:
            rows = session.scalars(select(SpaceRow).order_by(SpaceRow.position))
            return [row_to_space(row) for row in rows]

    def check_spaces(self, profile: str, spaces: Sequence[Space]) -> None:
        """Check that a library may be filled, or asked, with these encoders.

        Raises:
            EncoderMismatchError: the library holds videos, and was built with others.
        """
        own = self.spaces()
        if own and set(own) != set(spaces) and self.n_videos():
            raise EncoderMismatchError(
                f"the library was built with profile {self.profile()} ({_list_spaces(own)}), and"
                f" profile {profile} ({_list_spaces(spaces)}) was requested; their vectors cannot"
                " be compared. For both, use --library OTHER_FOLDER"
            )

    def n_videos(self) -> int:
        """How many videos there are."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(VideoRow)) or 0

    def video_ids(self) -> set[str]:
        """The id of every video."""
        with self._database.reading() as session:
            return set(session.scalars(select(VideoRow.id)))

    def has_video(self, video_id: str) -> bool:
        """Whether there is a video with this id."""
        with self._database.reading() as session:
            return session.get(VideoRow, video_id) is not None

    def videos(self, filter: Filter = Filter()) -> list[Video]:
        """The videos that pass, by artist, title and id."""
        return self._videos(*self._find_conditions(filter))

    def video(self, video_id: str) -> Video:
        """One video.

        Raises:
            VideoNotFoundError: no video has this id.
        """
        found = self._videos(VideoRow.id == video_id)
        if not found:
            raise VideoNotFoundError(f"no video has the id {video_id!r}")
        return found[0]

    def some_videos(self, video_ids: Sequence[str]) -> dict[str, Video]:
        """These videos by id; to ask for one that is not there tells that the catalogue is damaged.

        Each id is taken to come from another of its tables.
        """
        found = Referred(self._database.place)
        for some in in_batches(video_ids):
            found |= {video.id: video for video in self._videos(VideoRow.id.in_(some))}
        return found

    def find_video(self, name: str) -> Video:
        """The video that a name means.

        The name is an id, a path, a unique prefix of an id (four characters or more) or a unique
        part of "Artist - Title", whatever its case and accents.

        Raises:
            VideoNotFoundError: no video matches it.
            AmbiguousVideoError: several do; the message lists some.
        """
        location = self.location(Path(name))
        name = replace_surrogates(name)
        video_id = name if location is None else location.video_id
        if self.has_video(video_id):
            return self.video(video_id)
        return choose_video(name, self.videos())

    def location(self, path: Path) -> Location | None:
        """What is known of a file; either Unicode spelling of its name will do."""
        with self._database.reading() as session:
            row = session.get(LocationRow, encode_key(path))
            return None if row is None else row_to_location(row)

    def locations(self, folder: Path | None = None, video_id: str | None = None) -> list[Location]:
        """Every file, or those anywhere below a folder, or those of a video; by path."""
        # Columns, and each folder made a path once: rows as objects take twice as long.
        columns = (LocationRow.path, LocationRow.video_id, LocationRow.size, LocationRow.mtime_ns)
        query: Any = select(*columns, LocationRow.folder).order_by(LocationRow.key)
        if folder is not None:
            query = _only_below(query, LocationRow.key, folder)
        if video_id is not None:
            query = query.where(LocationRow.video_id == video_id)
        decode_folder = cache(decode_path)
        with self._database.reading() as session:
            return [row_to_location(row, decode_folder) for row in session.execute(query)]

    def folders(self) -> list[Path]:
        """The folders that were indexed and have files in the library."""
        with self._database.reading() as session:
            return sorted(map(decode_path, session.scalars(select(LocationRow.folder).distinct())))

    def stage(self, video_id: str, stage: Modality, encoder: str) -> Stage | None:
        """How far a video came in a stage with an encoder; None before the first try."""
        with self._database.reading() as session:
            row = session.get(StageRow, (video_id, stage, encoder))
            return None if row is None else row_to_stage(row)

    def stages_of(self, stage: Modality, encoder: str) -> dict[str, Stage]:
        """How far each video came in a stage with an encoder, by id, in one question."""
        columns = [each for each in inspect(StageRow).columns if each.name != "uniform_seconds"]
        query = select(*columns).where(StageRow.stage == stage, StageRow.encoder == encoder)
        with self._database.reading() as session:
            return {row.video_id: row_to_stage(row) for row in session.execute(query)}

    def stages(self, video_id: str) -> list[Stage]:
        """Every stage of a video."""
        query = select(StageRow).where(StageRow.video_id == video_id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(StageRow.stage, StageRow.encoder))
            return [row_to_stage(row) for row in rows]

    def uniform_seconds(self, video_id: str) -> tuple[float, ...]:
        """When the frames are shown that were left out because they have one colour."""
        query = select(StageRow.uniform_seconds).where(StageRow.video_id == video_id)
        with self._database.reading() as session:
            times = [time for packed in session.scalars(query) for time in read_uniform(packed)]
            return tuple(sorted(times))

    def pending(self, stage: Modality, encoder: str, sampling: str | None = None) -> set[str]:
        """Ids of the videos that this stage has still to be done for: the one skip rule.

        Args:
            stage: of the videos.
            encoder: key of its first space.
            sampling: mark of the rule by which frames are taken now; those that were taken by
                another rule are to be done again. None where it does not matter.
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
        """Ids of the videos of which an encoder has seen key frames only."""
        is_it = (StageRow.stage == "frames") & (StageRow.encoder == encoder)
        query = select(StageRow.video_id).where(is_it, StageRow.has_key_frames_only)
        with self._database.reading() as session:
            return set(session.scalars(query))

    def has_vectors(self, space_key: str) -> bool:
        """Whether a space holds any vector; reads none."""
        query = select(EmbeddingRow.video_id).where(
            EmbeddingRow.space_key == space_key, func.length(EmbeddingRow.vectors) > 0
        )
        with self._database.reading() as session:
            return session.execute(query.limit(1)).first() is not None

    def n_vectors(self, space_key: str) -> int:
        """How many vectors a space holds, by their times; reads none."""
        n_bytes = func.sum(func.length(EmbeddingRow.starts))
        query = select(n_bytes).where(EmbeddingRow.space_key == space_key)
        with self._database.reading() as session:
            return (session.scalar(query) or 0) // 8

    def embeddings(self, video_id: str, space_key: str) -> Embeddings | None:
        """The segments and vectors of a video in a space; None where it has none."""
        with self._database.reading() as session:
            row = session.get(EmbeddingRow, (video_id, space_key))
            space = session.get(SpaceRow, space_key)
            if row is None or space is None:
                return None
            return row_to_embeddings(row, row_to_space(space))

    def iter_embeddings(self, space_key: str) -> Iterator[tuple[str, Embeddings]]:
        """Video ids with their embeddings in a space, by id, without holding all in memory."""
        query = (
            select(EmbeddingRow, SpaceRow)
            .join(SpaceRow, SpaceRow.key == EmbeddingRow.space_key)
            .where(EmbeddingRow.space_key == space_key)
            .order_by(EmbeddingRow.video_id)
            .execution_options(yield_per=32)
        )
        with self._database.reading() as session:
            for row, space in session.execute(query):
                yield row.video_id, row_to_embeddings(row, row_to_space(space))

    def lyrics(self, video_id: str) -> Lyrics | None:
        """The lyrics of a video with their provenance; None where there are none."""
        lines = select(LyricLineRow).where(LyricLineRow.video_id == video_id)
        with self._database.reading() as session:
            row = session.get(LyricsRow, video_id)
            if row is None:
                return None
            ordered = session.scalars(lines.order_by(LyricLineRow.position)).all()
            return rows_to_lyrics(row, ordered)

    def failures(self, folder: Path | None = None) -> list[Failure]:
        """Every failure, or those of files anywhere below a folder; by path and stage."""
        query = select(FailureRow).order_by(FailureRow.key, FailureRow.stage)
        if folder is not None:
            query = _only_below(query, FailureRow.key, folder)
        with self._database.reading() as session:
            return [row_to_failure(row) for row in session.scalars(query)]

    def failures_of_video(self, video_id: str, stage: str) -> list[Failure]:
        """The failures of one stage in the files that hold a video, by path."""
        keys = select(LocationRow.key).where(LocationRow.video_id == video_id)
        query = select(FailureRow).where(FailureRow.key.in_(keys), FailureRow.stage == stage)
        with self._database.reading() as session:
            return [row_to_failure(row) for row in session.scalars(query.order_by(FailureRow.key))]

    def failure_stamp(self, path: Path) -> tuple[int, int] | None:
        """Size and modification time of a file when it failed last; None where it did not."""
        query = (
            select(FailureRow.size, FailureRow.mtime_ns)
            .where(FailureRow.key == encode_key(path))
            .order_by(FailureRow.mtime_ns.desc(), FailureRow.size.desc())
        )
        with self._database.reading() as session:
            stamp = session.execute(query).first()
            return None if stamp is None else (stamp.size, stamp.mtime_ns)

    def _videos(self, *conditions: ColumnElement[bool]) -> list[Video]:
        """Videos that meet the conditions, each with the first of its paths that is still there."""
        query = (
            select(VideoRow, LocationRow.path)
            .join(LocationRow, LocationRow.video_id == VideoRow.id)
            .where(*conditions)
            .order_by(LocationRow.key)
        )
        rows: dict[str, tuple[VideoRow, list[Path]]] = {}
        with self._database.reading() as session:
            for row, path in session.execute(query):
                rows.setdefault(row.id, (row, []))[1].append(decode_path(path))
            videos = [row_to_video(row, choose_places(paths)) for row, paths in rows.values()]
        return sorted(videos, key=name_order)


def _only_below(query: Select[Any], key: Any, folder: Path) -> Select[Any]:
    """Keep the rows whose path lies below a folder; a range, so no character is a wildcard."""
    first, end = keys_below(folder)
    return query.where(key >= first, key < end)


def _list_spaces(spaces: Sequence[Space]) -> str:
    """The encoders of a profile in a message."""
    return ", ".join(space.key for space in spaces) or "nothing"
