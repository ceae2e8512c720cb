"""Spaces of encoders that are not in use, and their tags; those of a trained encoder are such too.

Which trained encoder was in use was a setting before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SETTING = "SELECT value FROM setting WHERE name = 'look'"


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    op.add_column(
        "space", sa.Column("is_used", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    is_other = f"view = 'look' AND NOT EXISTS ({_SETTING} AND value = space.encoder)"
    op.execute(f"UPDATE space SET is_used = false WHERE {is_other}")
    op.execute("DELETE FROM setting WHERE name = 'look'")
    op.create_table(
        "unused_tag",
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Double(), nullable=False),
        sa.Column("end_seconds", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("modality", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name="fk_unused_tag_video_id_video", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "encoder", "position", name="pk_unused_tag"),
    )


def downgrade() -> None:
    op.drop_table("unused_tag")
    op.execute("DELETE FROM space WHERE NOT is_used AND view != 'look'")
    op.execute(
        "INSERT INTO setting (name, value)"
        " SELECT 'look', encoder FROM space WHERE view = 'look' AND is_used"
    )
    op.drop_column("space", "is_used")
