"""The first tables.

Written out, not taken from `store.tables`: a migration stays what it was when the models go on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_settings()
    _create_videos()
    _create_stages()
    _create_embeddings()
    _create_lyrics()
    _create_failures()


def downgrade() -> None:
    for table in (
        "failure",
        "lyric_line",
        "lyrics",
        "embedding",
        "stage",
        "location",
        "video",
        "space",
        "setting",
    ):
        op.drop_table(table)


def _video_id(table: str, parent: str = "video") -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    column = "id" if parent == "video" else "video_id"
    return (
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"],
            [f"{parent}.{column}"],
            name=f"fk_{table}_video_id_{parent}",
            ondelete="CASCADE",
        ),
    )


def _create_settings() -> None:
    op.create_table(
        "setting",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "space",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("modality", sa.String(20), nullable=False),
        sa.Column("encoder", sa.String(80), nullable=False),
        sa.Column("revision", sa.String(80), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("view", sa.String(40), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_space"),
    )


def _create_videos() -> None:
    op.create_table(
        "video",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("is_duration_measured", sa.Boolean(), nullable=False),
        sa.Column("has_picture", sa.Boolean(), nullable=False),
        sa.Column("has_sound", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_video"),
    )
    op.create_table(
        "location",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("folder", sa.LargeBinary(), nullable=False),
        *_video_id("location"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_location"),
    )
    op.create_index("ix_location_video_id", "location", ["video_id"])


def _create_stages() -> None:
    op.create_table(
        "stage",
        *_video_id("stage"),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("uniform_seconds", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("video_id", "stage", "encoder", name="pk_stage"),
    )


def _create_embeddings() -> None:
    op.create_table(
        "embedding",
        *_video_id("embedding"),
        sa.Column("space_key", sa.String(200), nullable=False),
        sa.Column("starts", sa.LargeBinary(), nullable=False),
        sa.Column("ends", sa.LargeBinary(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=True),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_key"], ["space.key"], name="fk_embedding_space_key_space", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "space_key", name="pk_embedding"),
    )
    op.create_index("ix_embedding_space_key_video_id", "embedding", ["space_key", "video_id"])


def _create_lyrics() -> None:
    op.create_table(
        "lyrics",
        *_video_id("lyrics"),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("video_id", name="pk_lyrics"),
    )
    op.create_table(
        "lyric_line",
        *_video_id("lyric_line", "lyrics"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Double(), nullable=True),
        sa.Column("end_seconds", sa.Double(), nullable=True),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=True),
        sa.Column("whisper_id", sa.Integer(), nullable=True),
        sa.Column("whisper_seek", sa.Integer(), nullable=True),
        sa.Column("whisper_tokens", sa.JSON(), nullable=True),
        sa.Column("whisper_temperature", sa.Double(), nullable=True),
        sa.Column("whisper_avg_logprob", sa.Double(), nullable=True),
        sa.Column("whisper_compression_ratio", sa.Double(), nullable=True),
        sa.Column("whisper_no_speech_prob", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("video_id", "position", name="pk_lyric_line"),
    )


def _create_failures() -> None:
    op.create_table(
        "failure",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "stage", name="pk_failure"),
    )
