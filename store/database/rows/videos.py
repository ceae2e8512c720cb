"""Rows of spaces, videos, locations, stages, tags, stills and failures."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Row

from mvsearch.store.database.blobs import pack_seconds
from mvsearch.store.database.columns import check_seconds, checks_rows
from mvsearch.store.database.paths import decode_path, encode_key
from mvsearch.store.database.rows.moods import mood_columns
from mvsearch.store.database.rows.tempo import tempo_columns
from mvsearch.store.database.tables import (
    SOUND_TAGS,
    FailureRow,
    LocationRow,
    RemovedRow,
    SpaceRow,
    StageRow,
    StillRow,
    TagRow,
    VideoRow,
)
from mvsearch.store.errors import FailureCode
from mvsearch.store.records import (
    MODALITIES,
    Failure,
    Location,
    Modality,
    Space,
    Stage,
    StageStatus,
    Still,
    Tag,
    TempoAndKey,
    Video,
    VideoMood,
)
from mvsearch.store.unicode import fold_name


def space_to_row(space: Space, position: int, generation: int) -> SpaceRow:
    """A space as a row; `position` is its place in the profile."""
    return SpaceRow(
        key=space.key,
        position=position,
        modality=space.modality,
        encoder=space.encoder,
        revision=space.revision,
        dim=space.dim,
        view=space.view,
        generation=generation,
    )


@checks_rows
def row_to_space(row: SpaceRow) -> Space:
    """A row as a space."""
    return Space(cast(Modality, row.modality), row.encoder, row.revision, row.dim, row.view)


def video_to_row(
    video: Video, mood: VideoMood | None = None, tempo: TempoAndKey | None = None
) -> VideoRow:
    """A video as a row; the first row of a video keeps the time when it was added.

    Args:
        video: the video.
        mood: of a new video; None leaves that of a known one as it is.
        tempo: likewise.
    """
    return VideoRow(
        id=video.id,
        title=video.title,
        artist=video.artist,
        duration_seconds=video.duration_seconds,
        is_duration_measured=video.is_duration_measured,
        has_picture=video.has_picture,
        has_sound=video.has_sound,
        year=video.year,
        is_year_read=True,
        title_folded=fold_name(video.title),
        artist_folded=fold_name(video.artist or ""),
        artwork=video.artwork,
        gain_db=video.gain_db,
        peak=video.peak,
        **({} if mood is None else mood_columns(mood)),
        **({} if tempo is None else tempo_columns(tempo)),
    )


@checks_rows
def row_to_video(row: VideoRow, paths: Sequence[Path]) -> Video:
    """A row as a video with the first of these paths, and the others as `other_paths`."""
    check_seconds(row.duration_seconds)
    return Video(
        row.id,
        paths[0],
        row.title,
        row.artist,
        row.duration_seconds,
        row.is_duration_measured,
        row.has_picture,
        row.has_sound,
        tuple(paths[1:]),
        row.year,
        row.valence,
        row.arousal,
        row.mood_gap,
        row.gain_db,
        row.peak,
        row.artwork,
        row.bpm,
        row.bpm_confidence,
        row.key,
        row.key_confidence,
    )


@checks_rows
def row_to_removed(row: RemovedRow, paths: Sequence[Path]) -> Video:
    """A row as a removed video, with its last known files."""
    check_seconds(row.duration_seconds)
    return Video(
        row.video_id,
        paths[0],
        row.title,
        row.artist,
        row.duration_seconds,
        other_paths=tuple(paths[1:]),
    )


def location_to_row(location: Location) -> LocationRow:
    """A location as a row."""
    return LocationRow(
        key=encode_key(location.path),
        path=os.fsencode(location.path),
        shown=str(location.path),
        folder=os.fsencode(location.folder),
        video_id=location.video_id,
        size=location.size,
        mtime_ns=location.mtime_ns,
    )


@checks_rows
def row_to_location(
    row: LocationRow | RemovedRow | Row[Any], decode_folder: Callable[[bytes], Path] = decode_path
) -> Location:
    """A row, or a selection of its columns, as a location."""
    return Location(
        decode_path(row.path), row.video_id, decode_folder(row.folder), row.size, row.mtime_ns
    )


def stage_to_row(stage: Stage, uniform_seconds: Sequence[float]) -> StageRow:
    """A stage as a row."""
    return StageRow(
        video_id=stage.video_id,
        stage=stage.stage,
        encoder=stage.encoder,
        status=stage.status,
        detail=stage.detail,
        origin=stage.origin,
        fingerprint=stage.fingerprint,
        sampling=stage.sampling,
        has_key_frames_only=stage.has_key_frames_only,
        uniform_seconds=pack_seconds(uniform_seconds),
    )


@checks_rows
def row_to_stage(row: StageRow | Row[Any]) -> Stage:
    """A row, or a selection of its columns, as a stage."""
    return Stage(
        row.video_id,
        cast(Modality, row.stage),
        row.encoder,
        cast(StageStatus, row.status),
        row.detail,
        row.origin,
        row.fingerprint,
        row.sampling,
        row.has_key_frames_only,
    )


def tag_to_row(video_id: str, position: int, tag: Tag) -> TagRow:
    """A tag as a row.

    Args:
        video_id: whose tag it is.
        position: among the tags of its modality.
        tag: the tag.
    """
    return TagRow(
        video_id=video_id,
        position=position + (SOUND_TAGS if tag.modality == "audio" else 0),
        name=tag.name,
        start_seconds=tag.start_seconds,
        end_seconds=tag.end_seconds,
        probability=tag.probability,
        modality=tag.modality,
    )


@checks_rows
def row_to_tag(row: TagRow) -> Tag:
    """A row as a tag."""
    check_seconds(row.end_seconds)
    return Tag(
        row.name, row.start_seconds, row.end_seconds, row.probability, cast(Modality, row.modality)
    )


def tags_to_rows(video_id: str, tags: Sequence[Tag]) -> list[TagRow]:
    """The tags of a video as rows; of each modality, the most probable comes first."""
    return [
        tag_to_row(video_id, position, tag)
        for modality in MODALITIES
        for position, tag in enumerate(tag for tag in tags if tag.modality == modality)
    ]


def stills_to_rows(video_id: str, stills: Iterable[Still]) -> list[StillRow]:
    """The stills of a video as rows."""
    return [
        StillRow(video_id=video_id, seconds=still.seconds, image=still.image) for still in stills
    ]


def failure_to_row(failure: Failure, size: int, mtime_ns: int) -> FailureRow:
    """A failure as a row."""
    return FailureRow(
        key=encode_key(failure.path),
        stage=failure.stage,
        path=os.fsencode(failure.path),
        shown=str(failure.path),
        code=failure.code,
        message=failure.message,
        size=size,
        mtime_ns=mtime_ns,
    )


@checks_rows
def row_to_failure(row: FailureRow) -> Failure:
    """A row as a failure."""
    return Failure(decode_path(row.path), row.stage, cast(FailureCode, row.code), row.message)
