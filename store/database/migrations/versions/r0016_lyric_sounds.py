"""How lyric lines sound, with a full-text index of it, so that misheard lines are found.

The next run of `mvsearch index` fills both. Only on SQLite with FTS5 are there such tables, as
those of revision 0002; elsewhere lines are found by spelling and by meaning alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "CREATE TABLE lyric_sound (id INTEGER PRIMARY KEY,"
    " video_id TEXT NOT NULL REFERENCES lyrics (video_id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL, reading TEXT NOT NULL, revision TEXT NOT NULL,"
    " sounds TEXT NOT NULL, grams TEXT NOT NULL, UNIQUE (video_id, position))",
    "CREATE INDEX ix_lyric_sound_reading ON lyric_sound (reading)",
    "CREATE VIRTUAL TABLE lyric_sound_gram USING"
    " fts5(grams, content='', tokenize='trigram case_sensitive 1')",
    """CREATE TRIGGER lyric_sound_added AFTER INSERT ON lyric_sound BEGIN
    INSERT INTO lyric_sound_gram (rowid, grams) VALUES (new.id, new.grams);
END""",
    """CREATE TRIGGER lyric_sound_dropped AFTER DELETE ON lyric_sound BEGIN
    INSERT INTO lyric_sound_gram (lyric_sound_gram, rowid, grams)
        VALUES ('delete', old.id, old.grams);
END""",
)


def upgrade() -> None:
    for statement in _STATEMENTS if _has_full_text() else ():
        op.execute(sa.text(statement))


def downgrade() -> None:
    if _has_full_text():
        for trigger in ("added", "dropped"):
            op.execute(sa.text(f"DROP TRIGGER IF EXISTS lyric_sound_{trigger}"))
        for table in ("lyric_sound_gram", "lyric_sound"):
            op.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))


def _has_full_text() -> bool:
    """Whether this is SQLite, built with FTS5, and new enough to cut text into threes (3.34)."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return False
    if (connection.dialect.server_version_info or (0,)) < (3, 34):
        return False
    return "fts5" in connection.scalars(sa.text("SELECT name FROM pragma_module_list")).all()
