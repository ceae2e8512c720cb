"""Lines of text in pictures, with full-text indexes as those of lyric lines; see revision 0002.

Only on SQLite with FTS5 are there indexes; elsewhere these lines are searched by meaning alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OF_NEW = "WHERE video_id = new.video_id AND position = new.position"
_OF_OLD = "WHERE video_id = old.video_id AND position = old.position"
_ADD = f"""
    INSERT INTO ocr_key (video_id, position) VALUES (new.video_id, new.position);
    INSERT INTO ocr_word (rowid, text) SELECT id, new.text FROM ocr_key {_OF_NEW};
    INSERT INTO ocr_gram (rowid, text) SELECT id, ' ' || new.text || '  ' FROM ocr_key {_OF_NEW};
"""
_DROP = f"""
    INSERT INTO ocr_word (ocr_word, rowid, text)
        SELECT 'delete', id, old.text FROM ocr_key {_OF_OLD};
    INSERT INTO ocr_gram (ocr_gram, rowid, text)
        SELECT 'delete', id, ' ' || old.text || '  ' FROM ocr_key {_OF_OLD};
    DELETE FROM ocr_key {_OF_OLD};
"""
_STATEMENTS = (
    "CREATE TABLE ocr_key (id INTEGER PRIMARY KEY, video_id TEXT NOT NULL,"
    " position INTEGER NOT NULL, UNIQUE (video_id, position))",
    "CREATE VIRTUAL TABLE ocr_word USING"
    " fts5(text, content='', tokenize='unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE ocr_gram USING fts5(text, content='', tokenize='trigram')",
    "CREATE VIRTUAL TABLE ocr_gram_term USING fts5vocab(ocr_gram, row)",
    f"CREATE TRIGGER ocr_line_added AFTER INSERT ON ocr_line BEGIN {_ADD} END",
    f"CREATE TRIGGER ocr_line_dropped AFTER DELETE ON ocr_line BEGIN {_DROP} END",
    # Triggers of one moment fire in no promised order: a line leaves before, and comes back after.
    f"CREATE TRIGGER ocr_line_leaves BEFORE UPDATE ON ocr_line BEGIN {_DROP} END",
    f"CREATE TRIGGER ocr_line_comes AFTER UPDATE ON ocr_line BEGIN {_ADD} END",
)


def upgrade() -> None:
    op.create_table(
        "ocr_line",
        sa.Column("video_id", sa.String(128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Double(), nullable=False),
        sa.Column("end_seconds", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("is_moving", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name="fk_ocr_line_video_id_video", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "position", name="pk_ocr_line"),
    )
    for statement in _STATEMENTS if _has_full_text() else ():
        op.execute(sa.text(statement))


def downgrade() -> None:
    if _has_full_text():
        for trigger in ("added", "dropped", "leaves", "comes"):
            op.execute(sa.text(f"DROP TRIGGER IF EXISTS ocr_line_{trigger}"))
        for table in ("ocr_gram_term", "ocr_gram", "ocr_word", "ocr_key"):
            op.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
    op.drop_table("ocr_line")
    op.execute(sa.text("DELETE FROM stage WHERE stage = 'ocr'"))


def _has_full_text() -> bool:
    """Whether this is SQLite, built with FTS5, and new enough to cut text into threes (3.34)."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return False
    if (connection.dialect.server_version_info or (0,)) < (3, 34):
        return False
    return "fts5" in connection.scalars(sa.text("SELECT name FROM pragma_module_list")).all()
