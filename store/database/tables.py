"""The tables of the catalogue as SQLAlchemy models."""

import time
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from mvsearch.store.database.columns import check_columns


class ForeignText(TypeDecorator[str]):
    """Text from strangers, made fit for any database: no lone surrogate, no NUL.

    Either is replaced by U+FFFD: UTF-8 has no place for the one, PostgreSQL none for the other.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what a database cannot hold."""
        if value is None:
            return None
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\0", "\ufffd")


class Base(DeclarativeBase):
    """What every table shares; constraints have names, so that a migration can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        bytes: LargeBinary,
        float: Double,
        str: ForeignText,
    }


def _belongs_to_video(*, is_key: bool = True, is_indexed: bool = False) -> Any:
    """A column with a video's id; the row goes when the video goes."""
    return mapped_column(
        String(128),
        ForeignKey("video.id", ondelete="CASCADE"),
        primary_key=is_key,
        index=is_indexed,
    )


class SettingRow(Base):
    """What holds for the whole library, by name."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


class SpaceRow(Base):
    """A `Space` that the library was built with, and how often its vectors changed."""

    __tablename__ = "space"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int]
    modality: Mapped[str] = mapped_column(String(20))
    encoder: Mapped[str] = mapped_column(String(80))
    revision: Mapped[str] = mapped_column(String(80))
    dim: Mapped[int]
    view: Mapped[str] = mapped_column(String(40))
    generation: Mapped[int] = mapped_column(BigInteger)


class VideoRow(Base):
    """A `Video` without its path, and what filters ask of it.

    Attributes:
        is_year_read: whether its file was asked for the year; older libraries did not ask.
        added_seconds: when it came into the library, since 1970; null where that is unknown.
        title_folded, artist_folded: by `fold_name`; whoever changes that writes a migration.
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


class LocationRow(Base):
    """A `Location`: `key` finds it, `path` opens it, `shown` is for people who look in here."""

    __tablename__ = "location"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    path: Mapped[bytes]
    shown: Mapped[str]
    folder: Mapped[bytes]
    video_id: Mapped[str] = _belongs_to_video(is_key=False, is_indexed=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)


class RemovedRow(Base):
    """A file of a video that was removed by its name, which stays out until it is added again."""

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
    """A `Stage`; with the float64 times of the frames that it left out as uniform."""

    __tablename__ = "stage"

    video_id: Mapped[str] = _belongs_to_video()
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
    """An `Embeddings`: float16 vectors, float64 times (NaN for none), texts where there are any.

    `generation` is that of the space when they came. All little-endian, whatever the machine.
    """

    __tablename__ = "embedding"
    __table_args__ = (Index(None, "space_key", "video_id", "generation"),)

    video_id: Mapped[str] = _belongs_to_video()
    space_key: Mapped[str] = mapped_column(
        String(200), ForeignKey("space.key", ondelete="CASCADE"), primary_key=True
    )
    starts: Mapped[bytes]
    ends: Mapped[bytes]
    texts: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    vectors: Mapped[bytes]
    generation: Mapped[int] = mapped_column(BigInteger, server_default="0")


class TagRow(Base):
    """A `Tag`; `position` counts those of a video, the surest first."""

    __tablename__ = "tag"
    __table_args__ = (Index(None, "name", "video_id"),)

    video_id: Mapped[str] = _belongs_to_video()
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    start_seconds: Mapped[float]
    end_seconds: Mapped[float]
    probability: Mapped[float]


class StillRow(Base):
    """A `Still`."""

    __tablename__ = "still"

    video_id: Mapped[str] = _belongs_to_video()
    seconds: Mapped[float] = mapped_column(primary_key=True)
    image: Mapped[bytes]


class LyricsRow(Base):
    """A `Lyrics` without its lines."""

    __tablename__ = "lyrics"

    video_id: Mapped[str] = _belongs_to_video()
    source: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str]
    language: Mapped[str | None]


class LyricLineRow(Base):
    """A `LyricLine`; the `whisper_` columns are null unless Whisper wrote it."""

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


class FailureRow(Base):
    """A `Failure`, and the size and time of the file that it was met in."""

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
