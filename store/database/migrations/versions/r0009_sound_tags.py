"""Tags of sound beside those of pictures; all tags of a library from before are of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    op.add_column(
        "tag", sa.Column("modality", sa.String(20), nullable=False, server_default="frames")
    )


def downgrade() -> None:
    op.execute("DELETE FROM tag WHERE modality != 'frames'")
    op.drop_column("tag", "modality")
