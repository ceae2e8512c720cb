"""Tags: what videos show, and when.

The frames of a library from before have vectors and no tags, which come from the same run of the
network. Their stage is made pending: everything is found as before, and the next `index` makes both
anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The encoders of version 0001 that name things.
_NAMERS = ("efficientnet-lite0", "toy-frames")


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Double(), nullable=False),
        sa.Column("end_seconds", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name="fk_tag_video_id_video", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "position", name="pk_tag"),
    )
    op.create_index("ix_tag_name_video_id", "tag", ["name", "video_id"])
    _move_stages("done", "pending", "tags are to be made")


def downgrade() -> None:
    _move_stages("pending", "done", "")
    op.drop_table("tag")


def _move_stages(status: str, new_status: str, detail: str) -> None:
    stage = sa.table("stage", *map(sa.column, ("stage", "encoder", "status", "detail")))
    space = sa.table("space", *map(sa.column, ("key", "encoder")))
    namers = sa.select(space.c.key).where(space.c.encoder.in_(_NAMERS))
    op.execute(
        sa.update(stage)
        .where(stage.c.stage == "frames", stage.c.status == status, stage.c.encoder.in_(namers))
        .values(status=new_status, detail=detail)
    )
