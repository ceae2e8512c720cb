"""Tempo and key of the sound of a video; null in a library from before.

Such a library gets them from its spectral peaks when its folder is indexed next.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("bpm", sa.Double()),
    ("bpm_confidence", sa.Double()),
    ("key", sa.String(20)),
    ("key_confidence", sa.Double()),
    ("tempo_revision", sa.String(80)),
)


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    for name, kind in _COLUMNS:
        op.add_column("video", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _ in _COLUMNS:
        op.drop_column("video", name)
