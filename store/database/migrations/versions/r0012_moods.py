"""The mood of each side of a video, as a whole and over time; null in a library from before.

Such a library gets them from its vectors when its folder is indexed next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OF_VIDEO = ("valence", "arousal", "mood_gap")


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    for name in _OF_VIDEO:
        op.add_column("video", sa.Column(name, sa.Double(), nullable=True))
    op.create_table(
        "mood",
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.Column("side", sa.String(20), nullable=False),
        sa.Column("head", sa.String(200), nullable=False),
        sa.Column("valence", sa.Double(), nullable=False),
        sa.Column("arousal", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("joint", sa.LargeBinary(), nullable=False),
        sa.Column("curve", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name="fk_mood_video_id_video", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "side", name="pk_mood"),
    )
    values = ["side", "video_id", "head", "valence", "arousal", "confidence", "joint"]
    op.create_index("ix_mood_values", "mood", values)


def downgrade() -> None:
    op.drop_table("mood")
    for name in _OF_VIDEO:
        op.drop_column("video", name)
