"""Which generation of its space a video's vectors came with.

An index that was made before can then tell what has changed since without reading any vector: the
new index of the table answers that alone. Vectors from before have 0, and stay at it until they are
made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OLD = "ix_embedding_space_key_video_id"
_NEW = "ix_embedding_space_key_video_id_generation"


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place, a batch would copy every vector.
    op.add_column(
        "embedding", sa.Column("generation", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.drop_index(_OLD, "embedding")
    op.create_index(_NEW, "embedding", ["space_key", "video_id", "generation"])


def downgrade() -> None:
    op.drop_index(_NEW, "embedding")
    op.create_index(_OLD, "embedding", ["space_key", "video_id"])
    op.drop_column("embedding", "generation")
