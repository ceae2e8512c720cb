"""What filters ask of a video: its year, when it was added, and its names to be compared.

When a video of an older library was added is not known; the time of the oldest of its vectors
stands for it. Its year is asked of its file when its folder is indexed next.
"""

import sqlalchemy as sa
from alembic import op

from mvsearch.store.unicode import fold_name

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Generations are times in nanoseconds; before revision 0004 they were counted from zero.
_FIRST_TIME = 1_000_000_000_000_000_000
_VIDEO = sa.table(
    "video", *map(sa.column, ("id", "title", "artist", "title_folded", "artist_folded"))
)


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place.
    op.add_column("video", sa.Column("year", sa.Integer(), nullable=True))
    op.add_column(
        "video", sa.Column("is_year_read", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("video", sa.Column("added_seconds", sa.Double(), nullable=True))
    for name in ("title_folded", "artist_folded"):
        op.add_column("video", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.execute(
        sa.text(
            "UPDATE video SET added_seconds = (SELECT MIN(generation) / 1000000000.0"
            " FROM embedding WHERE embedding.video_id = video.id AND generation >= :first)"
        ).bindparams(first=_FIRST_TIME)
    )
    _fold_names()


def downgrade() -> None:
    for name in ("artist_folded", "title_folded", "added_seconds", "is_year_read", "year"):
        op.drop_column("video", name)


def _fold_names() -> None:
    found = op.get_bind().execute(sa.select(_VIDEO.c.id, _VIDEO.c.title, _VIDEO.c.artist)).all()
    values = [
        {"key": key, "title_folded": _fold(title), "artist_folded": _fold(artist)}
        for key, title, artist in found
    ]
    if values:
        change = sa.update(_VIDEO).where(_VIDEO.c.id == sa.bindparam("key"))
        op.get_bind().execute(change, values)


def _fold(name: object) -> str:
    """A name of a damaged catalogue may be anything; whoever reads it is told."""
    return fold_name(name) if isinstance(name, str) else ""
