"""Spectral peaks beside the vectors of sound; null in a library from before.

Such a library gets them when its folder is indexed next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    op.add_column("embedding", sa.Column("peaks", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("embedding", "peaks")
