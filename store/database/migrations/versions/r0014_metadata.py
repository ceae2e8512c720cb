"""What tags and side-car files say of a video; unread in a library from before.

Such a library reads them when its folder is indexed next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    op.add_column("video", sa.Column("metadata_mark", sa.String(80), nullable=True))
    op.add_column("video", sa.Column("artwork", sa.Text(), nullable=True))
    op.add_column("video", sa.Column("gain_db", sa.Double(), nullable=True))
    op.add_column("video", sa.Column("peak", sa.Double(), nullable=True))
    op.create_table(
        "metadata",
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name="fk_metadata_video_id_video", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "position", name="pk_metadata"),
    )
    op.create_index("ix_metadata_name_video_id", "metadata", ["name", "video_id"])


def downgrade() -> None:
    op.drop_table("metadata")
    for name in ("peak", "gain_db", "artwork", "metadata_mark"):
        op.drop_column("video", name)
