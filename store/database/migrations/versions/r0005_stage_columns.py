"""What a stage was made from, as columns of their own instead of a text to be taken apart.

Until now the detail of lyrics was "origin|fingerprint", and that of frames ended in "key frames
only". The rule by which frames are taken gets a mark: what is there was taken by the rule that
stands today, so nothing is to be done again until that changes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# `indexer.sampling.sampling_mark` as it was for every library before this revision.
_RULE = "82ebbf0d8ab66432"
_KEY_FRAMES = "key frames only"
_NO_PICTURE = "the file has no picture"
# What stood in the place of an origin where there was none.
_REASONS = ("no sound", "not heard yet")
_KEY = ("video_id", "stage", "encoder")
_NEW = ("origin", "fingerprint", "sampling", "has_key_frames_only")
_STAGE = sa.table("stage", *map(sa.column, (*_KEY, "detail", *_NEW)))


def upgrade() -> None:
    # Not in a batch: SQLite adds a column in place, a batch would copy the table.
    for name, length in (("origin", None), ("fingerprint", 40), ("sampling", 40)):
        kind = sa.Text() if length is None else sa.String(length)
        op.add_column("stage", sa.Column(name, kind, nullable=False, server_default=sa.text("''")))
    op.add_column(
        "stage",
        sa.Column("has_key_frames_only", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for row in _read("lyrics"):
        origin, mark, fingerprint = row.detail.rpartition("|")
        if mark:
            is_reason = origin in _REASONS
            kept = {"detail": origin if is_reason else "", "origin": "" if is_reason else origin}
            _write(row, **kept, fingerprint=fingerprint)
    for row in _read("frames"):
        is_rough = row.detail.endswith(_KEY_FRAMES)
        detail = row.detail.removesuffix(_KEY_FRAMES).removesuffix("; ")
        sampling = "" if detail == _NO_PICTURE else _RULE
        _write(row, detail=detail, has_key_frames_only=is_rough, sampling=sampling)


def downgrade() -> None:
    for row in _read("lyrics"):
        if row.fingerprint:
            _write(row, detail=f"{row.origin or row.detail}|{row.fingerprint}")
    for row in _read("frames"):
        if row.has_key_frames_only:
            _write(row, detail="; ".join(filter(None, (row.detail, _KEY_FRAMES))))
    for name in ("has_key_frames_only", "sampling", "fingerprint", "origin"):
        op.drop_column("stage", name)


def _read(stage: str) -> list[sa.Row[Any]]:
    query = sa.select(_STAGE).where(_STAGE.c.stage == stage)
    return list(op.get_bind().execute(query))


def _write(row: sa.Row[Any], **values: object) -> None:
    is_it = sa.and_(*(_STAGE.c[name] == getattr(row, name) for name in _KEY))
    op.execute(sa.update(_STAGE).where(is_it).values(**values))
