"""Full-text indexes over the lyric lines that are not rejected.

`lyric_key` numbers the lines: SQLite may renumber the rows of a table without a number of its own
when it is vacuumed or copied, and an index that points to them would then be wrong. Triggers keep
all three in step, whoever changes a line; a cascade from a deleted video fires them as well. A
later migration that rebuilds `lyric_line` has to make the triggers again.

The indexes hold no text of their own (`content=''`). Three letters at a time are indexed from a
space before the line to two behind it, so that each letter begins a group of three.

Only on SQLite with FTS5; elsewhere nothing is made, and lyrics are searched by meaning alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OF_NEW = "WHERE video_id = new.video_id AND position = new.position"
_OF_OLD = "WHERE video_id = old.video_id AND position = old.position"
_ADD = f"""
    INSERT INTO lyric_key (video_id, position) VALUES (new.video_id, new.position);
    INSERT INTO lyric_word (rowid, text) SELECT id, new.text FROM lyric_key {_OF_NEW};
    INSERT INTO lyric_gram (rowid, text)
        SELECT id, ' ' || new.text || '  ' FROM lyric_key {_OF_NEW};
"""
_DROP = f"""
    INSERT INTO lyric_word (lyric_word, rowid, text)
        SELECT 'delete', id, old.text FROM lyric_key {_OF_OLD};
    INSERT INTO lyric_gram (lyric_gram, rowid, text)
        SELECT 'delete', id, ' ' || old.text || '  ' FROM lyric_key {_OF_OLD};
    DELETE FROM lyric_key {_OF_OLD};
"""
_STATEMENTS = (
    "CREATE TABLE lyric_key (id INTEGER PRIMARY KEY, video_id TEXT NOT NULL,"
    " position INTEGER NOT NULL, UNIQUE (video_id, position))",
    "CREATE VIRTUAL TABLE lyric_word USING"
    " fts5(text, content='', tokenize='unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE lyric_gram USING fts5(text, content='', tokenize='trigram')",
    "CREATE VIRTUAL TABLE lyric_gram_term USING fts5vocab(lyric_gram, row)",
    "INSERT INTO lyric_key (video_id, position)"
    " SELECT video_id, position FROM lyric_line WHERE rejected IS NULL",
    "INSERT INTO lyric_word (rowid, text)"
    " SELECT id, text FROM lyric_key JOIN lyric_line USING (video_id, position)",
    "INSERT INTO lyric_gram (rowid, text)"
    " SELECT id, ' ' || text || '  ' FROM lyric_key JOIN lyric_line USING (video_id, position)",
    "CREATE TRIGGER lyric_line_added AFTER INSERT ON lyric_line"
    f" WHEN new.rejected IS NULL BEGIN {_ADD} END",
    "CREATE TRIGGER lyric_line_dropped AFTER DELETE ON lyric_line"
    f" WHEN old.rejected IS NULL BEGIN {_DROP} END",
    # Triggers of one moment fire in no promised order: a line leaves before, and comes back after.
    "CREATE TRIGGER lyric_line_leaves BEFORE UPDATE ON lyric_line"
    f" WHEN old.rejected IS NULL BEGIN {_DROP} END",
    "CREATE TRIGGER lyric_line_comes AFTER UPDATE ON lyric_line"
    f" WHEN new.rejected IS NULL BEGIN {_ADD} END",
)


def upgrade() -> None:
    if not _has_full_text():
        return
    for statement in _STATEMENTS:
        op.execute(sa.text(statement))


def downgrade() -> None:
    if not _has_full_text():
        return
    for trigger in ("added", "dropped", "leaves", "comes"):
        op.execute(sa.text(f"DROP TRIGGER IF EXISTS lyric_line_{trigger}"))
    for table in ("lyric_gram_term", "lyric_gram", "lyric_word", "lyric_key"):
        op.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))


def _has_full_text() -> bool:
    """Whether this is SQLite, built with FTS5, and new enough to cut text into threes (3.34)."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return False
    if (connection.dialect.server_version_info or (0,)) < (3, 34):
        return False
    return "fts5" in connection.scalars(sa.text("SELECT name FROM pragma_module_list")).all()
