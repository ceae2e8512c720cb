"""Changes rows of the catalogue within a transaction."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from mvsearch.store.catalog.index_writer import IndexWriter, Made
from mvsearch.store.catalog.reading.postgresql.indexing import index_lines
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.paths import encode_key
from mvsearch.store.database.rows.lyrics import line_to_row, lyrics_to_row
from mvsearch.store.database.rows.metadata import metadata_to_rows
from mvsearch.store.database.rows.moods import mood_columns, row_to_mood, track_to_row
from mvsearch.store.database.rows.shown import shown_to_rows
from mvsearch.store.database.rows.tempo import tempo_columns
from mvsearch.store.database.rows.vectors import embeddings_to_row
from mvsearch.store.database.rows.videos import row_to_location, stills_to_rows, tags_to_rows
from mvsearch.store.database.tables import (
    EmbeddingRow,
    LocationRow,
    LyricsRow,
    MetadataRow,
    MoodRow,
    RemovedRow,
    ShownLineRow,
    SpaceRow,
    StageRow,
    StillRow,
    TagRow,
    UnusedTagRow,
    VideoRow,
)
from mvsearch.store.errors import EncoderMismatchError, MvsearchError
from mvsearch.store.records import (
    Embeddings,
    Location,
    Lyrics,
    Metadata,
    Modality,
    MoodTrack,
    ShownLine,
    Side,
    Stage,
    Still,
    Tag,
    TempoAndKey,
    VideoMood,
)


def check_spaces_exist(session: Session, embeddings: Sequence[Embeddings]) -> None:
    """Check that the library was built with the spaces of these embeddings.

    Raises:
        EncoderMismatchError: it was not.
    """
    known = set(session.scalars(select(SpaceRow.key)))
    for made in embeddings:
        if made.space.key not in known:
            raise EncoderMismatchError(
                f"the library was built with {', '.join(sorted(known)) or 'no encoder yet'}, not"
                f" with {made.space.key}; for that one: --library OTHER_FOLDER"
            )


def check_videos_are_new(session: Session, video_ids: Sequence[str]) -> None:
    """Check that no video with one of these ids exists.

    Raises:
        MvsearchError: one exists.
    """
    for some in in_batches(video_ids):
        for known in session.scalars(select(VideoRow.id).where(VideoRow.id.in_(some)).limit(1)):
            raise MvsearchError(f"the video {known} is in the library already")


def lock_spaces(session: Session) -> None:
    """Let this transaction alone change vectors until its end; SQLite lets one write anyway.

    Two that took the spaces one by one, each in the order of its stages, could wait for each other.
    """
    query = select(SpaceRow.key).order_by(SpaceRow.key)
    session.execute(query.with_for_update(key_share=True)).all()


def advance_generations(session: Session, space_keys: Iterable[str]) -> dict[str, int]:
    """Give spaces new generations, so that their cached indexes are out of date.

    Generations are times and not counts: after a backup is restored, or a library is created anew,
    the same count could occur with other vectors.

    Returns:
        The new generation of each space.
    """
    generations = {}
    # Locked in one order, until the transaction ends: of two writers, the later one has the higher
    # generation. SQLite has one writer.
    for key in sorted(space_keys):
        space = session.get_one(SpaceRow, key, with_for_update={"key_share": True})
        space.generation = generations[key] = max(space.generation + 1, time.time_ns())
    return generations


def add_embeddings(
    session: Session, made: Sequence[Made], generations: Mapping[str, int], index: IndexWriter
) -> None:
    """Add vectors of videos to the catalogue and to the index; see `IndexWriter.add`."""
    session.add_all(
        embeddings_to_row(video_id, each, generations[each.space.key]) for video_id, each in made
    )
    index.add(session, made, generations)


def drop_spaces(session: Session, is_dropped: ColumnElement[bool], index: IndexWriter) -> None:
    """Delete spaces with all their vectors, also from the index."""
    keys = list(session.scalars(select(SpaceRow.key).where(is_dropped).order_by(SpaceRow.key)))
    if keys:
        index.drop(session, keys)
        session.execute(delete(SpaceRow).where(SpaceRow.key.in_(keys)))


def delete_videos_without_files(
    session: Session, video_ids: Iterable[str], index: IndexWriter
) -> list[str]:
    """Delete those of the videos that have no location; their other rows are deleted with them.

    Args:
        session: of the transaction.
        video_ids: of the videos.
        index: also loses them.

    Returns:
        The ids of the deleted videos.
    """
    deleted: list[str] = []
    for some in in_batches(sorted(video_ids)):
        has_file = exists().where(LocationRow.video_id == VideoRow.id)
        without = select(VideoRow.id).where(VideoRow.id.in_(some), ~has_file)
        ids = list(session.scalars(without.order_by(VideoRow.id)))
        spaces = select(EmbeddingRow.space_key).distinct().where(EmbeddingRow.video_id.in_(ids))
        generations = advance_generations(session, set(session.scalars(spaces)))
        if generations:
            index.remove(session, ids, generations)
        session.execute(delete(VideoRow).where(VideoRow.id.in_(ids)))
        deleted += ids
    return deleted


def delete_embeddings(session: Session, stage: Stage, new_keys: set[str]) -> set[str]:
    """Delete the embeddings of a video of the modality of a stage, and those in other spaces.

    Args:
        session: of the transaction.
        stage: of the video.
        new_keys: keys of the other spaces.

    Returns:
        The keys of the spaces that had embeddings of the video.
    """
    own = select(SpaceRow.key).where(SpaceRow.modality == stage.stage)
    made = (EmbeddingRow.video_id == stage.video_id) & (
        EmbeddingRow.space_key.in_(own) | EmbeddingRow.space_key.in_(new_keys)
    )
    keys = set(session.scalars(select(EmbeddingRow.space_key).where(made)))
    session.execute(delete(EmbeddingRow).where(made).execution_options(synchronize_session=False))
    return keys


def delete_other_stages(session: Session, stage: Stage) -> None:
    """Delete what other encoders say of a stage that is done anew: their vectors are gone too."""
    others = (StageRow.video_id == stage.video_id) & (StageRow.stage == stage.stage)
    others &= StageRow.encoder != stage.encoder
    session.execute(delete(StageRow).where(others).execution_options(synchronize_session=False))
    tags = (UnusedTagRow.video_id == stage.video_id) & (UnusedTagRow.modality == stage.stage)
    session.execute(delete(UnusedTagRow).where(tags).execution_options(synchronize_session=False))


def replace_lyrics(session: Session, video_id: str, lyrics: Lyrics | None) -> None:
    """Replace the lyrics of a video; None only deletes them."""
    session.execute(delete(LyricsRow).where(LyricsRow.video_id == video_id))
    if lyrics is not None:
        session.add(lyrics_to_row(video_id, lyrics))
        session.flush()
        session.add_all(line_to_row(video_id, n, line) for n, line in enumerate(lyrics.lines))
        session.flush()
    index_lines(session.connection(), "lyric", [video_id])


def replace_tags(session: Session, video_id: str, modality: Modality, tags: Sequence[Tag]) -> None:
    """Replace the tags of a video that are of a modality; the most probable comes first."""
    old = (TagRow.video_id == video_id, TagRow.modality == modality)
    session.execute(delete(TagRow).where(*old))
    session.add_all(tags_to_rows(video_id, tags))


def replace_shown(session: Session, video_id: str, lines: Iterable[ShownLine]) -> None:
    """Replace the lines of text in the picture of a video."""
    session.execute(delete(ShownLineRow).where(ShownLineRow.video_id == video_id))
    session.add_all(shown_to_rows(video_id, lines))
    session.flush()
    index_lines(session.connection(), "ocr", [video_id])


def replace_mood(session: Session, video_id: str, side: Side, track: MoodTrack | None) -> None:
    """Replace the mood of one side of a video, and what the video has of both; None deletes it."""
    of_side = (MoodRow.video_id == video_id, MoodRow.side == side)
    session.execute(delete(MoodRow).where(*of_side).execution_options(synchronize_session=False))
    if track is not None:
        session.add(track_to_row(video_id, track))
        session.flush()
    values = (MoodRow.side, MoodRow.valence, MoodRow.arousal, MoodRow.confidence)
    rows = session.execute(select(*values).where(MoodRow.video_id == video_id))
    sides = {row.side: row_to_mood(row) for row in rows}
    columns = mood_columns(VideoMood(sides.get("picture"), sides.get("sound")))
    session.execute(update(VideoRow).where(VideoRow.id == video_id).values(columns))


def replace_metadata(session: Session, video_id: str, metadata: Metadata) -> None:
    """Replace the metadata of a video, and note that they were read."""
    old = delete(MetadataRow).where(MetadataRow.video_id == video_id)
    session.execute(old.execution_options(synchronize_session=False))
    session.add_all(metadata_to_rows(video_id, metadata))
    read = update(VideoRow).where(VideoRow.id == video_id)
    session.execute(read.values(metadata_mark=metadata.mark))


def replace_tempo(session: Session, video_id: str, found: TempoAndKey | None) -> None:
    """Replace tempo and key of a video; None leaves them to be measured."""
    session.execute(update(VideoRow).where(VideoRow.id == video_id).values(tempo_columns(found)))


def replace_stills(session: Session, video_id: str, stills: Iterable[Still]) -> None:
    """Replace the stills of a video."""
    session.execute(delete(StillRow).where(StillRow.video_id == video_id))
    session.add_all(stills_to_rows(video_id, stills))


def mark_removed(session: Session, video_ids: Sequence[str]) -> None:
    """Store the names and files of videos that are about to be removed by name."""
    query = (
        select(LocationRow, VideoRow)
        .join(VideoRow, VideoRow.id == LocationRow.video_id)
        .where(VideoRow.id.in_(video_ids))
    )
    for place, video in session.execute(query).all():
        session.merge(_make_removed(video, row_to_location(place)))


def add_removed_files(session: Session, locations: Sequence[Location]) -> None:
    """Add files of removed videos, so that later scans need not read them."""
    for location in locations:
        query = select(RemovedRow).where(RemovedRow.video_id == location.video_id).limit(1)
        known = session.scalar(query)
        if known is not None:
            session.merge(_make_removed(known, location))


def unmark_removed(session: Session, video_ids: Sequence[str]) -> None:
    """Delete the marks of removed videos, because they are added again."""
    session.execute(delete(RemovedRow).where(RemovedRow.video_id.in_(video_ids)))


def _make_removed(named: VideoRow | RemovedRow, location: Location) -> RemovedRow:
    """The row of a file of a removed video, with the names of a row of that video."""
    return RemovedRow(
        video_id=location.video_id,
        key=encode_key(location.path),
        path=os.fsencode(location.path),
        folder=os.fsencode(location.folder),
        size=location.size,
        mtime_ns=location.mtime_ns,
        title=named.title,
        artist=named.artist,
        duration_seconds=named.duration_seconds,
    )
