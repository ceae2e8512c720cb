"""Writes the catalogue; each change is one transaction."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog.paths import encode_key, path_key
from mvsearch.store.catalog.reading import PROFILE, CatalogReader
from mvsearch.store.catalog.removed import forget_removed, note_removed, remember_removed
from mvsearch.store.catalog.stills import replace_stills, stills_to_rows
from mvsearch.store.catalog.tags import replace_tags, tags_to_rows
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.rows import (
    failure_to_row,
    line_to_row,
    location_to_row,
    lyrics_to_row,
    space_to_row,
    stage_to_row,
    video_to_row,
)
from mvsearch.store.database.tables import (
    EmbeddingRow,
    FailureRow,
    LocationRow,
    LyricsRow,
    SettingRow,
    SpaceRow,
    VideoRow,
)
from mvsearch.store.database.vector_rows import embeddings_to_row
from mvsearch.store.errors import EncoderMismatchError, MvsearchError, VideoNotFoundError
from mvsearch.store.records import (
    Embeddings,
    Failure,
    IndexedVideo,
    Location,
    Lyrics,
    Space,
    Stage,
    Still,
    Tag,
    Video,
)


class Catalog(CatalogReader):
    """Videos, where they lie, what was made of them and what failed.

    Whoever changes it holds the library's lock (`Library.writing`). A change that is cut off in the
    middle, by `kill -9` or a full disk, never happened.
    """

    def adopt_profile(self, name: str, spaces: Sequence[Space]) -> None:
        """Begin a library with these encoders, or check that it was begun with them.

        One without videos may still change its mind; the same again writes nothing.

        Raises:
            EncoderMismatchError: it was begun with others.
        """
        self.check_spaces(name, spaces)
        if self.profile() == name and set(self.spaces()) == set(spaces):
            return
        with self._database.writing() as session:
            session.merge(SettingRow(name=PROFILE, value=name))
            asked = [space.key for space in spaces]
            session.execute(delete(SpaceRow).where(SpaceRow.key.not_in(asked)))
            known = set(session.scalars(select(SpaceRow.key)))
            for position, space in enumerate(spaces):
                if space.key not in known:
                    session.add(space_to_row(space, position, time.time_ns()))

    def add_video(self, video: Video, location: Location) -> None:
        """Add a video and a file that holds it, or update both; it is no longer kept out.

        A video that the file held before goes if it was nowhere else.
        """
        if location.video_id != video.id:
            raise ValueError(f"a location of {location.video_id} is none of {video.id}")
        with self._database.writing() as session:
            session.merge(video_to_row(video))
            forget_removed(session, [video.id])
            session.flush()
            before = session.get(LocationRow, encode_key(location.path))
            old_ids = {before.video_id} - {video.id} if before is not None else set()
            session.merge(location_to_row(location))
            session.flush()
            _drop_homeless(session, old_ids)

    def add_indexed(self, videos: Sequence[IndexedVideo]) -> None:
        """Add new videos with the results of all their stages, in one transaction.

        For many videos it takes a fraction of the time of `add_video` and `store_stage`.

        Raises:
            EncoderMismatchError: the library was not built with such a space.
            MvsearchError: one of the videos is in the library already; none is added.
        """
        made = [embeddings for one in videos for embeddings in one.embeddings]
        with self._database.writing() as session:
            _check_known(session, made)
            _check_new(session, [one.video.id for one in videos])
            generations = _bump_generations(session, {each.space.key for each in made})
            session.add_all(video_to_row(one.video) for one in videos)
            for some in in_batches([one.video.id for one in videos]):
                forget_removed(session, some)
            session.flush()
            for one in videos:
                session.add(location_to_row(one.location))
                session.add_all(stage_to_row(stage, ()) for stage in one.stages)
                session.add_all(
                    embeddings_to_row(one.video.id, each, generations[each.space.key])
                    for each in one.embeddings
                )
                session.add_all(tags_to_rows(one.video.id, one.tags))
                session.add_all(stills_to_rows(one.video.id, one.stills))
                if one.lyrics is not None:
                    session.add(lyrics_to_row(one.video.id, one.lyrics))
            session.flush()
            for one in videos:
                lines = one.lyrics.lines if one.lyrics is not None else ()
                session.add_all(line_to_row(one.video.id, n, line) for n, line in enumerate(lines))

    def drop_locations(self, paths: Iterable[Path]) -> list[str]:
        """Forget files and their failures, and the videos that were nowhere else with all they had.

        Returns:
            The ids of the videos that went.
        """
        keys = sorted({encode_key(path) for path in paths})
        with self._database.writing() as session:
            ids: set[str] = set()
            for some in in_batches(keys):
                gone = LocationRow.key.in_(some)
                ids |= set(session.scalars(select(LocationRow.video_id).where(gone)))
                session.execute(delete(LocationRow).where(gone))
                session.execute(delete(FailureRow).where(FailureRow.key.in_(some)))
            return _drop_homeless(session, ids)

    def remove_videos(self, video_ids: Iterable[str]) -> list[str]:
        """Forget videos with their files, and keep them out until they are added again.

        Returns:
            The ids of the videos that went.
        """
        gone: list[str] = []
        with self._database.writing() as session:
            for some in in_batches(sorted(set(video_ids))):
                remember_removed(session, some)
                homes = LocationRow.video_id.in_(some)
                keys = select(LocationRow.key).where(homes)
                session.execute(delete(FailureRow).where(FailureRow.key.in_(keys)))
                session.execute(delete(LocationRow).where(homes))
                gone += _drop_homeless(session, some)
        return gone

    def note_removed(self, locations: Iterable[Location]) -> None:
        """Note where files of videos lie that stay out, so that they need not be read again."""
        fresh = set(locations)
        fresh = fresh.difference(self.removed_locations()) if fresh else fresh
        if fresh:
            with self._database.writing() as session:
                note_removed(session, sorted(fresh, key=lambda place: path_key(place.path)))

    def store_stage(
        self,
        stage: Stage,
        embeddings: Sequence[Embeddings] = (),
        lyrics: Lyrics | None = None,
        uniform_seconds: Sequence[float] = (),
        tags: Sequence[Tag] = (),
        stills: Sequence[Still] = (),
    ) -> None:
        """Store what a stage made of a video, in place of what it made before.

        Args:
            stage: whose, and how far.
            embeddings: one for each space that it fills.
            lyrics: only in the stage "lyrics", which without them has none.
            uniform_seconds: times of frames that are left out of the embeddings.
            tags: only in the stage "frames", which without them has none.
            stills: likewise.

        Raises:
            VideoNotFoundError: the video is not in the library.
            EncoderMismatchError: the library was not built with such a space.
        """
        with self._database.writing() as session:
            if session.get(VideoRow, stage.video_id) is None:
                raise VideoNotFoundError(f"no video has the id {stage.video_id!r}")
            _check_known(session, embeddings)
            new_keys = {made.space.key for made in embeddings}
            old_keys = _drop_embeddings(session, stage, new_keys)
            generations = _bump_generations(session, old_keys | new_keys)
            session.add_all(
                embeddings_to_row(stage.video_id, made, generations[made.space.key])
                for made in embeddings
            )
            session.merge(stage_to_row(stage, uniform_seconds))
            if stage.stage == "lyrics":
                _replace_lyrics(session, stage.video_id, lyrics)
            if stage.stage == "frames":
                replace_tags(session, stage.video_id, tags)
                replace_stills(session, stage.video_id, stills)

    def store_stills(self, stills: Mapping[str, Sequence[Still]]) -> None:
        """Store stills by video id, in place of earlier ones; a video that is gone has none."""
        with self._database.writing() as session:
            for video_id, some in stills.items():
                if session.get(VideoRow, video_id) is not None:
                    replace_stills(session, video_id, some)

    def record_failure(self, failure: Failure, size: int = 0, mtime_ns: int = 0) -> None:
        """Note a failure, with the size and time of the file, in place of an earlier one."""
        with self._database.writing() as session:
            session.merge(failure_to_row(failure, size, mtime_ns))

    def clear_failures(self, paths: Iterable[Path], stage: str | None = None) -> None:
        """Forget the failures of files, of one stage or of all."""
        with self._database.writing() as session:
            for some in in_batches(sorted({encode_key(path) for path in paths})):
                query = delete(FailureRow).where(FailureRow.key.in_(some))
                if stage is not None:
                    query = query.where(FailureRow.stage == stage)
                session.execute(query)


def _drop_homeless(session: Session, video_ids: Iterable[str]) -> list[str]:
    """Delete those of the videos that no file holds; the database deletes what was theirs."""
    dropped: list[str] = []
    for some in in_batches(sorted(video_ids)):
        has_home = exists().where(LocationRow.video_id == VideoRow.id)
        homeless = select(VideoRow.id).where(VideoRow.id.in_(some), ~has_home)
        ids = list(session.scalars(homeless.order_by(VideoRow.id)))
        touched = select(EmbeddingRow.space_key).distinct().where(EmbeddingRow.video_id.in_(ids))
        _bump_generations(session, set(session.scalars(touched)))
        session.execute(delete(VideoRow).where(VideoRow.id.in_(ids)))
        dropped += ids
    return dropped


def _check_known(session: Session, embeddings: Sequence[Embeddings]) -> None:
    """Keep vectors out that the library was not built for."""
    known = set(session.scalars(select(SpaceRow.key)))
    for made in embeddings:
        if made.space.key not in known:
            raise EncoderMismatchError(
                f"the library was built with {', '.join(sorted(known)) or 'no encoder yet'}, not"
                f" with {made.space.key}; for that one: --library OTHER_FOLDER"
            )


def _check_new(session: Session, video_ids: Sequence[str]) -> None:
    """Keep videos out that are in the library already."""
    for some in in_batches(video_ids):
        for known in session.scalars(select(VideoRow.id).where(VideoRow.id.in_(some)).limit(1)):
            raise MvsearchError(f"the video {known} is in the library already")


def _drop_embeddings(session: Session, stage: Stage, new_keys: set[str]) -> set[str]:
    """Delete what the stage's encoder had made of the video; returns the spaces that lost some."""
    encoder = select(SpaceRow.encoder).where(SpaceRow.key == stage.encoder).scalar_subquery()
    own = select(SpaceRow.key).where(SpaceRow.modality == stage.stage, SpaceRow.encoder == encoder)
    made = (EmbeddingRow.video_id == stage.video_id) & (
        EmbeddingRow.space_key.in_(own) | EmbeddingRow.space_key.in_(new_keys)
    )
    keys = set(session.scalars(select(EmbeddingRow.space_key).where(made)))
    session.execute(delete(EmbeddingRow).where(made).execution_options(synchronize_session=False))
    return keys


def _bump_generations(session: Session, space_keys: Iterable[str]) -> dict[str, int]:
    """Make caches of these spaces stale; returns their new generations.

    A clock and not a counter: after a backup is restored, or a library is begun anew, the same
    count could come back with other vectors.
    """
    generations = {}
    for key in space_keys:
        space = session.get_one(SpaceRow, key)
        space.generation = generations[key] = max(space.generation + 1, time.time_ns())
    return generations


def _replace_lyrics(session: Session, video_id: str, lyrics: Lyrics | None) -> None:
    """Put new lyrics in the place of the old."""
    session.execute(delete(LyricsRow).where(LyricsRow.video_id == video_id))
    if lyrics is not None:
        session.add(lyrics_to_row(video_id, lyrics))
        session.flush()
        session.add_all(line_to_row(video_id, n, line) for n, line in enumerate(lyrics.lines))
