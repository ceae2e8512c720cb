"""Writes the catalogue; each change is one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog import changes
from mvsearch.store.catalog.details import DetailWriter
from mvsearch.store.catalog.encoders import EncoderWriter
from mvsearch.store.catalog.reading.facets import FacetReader
from mvsearch.store.catalog.reading.lyrics import LyricsReader
from mvsearch.store.catalog.reading.moods import MoodReader
from mvsearch.store.catalog.reading.postgresql.indexing import index_lines
from mvsearch.store.catalog.reading.removed import RemovedReader
from mvsearch.store.catalog.reading.stages import StageReader
from mvsearch.store.catalog.reading.stills import StillReader
from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.catalog.sounds import SoundWriter
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.paths import encode_key, path_key
from mvsearch.store.database.postgresql.repeating import repeated
from mvsearch.store.database.rows.lyrics import line_to_row, lyrics_to_row
from mvsearch.store.database.rows.moods import track_to_row
from mvsearch.store.database.rows.videos import (
    failure_to_row,
    location_to_row,
    row_to_location,
    stage_to_row,
    stills_to_rows,
    tags_to_rows,
    video_to_row,
)
from mvsearch.store.database.tables import (
    FailureRow,
    LocationRow,
    VideoRow,
)
from mvsearch.store.errors import VideoNotFoundError
from mvsearch.store.records import (
    SIDE_OF,
    Embeddings,
    Failure,
    IndexedVideo,
    Location,
    Lyrics,
    Metadata,
    MoodTrack,
    ShownLine,
    Stage,
    Still,
    Tag,
    TempoAndKey,
    Video,
    join_sides,
)


class Catalog(
    EncoderWriter,
    StageReader,
    VectorReader,
    LyricsReader,
    StillReader,
    RemovedReader,
    FacetReader,
    MoodReader,
    SoundWriter,
    DetailWriter,
):
    """Videos with their files, the results of each stage, and failures.

    A writer holds the library's lock (`Library.writing`). Each method that writes is one
    transaction: if it is interrupted, by `kill -9` or a full disk, nothing changes.
    """

    @repeated
    def add_video(self, video: Video, location: Location, metadata: Metadata | None = None) -> None:
        """Add or update a video and one of its files; the video is no longer marked as removed.

        If the file contained another video, that one is deleted unless it has other files.

        Args:
            video: the video.
            location: of one of its files.
            metadata: replace earlier ones; None leaves these as they are.
        """
        if location.video_id != video.id:
            raise ValueError(f"a location of {location.video_id} is none of {video.id}")
        with self._database.writing() as session:
            session.merge(video_to_row(video))
            changes.unmark_removed(session, [video.id])
            session.flush()
            before = session.get(LocationRow, encode_key(location.path))
            old_ids = {before.video_id} - {video.id} if before is not None else set()
            session.merge(location_to_row(location))
            session.flush()
            if metadata is not None:
                changes.replace_metadata(session, video.id, metadata)
            changes.delete_videos_without_files(session, old_ids, self.index)

    @repeated
    def add_indexed(self, videos: Sequence[IndexedVideo]) -> None:
        """Add new videos with the results of all their stages, in one transaction.

        For many videos it takes a fraction of the time of `add_video` and `store_stage`.

        Raises:
            EncoderMismatchError: the library was not built with such a space.
            MvsearchError: one of the videos is in the library already; none is added.
        """
        made = [embeddings for one in videos for embeddings in one.embeddings]
        with self._database.writing() as session:
            changes.check_spaces_exist(session, made)
            changes.check_videos_are_new(session, [one.video.id for one in videos])
            generations = changes.advance_generations(session, {each.space.key for each in made})
            session.add_all(
                video_to_row(one.video, join_sides(one.moods), one.tempo) for one in videos
            )
            for some in in_batches([one.video.id for one in videos]):
                changes.unmark_removed(session, some)
            session.flush()
            for one in videos:
                _add_results(session, one)
            session.flush()
            pairs = [(one.video.id, each) for one in videos for each in one.embeddings]
            changes.add_embeddings(session, pairs, generations, self.index)
            for one in videos:
                lines = one.lyrics.lines if one.lyrics is not None else ()
                session.add_all(line_to_row(one.video.id, n, line) for n, line in enumerate(lines))
            session.flush()
            index_lines(session.connection(), "lyric", [one.video.id for one in videos])

    @repeated
    def drop_locations(self, paths: Iterable[Path]) -> list[str]:
        """Delete files with their failures, and videos that have no other file.

        Returns:
            The ids of the deleted videos.
        """
        keys = sorted({encode_key(path) for path in paths})
        with self._database.writing() as session:
            ids: set[str] = set()
            for some in in_batches(keys):
                is_dropped = LocationRow.key.in_(some)
                ids |= set(session.scalars(select(LocationRow.video_id).where(is_dropped)))
                session.execute(delete(LocationRow).where(is_dropped))
                session.execute(delete(FailureRow).where(FailureRow.key.in_(some)))
            return changes.delete_videos_without_files(session, ids, self.index)

    @repeated
    def move_location(self, source: Path, target: Path) -> bool:
        """Note that a file was moved, with the same content.

        Returns:
            Whether the library knew it at its old place.
        """
        folders = [folder for folder in self.folders() if folder in target.parents]
        with self._database.writing() as session:
            row = session.get(LocationRow, encode_key(source))
            if row is None:
                return False
            folder = max(folders, key=lambda one: len(one.parts), default=target.parent)
            place = replace(row_to_location(row), path=target, folder=folder)
            session.delete(row)
            session.execute(delete(FailureRow).where(FailureRow.key == encode_key(source)))
            session.flush()
            session.merge(location_to_row(place))
            return True

    @repeated
    def remove_videos(self, video_ids: Iterable[str]) -> list[str]:
        """Delete videos with their files, and mark them as removed until they are added again.

        Returns:
            The ids of the deleted videos.
        """
        removed: list[str] = []
        with self._database.writing() as session:
            for some in in_batches(sorted(set(video_ids))):
                changes.mark_removed(session, some)
                homes = LocationRow.video_id.in_(some)
                keys = select(LocationRow.key).where(homes)
                session.execute(delete(FailureRow).where(FailureRow.key.in_(keys)))
                session.execute(delete(LocationRow).where(homes))
                removed += changes.delete_videos_without_files(session, some, self.index)
        return removed

    @repeated
    def note_removed(self, locations: Iterable[Location]) -> None:
        """Store files of removed videos, so that later scans need not read them."""
        fresh = set(locations)
        fresh = fresh.difference(self.removed_locations()) if fresh else fresh
        if fresh:
            with self._database.writing() as session:
                changes.add_removed_files(
                    session, sorted(fresh, key=lambda place: path_key(place.path))
                )

    @repeated
    def store_stage(
        self,
        stage: Stage,
        embeddings: Sequence[Embeddings] = (),
        lyrics: Lyrics | None = None,
        uniform_seconds: Sequence[float] = (),
        tags: Sequence[Tag] = (),
        stills: Sequence[Still] = (),
        shown: Sequence[ShownLine] = (),
        mood: MoodTrack | None = None,
        tempo: TempoAndKey | None = None,
    ) -> None:
        """Store the results of a stage of a video, replacing earlier ones.

        Args:
            stage: the video and the state of the stage.
            embeddings: one for each space of the stage.
            lyrics: of the stage "lyrics"; None deletes earlier ones.
            uniform_seconds: times of frames that are left out of the embeddings.
            tags: of the modality of the stage "frames" or "audio"; they replace earlier ones.
            stills: of the stage "frames"; they replace earlier ones.
            shown: of the stage "ocr"; they replace earlier ones.
            mood: of the picture by the stage "frames", or of the sound by "audio"; it replaces an
                earlier one.
            tempo: of the sound by the stage "audio"; it replaces an earlier one.

        Raises:
            VideoNotFoundError: the video is not in the library.
            EncoderMismatchError: the library was not built with such a space.
        """
        with self._database.writing() as session:
            if session.get(VideoRow, stage.video_id) is None:
                raise VideoNotFoundError(f"no video has the id {stage.video_id!r}")
            changes.check_spaces_exist(session, embeddings)
            new_keys = {made.space.key for made in embeddings}
            old_keys = changes.delete_embeddings(session, stage, new_keys)
            generations = changes.advance_generations(session, old_keys | new_keys)
            self.index.remove(session, [stage.video_id], generations)
            pairs = [(stage.video_id, made) for made in embeddings]
            changes.add_embeddings(session, pairs, generations, self.index)
            changes.delete_other_stages(session, stage)
            session.merge(stage_to_row(stage, uniform_seconds))
            if stage.stage == "lyrics":
                changes.replace_lyrics(session, stage.video_id, lyrics)
            elif stage.stage == "ocr":
                changes.replace_shown(session, stage.video_id, shown)
            else:
                changes.replace_tags(session, stage.video_id, stage.stage, tags)
            if stage.stage in SIDE_OF:
                changes.replace_mood(session, stage.video_id, SIDE_OF[stage.stage], mood)
            if stage.stage == "frames":
                changes.replace_stills(session, stage.video_id, stills)
            elif stage.stage == "audio":
                changes.replace_tempo(session, stage.video_id, tempo)

    @repeated
    def add_embeddings(self, made: Mapping[str, Embeddings]) -> None:
        """Add what an encoder made by video id of what the library holds already.

        Raises:
            EncoderMismatchError: the library was not built with such a space.
        """
        with self._database.writing() as session:
            changes.check_spaces_exist(session, list(made.values()))
            keys = {each.space.key for each in made.values()}
            generations = changes.advance_generations(session, keys)
            changes.add_embeddings(session, list(made.items()), generations, self.index)

    @repeated
    def record_failure(self, failure: Failure, size: int = 0, mtime_ns: int = 0) -> None:
        """Store a failure with the size and `mtime_ns` of the file, replacing an earlier one."""
        with self._database.writing() as session:
            session.merge(failure_to_row(failure, size, mtime_ns))

    @repeated
    def clear_failures(self, paths: Iterable[Path], stage: str | None = None) -> None:
        """Delete the failures of files, of one stage or of all."""
        with self._database.writing() as session:
            for some in in_batches(sorted({encode_key(path) for path in paths})):
                query = delete(FailureRow).where(FailureRow.key.in_(some))
                if stage is not None:
                    query = query.where(FailureRow.stage == stage)
                session.execute(query)


def _add_results(session: Session, one: IndexedVideo) -> None:
    """Add what belongs to a new video, except vectors and lines."""
    session.add(location_to_row(one.location))
    session.add_all(stage_to_row(stage, ()) for stage in one.stages)
    session.add_all(tags_to_rows(one.video.id, one.tags))
    session.add_all(stills_to_rows(one.video.id, one.stills))
    session.add_all(track_to_row(one.video.id, track) for track in one.moods)
    if one.metadata is not None:
        changes.replace_metadata(session, one.video.id, one.metadata)
    if one.lyrics is not None:
        session.add(lyrics_to_row(one.video.id, one.lyrics))
