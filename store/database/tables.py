"""The tables of the catalogue as SQLAlchemy models."""

import time
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from mvsearch.store.database.base import Base, belongs_to_video
from mvsearch.store.database.columns import check_columns


class SettingRow(Base):
    """A named setting of the whole library."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


class SpaceRow(Base):
    """A `Space` that the library was built with, and the generation of its vectors.

    `is_used` tells whether searches use it: an encoder beside that in use has spaces as well.
    """

    __tablename__ = "space"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int]
    modality: Mapped[str] = mapped_column(String(20))
    encoder: Mapped[str] = mapped_column(String(80))
    revision: Mapped[str] = mapped_column(String(80))
    dim: Mapped[int]
    view: Mapped[str] = mapped_column(String(40))
    generation: Mapped[int] = mapped_column(BigInteger)
    is_used: Mapped[bool] = mapped_column(server_default=true(), default=True)


class VideoRow(Base):
    """A `Video` without its path, and further columns for filters.

    Attributes:
        is_year_read: whether its file was read for the year; older versions did not.
        added_seconds: when it was added, since 1970; NULL if unknown.
        title_folded, artist_folded: by `fold_name`; a change of that function needs a migration.
        valence, arousal, mood_gap: of the `VideoMood` that its rows of `MoodRow` make.
        metadata_mark, artwork: of its `Metadata`; the mark is NULL if they were never read.
        gain_db, peak: of its `Metadata`, beside their text in `MetadataRow`.
        bpm, bpm_confidence, key, key_confidence, tempo_revision: a `TempoAndKey`.
    """

    __tablename__ = "video"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    title: Mapped[str]
    artist: Mapped[str | None]
    duration_seconds: Mapped[float]
    is_duration_measured: Mapped[bool]
    has_picture: Mapped[bool]
    has_sound: Mapped[bool]
    year: Mapped[int | None]
    is_year_read: Mapped[bool] = mapped_column(server_default=false())
    added_seconds: Mapped[float | None] = mapped_column(default=time.time)
    title_folded: Mapped[str] = mapped_column(server_default=text("''"))
    artist_folded: Mapped[str] = mapped_column(server_default=text("''"))
    valence: Mapped[float | None]
    arousal: Mapped[float | None]
    mood_gap: Mapped[float | None]
    metadata_mark: Mapped[str | None] = mapped_column(String(80))
    artwork: Mapped[str | None]
    gain_db: Mapped[float | None]
    peak: Mapped[float | None]
    bpm: Mapped[float | None]
    bpm_confidence: Mapped[float | None]
    key: Mapped[str | None] = mapped_column(String(20))
    key_confidence: Mapped[float | None]
    tempo_revision: Mapped[str | None] = mapped_column(String(80))


class LocationRow(Base):
    """A `Location`: `key` identifies it, `path` opens it, `shown` is readable by people."""

    __tablename__ = "location"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    path: Mapped[bytes]
    shown: Mapped[str]
    folder: Mapped[bytes]
    video_id: Mapped[str] = belongs_to_video(is_key=False, is_indexed=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)


class RemovedRow(Base):
    """A file of a removed video, which is not indexed again until it is added by name."""

    __tablename__ = "removed"

    video_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    key: Mapped[bytes] = mapped_column(primary_key=True)
    path: Mapped[bytes]
    folder: Mapped[bytes]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str]
    artist: Mapped[str | None]
    duration_seconds: Mapped[float]


class StageRow(Base):
    """A `Stage`, and the times (float64) of frames that were left out as uniform."""

    __tablename__ = "stage"

    video_id: Mapped[str] = belongs_to_video()
    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    encoder: Mapped[str] = mapped_column(String(200), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str]
    origin: Mapped[str] = mapped_column(server_default=text("''"))
    fingerprint: Mapped[str] = mapped_column(String(40), server_default=text("''"))
    sampling: Mapped[str] = mapped_column(String(40), server_default=text("''"))
    has_key_frames_only: Mapped[bool] = mapped_column(server_default=false())
    uniform_seconds: Mapped[bytes]


class EmbeddingRow(Base):
    """An `Embeddings`: float16 vectors, float64 times (NaN for none), and texts if any.

    All numbers are little-endian. `generation` is that of the space when they were written.
    """

    __tablename__ = "embedding"
    __table_args__ = (Index(None, "space_key", "video_id", "generation"),)

    video_id: Mapped[str] = belongs_to_video()
    space_key: Mapped[str] = mapped_column(
        String(200), ForeignKey("space.key", ondelete="CASCADE"), primary_key=True
    )
    starts: Mapped[bytes]
    ends: Mapped[bytes]
    texts: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    vectors: Mapped[bytes]
    generation: Mapped[int] = mapped_column(BigInteger, server_default="0")
    peaks: Mapped[bytes | None]


# The first position of a tag of sound; no video has as many tags of pictures.
SOUND_TAGS = 1_000_000


class TagRow(Base):
    """A `Tag`; `position` tells those of a video apart.

    It counts those of pictures from 0, and those of sound from `SOUND_TAGS`.
    """

    __tablename__ = "tag"
    __table_args__ = (Index(None, "name", "video_id"),)

    video_id: Mapped[str] = belongs_to_video()
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    start_seconds: Mapped[float]
    end_seconds: Mapped[float]
    probability: Mapped[float]
    modality: Mapped[str] = mapped_column(String(20), server_default="frames")


class UnusedTagRow(Base):
    """A `Tag` by an encoder that is not in use: what `TagRow` holds once it is."""

    __tablename__ = "unused_tag"

    video_id: Mapped[str] = belongs_to_video()
    encoder: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    start_seconds: Mapped[float]
    end_seconds: Mapped[float]
    probability: Mapped[float]
    modality: Mapped[str] = mapped_column(String(20))


class StillRow(Base):
    """A `Still`."""

    __tablename__ = "still"

    video_id: Mapped[str] = belongs_to_video()
    seconds: Mapped[float] = mapped_column(primary_key=True)
    image: Mapped[bytes]


class LyricsRow(Base):
    """A `Lyrics` without its lines."""

    __tablename__ = "lyrics"

    video_id: Mapped[str] = belongs_to_video()
    source: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str]
    language: Mapped[str | None]


class LyricLineRow(Base):
    """A `LyricLine`; the `whisper_` columns are NULL unless Whisper transcribed it."""

    __tablename__ = "lyric_line"

    video_id: Mapped[str] = mapped_column(
        String(128), ForeignKey("lyrics.video_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    start_seconds: Mapped[float | None]
    end_seconds: Mapped[float | None]
    words: Mapped[list[list[Any]]] = mapped_column(JSON)
    rejected: Mapped[str | None]
    whisper_id: Mapped[int | None]
    whisper_seek: Mapped[int | None]
    whisper_tokens: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    whisper_temperature: Mapped[float | None]
    whisper_avg_logprob: Mapped[float | None]
    whisper_compression_ratio: Mapped[float | None]
    whisper_no_speech_prob: Mapped[float | None]


class ShownLineRow(Base):
    """A `ShownLine`."""

    __tablename__ = "ocr_line"

    video_id: Mapped[str] = belongs_to_video()
    position: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    start_seconds: Mapped[float]
    end_seconds: Mapped[float]
    probability: Mapped[float]
    is_moving: Mapped[bool]


class MoodRow(Base):
    """A `MoodTrack`: float32 numbers of the joint vector, and the points of the curve.

    The index holds what is read of all videos at once, so that no curve is read with it.
    """

    __tablename__ = "mood"
    __table_args__ = (
        Index(
            "ix_mood_values",
            *("side", "video_id", "head", "valence", "arousal", "confidence", "joint"),
        ),
    )

    video_id: Mapped[str] = belongs_to_video()
    side: Mapped[str] = mapped_column(String(20), primary_key=True)
    head: Mapped[str] = mapped_column(String(200))
    valence: Mapped[float]
    arousal: Mapped[float]
    confidence: Mapped[float]
    joint: Mapped[bytes]
    curve: Mapped[bytes]


class MetadataRow(Base):
    """One value of a `MetadataField`; `folded` is the value by `fold_name`, for filters."""

    __tablename__ = "metadata"
    __table_args__ = (Index(None, "name", "video_id"),)

    video_id: Mapped[str] = belongs_to_video()
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[str]
    folded: Mapped[str]
    source: Mapped[str] = mapped_column(String(20))


class FailureRow(Base):
    """A `Failure`, and the size and modification time of its file."""

    __tablename__ = "failure"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    path: Mapped[bytes]
    shown: Mapped[str]
    code: Mapped[str] = mapped_column(String(40))
    message: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)


check_columns(Base.metadata)
