"""Stills: small pictures of what videos show.

Those of a library from before are made when a report first shows its videos.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "still",
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name="fk_still_video_id_video", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "seconds", name="pk_still"),
    )


def downgrade() -> None:
    op.drop_table("still")
