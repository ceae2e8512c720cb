"""Catalogues that were damaged by accident or changed by somebody hostile, by seed."""

import io
import math
import random
import sqlite3
import struct
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import typer

from mvsearch import cli
from mvsearch.store.errors import MvsearchError

CATALOG = "catalog.sqlite3"

Edit = Callable[[sqlite3.Connection], object]


def run_sql(*statements: str) -> Edit:
    """An edit that is SQL, whatever it does to foreign keys."""

    def edit(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return edit


def write_raw(table: str, column: str, sql: str) -> Edit:
    """An edit of the schema's text itself."""

    def edit(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(f"UPDATE sqlite_master SET {column} = {sql} WHERE name = '{table}'")
        connection.execute("PRAGMA writable_schema = OFF")

    return edit


def lose_titles(connection: sqlite3.Connection) -> None:
    """Nothing where there has to be something, by a schema that allows it."""
    write_raw("video", "sql", "replace(sql, 'title TEXT NOT NULL', 'title TEXT')")(connection)
    connection.execute("PRAGMA writable_schema = RESET")
    connection.execute("UPDATE video SET title = NULL")


def change_bytes(column: str, start: bytes) -> Edit:
    """An edit of the first bytes of a column of all embeddings."""

    def edit(connection: sqlite3.Connection) -> None:
        rows = connection.execute(f"SELECT rowid, {column} FROM embedding").fetchall()
        for rowid, stored in rows:
            changed = start + stored[len(start) :]
            connection.execute(
                f"UPDATE embedding SET {column} = ? WHERE rowid = ?", (changed, rowid)
            )

    return edit


BAD_UTF8 = "CAST(x'ff80fe' AS TEXT)"
_NESTED = "[" * 100_000

# Each is a kind of change that no run of ours makes.
EDITS: dict[str, Edit] = {
    "title is a blob": run_sql("UPDATE video SET title = x'00ff'"),
    "title is no UTF-8": run_sql(f"UPDATE video SET title = {BAD_UTF8}"),
    "artist is a blob": run_sql("UPDATE video SET artist = x'01'"),
    "id is empty": run_sql("UPDATE video SET id = ''  WHERE id = (SELECT min(id) FROM video)"),
    "id is a blob": run_sql(
        "UPDATE video SET id = x'aabb'  WHERE id = (SELECT min(id) FROM video)"
    ),
    "duration is text": run_sql("UPDATE video SET duration_seconds = 'long'"),
    "duration is infinite": run_sql("UPDATE video SET duration_seconds = 9e999"),
    "duration is huge": run_sql("UPDATE video SET duration_seconds = 1e300"),
    "duration is negative": run_sql("UPDATE video SET duration_seconds = -1"),
    "has_picture is text": run_sql("UPDATE video SET has_picture = 'yes'"),
    "has_sound is seven": run_sql("UPDATE video SET has_sound = 7"),
    "path is text": run_sql("UPDATE location SET path = 'a'"),
    "path holds NUL": run_sql("UPDATE location SET path = x'2f6100622e6d7034'"),
    "folder is a number": run_sql("UPDATE location SET folder = 5"),
    "size is text": run_sql("UPDATE location SET size = 'big'"),
    "mtime is a blob": run_sql("UPDATE location SET mtime_ns = x'00'"),
    "location leads nowhere": run_sql("UPDATE location SET video_id = 'nowhere'"),
    "no locations": run_sql("DELETE FROM location"),
    "modality is unknown": run_sql("UPDATE stage SET stage = 'smell'"),
    "status is unknown": run_sql("UPDATE stage SET status = 'perhaps'"),
    "detail is a number": run_sql("UPDATE stage SET detail = x'07'"),
    "origin is a blob": run_sql("UPDATE stage SET origin = x'07'"),
    "uniform times are of odd length": run_sql("UPDATE stage SET uniform_seconds = x'000102'"),
    "uniform times are infinite": run_sql("UPDATE stage SET uniform_seconds = x'000000000000f07f'"),
    "stage leads nowhere": run_sql("UPDATE stage SET video_id = 'no' || video_id"),
    "encoder is unknown": run_sql("UPDATE stage SET encoder = 'somebody@1'"),
    "starts are of odd length": run_sql("UPDATE embedding SET starts = x'000102'"),
    "starts are too few": run_sql("UPDATE embedding SET starts = substr(starts, 9)"),
    "starts are infinite": change_bytes("starts", struct.pack("<d", math.inf)),
    "starts are huge": change_bytes("starts", struct.pack("<d", 1e17)),
    "all times are huge": lambda connection: [
        change_bytes(column, struct.pack("<d", 1e17))(connection) for column in ("starts", "ends")
    ],
    "starts are text": run_sql("UPDATE embedding SET starts = 'soon'"),
    "ends come before starts": run_sql("UPDATE embedding SET starts = ends, ends = starts"),
    "vectors are of odd length": run_sql("UPDATE embedding SET vectors = x'000102'"),
    "vectors are none": run_sql("UPDATE embedding SET vectors = x''"),
    "vectors are text": run_sql("UPDATE embedding SET vectors = 'abcdefgh'"),
    "vectors are NaN": change_bytes("vectors", struct.pack("<e", math.nan)),
    "vectors are infinite": change_bytes("vectors", struct.pack("<e", math.inf)),
    "vectors are zero": run_sql("UPDATE embedding SET vectors = zeroblob(length(vectors))"),
    "texts are no JSON": run_sql("UPDATE embedding SET texts = '[' WHERE texts IS NOT NULL"),
    "texts are an object": run_sql("UPDATE embedding SET texts = '{\"a\": 1}'"),
    "texts are numbers": run_sql("UPDATE embedding SET texts = '[1, 2, 3]'"),
    "texts are nested deeply": run_sql(f"UPDATE embedding SET texts = '{_NESTED}'"),
    "texts are a blob": run_sql("UPDATE embedding SET texts = x'ff'"),
    "generation is text": run_sql("UPDATE embedding SET generation = 'new'"),
    "embedding leads nowhere": run_sql("UPDATE embedding SET video_id = 'no' || video_id"),
    "space of embedding is unknown": run_sql("UPDATE embedding SET space_key = 'x' || space_key"),
    "dimension is zero": run_sql("UPDATE space SET dim = 0"),
    "dimension is huge": run_sql("UPDATE space SET dim = 9223372036854775807"),
    "dimension is another": run_sql("UPDATE space SET dim = dim / 2"),
    "dimension is text": run_sql("UPDATE space SET dim = 'many'"),
    "modality of space is unknown": run_sql("UPDATE space SET modality = 'smell'"),
    "encoder of space is a path": run_sql("UPDATE space SET encoder = '../../etc/passwd'"),
    "revision is empty": run_sql("UPDATE space SET revision = ''"),
    "space has another key": run_sql("UPDATE space SET key = 'x' || key"),
    "position is a blob": run_sql("UPDATE space SET position = x'00'"),
    "generation of space is text": run_sql("UPDATE space SET generation = 'old'"),
    "generation of space is negative": run_sql("UPDATE space SET generation = -5"),
    "no spaces": run_sql("DELETE FROM space"),
    "profile is unknown": run_sql("UPDATE setting SET value = 'someone'"),
    "profile is a blob": run_sql("UPDATE setting SET value = x'00'"),
    "no profile": run_sql("DELETE FROM setting"),
    "line is a blob": run_sql("UPDATE lyric_line SET text = x'00ff'"),
    "line is no UTF-8": run_sql(f"UPDATE lyric_line SET text = {BAD_UTF8}"),
    "line starts at text": run_sql("UPDATE lyric_line SET start_seconds = 'soon'"),
    "line ends before it starts": run_sql("UPDATE lyric_line SET end_seconds = -4"),
    "words are no JSON": run_sql("UPDATE lyric_line SET words = 'words'"),
    "words are of numbers": run_sql("UPDATE lyric_line SET words = '[[1, \"a\", null]]'"),
    "tokens are text": run_sql("UPDATE lyric_line SET whisper_id = 1, whisper_tokens = '\"a\"'"),
    "whisper is text": run_sql("UPDATE lyric_line SET whisper_id = 'first'"),
    "source is a blob": run_sql("UPDATE lyrics SET source = x'01'"),
    "language is a number": run_sql("UPDATE lyrics SET language = x'02'"),
    "lyrics lead nowhere": run_sql("UPDATE lyrics SET video_id = 'no' || video_id"),
    "keys of lines are lost": run_sql("DELETE FROM lyric_key"),
    "keys of lines lead nowhere": run_sql("UPDATE lyric_key SET position = position + 1000"),
    "words of lines are lost": run_sql("DELETE FROM lyric_word_data"),
    "words of lines are garbage": run_sql("UPDATE lyric_word_data SET block = x'ffffffffffff'"),
    "groups of letters are garbage": run_sql("UPDATE lyric_gram_data SET block = zeroblob(9)"),
    "sizes of lines are lost": run_sql("DROP TABLE lyric_word_docsize"),
    "terms of lines are lost": run_sql("DROP TABLE lyric_gram_term"),
    "terms of shown lines are lost": run_sql("DROP TABLE ocr_gram_term"),
    "tag is a blob": run_sql("UPDATE tag SET name = x'01'"),
    "tag is empty": run_sql("UPDATE tag SET name = ''"),
    "probability is two": run_sql("UPDATE tag SET probability = 2"),
    "tag starts at text": run_sql("UPDATE tag SET start_seconds = 'now'"),
    "tag leads nowhere": run_sql("UPDATE tag SET video_id = 'no' || video_id"),
    "mood is text": run_sql("UPDATE mood SET valence = 'good'"),
    "mood is two": run_sql("UPDATE mood SET arousal = 2"),
    "mood is infinite": run_sql("UPDATE mood SET confidence = 9e999"),
    "mood of a video is infinite": run_sql("UPDATE video SET valence = 9e999, mood_gap = 9e999"),
    "mood of a video is text": run_sql("UPDATE video SET arousal = 'much'"),
    "tempo is text": run_sql("UPDATE video SET bpm = 'fast'"),
    "tempo is infinite": run_sql("UPDATE video SET bpm = 9e999"),
    "tempo is negative": run_sql("UPDATE video SET bpm = -120"),
    "key is unknown": run_sql("UPDATE video SET key = 'H major'"),
    "confidence of a key is two": run_sql("UPDATE video SET key_confidence = 2"),
    "side is unknown": run_sql("UPDATE mood SET side = 'taste' WHERE side = 'sound'"),
    "head is a blob": run_sql("UPDATE mood SET head = x'00ff'"),
    "curve is of odd length": run_sql("UPDATE mood SET curve = x'000102'"),
    "curve is text": run_sql("UPDATE mood SET curve = 'rising'"),
    "curve begins at NaN": run_sql("UPDATE mood SET curve = x'0000c07f010203'"),
    "curve begins before": run_sql("UPDATE mood SET curve = x'000080bf010203'"),
    "curve is far too long": run_sql("UPDATE mood SET curve = zeroblob(7000000)"),
    "joint vector is of odd length": run_sql("UPDATE mood SET joint = x'000102'"),
    "joint vector is NaN": run_sql("UPDATE mood SET joint = x'0000c07f'"),
    "joint vector is too long": run_sql("UPDATE mood SET joint = zeroblob(4000)"),
    "mood leads nowhere": run_sql("UPDATE mood SET video_id = 'no' || video_id"),
    "failure is unknown": run_sql(
        "INSERT INTO failure VALUES (x'01', 'scan', x'2f61', 'a', 'bad_luck', 'because', 1, 1)"
    ),
    "failure has lines": run_sql(
        "INSERT INTO failure VALUES (x'01', 'scan', x'2f61', 'a', 'no_media',"
        " 'a' || char(10) || 'b', 1, 1)"
    ),
    "failure is a blob": run_sql(
        "INSERT INTO failure VALUES (x'01', x'02', x'2f61', 'a', 'no_media', x'03', 1, 1)"
    ),
    "titles are NULL": lose_titles,
    "a column is gone": run_sql("ALTER TABLE video DROP COLUMN has_sound"),
    "a table is gone": run_sql("DROP TABLE stage"),
    "a table is a view": run_sql(
        "ALTER TABLE video RENAME TO hidden", "CREATE VIEW video AS SELECT * FROM hidden"
    ),
    "a view that never ends": run_sql(
        "DROP TABLE tag",
        "CREATE VIEW tag AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT x AS video_id, x AS position, 'a' AS name, 0.0 AS start_seconds,"
        " 1.0 AS end_seconds, 0.5 AS probability FROM n",
    ),
    "a trigger that deletes": run_sql(
        "CREATE TRIGGER evil AFTER INSERT ON stage BEGIN DELETE FROM video; END"
    ),
    "a trigger that refuses": run_sql(
        "CREATE TRIGGER evil BEFORE INSERT ON stage BEGIN SELECT RAISE(ABORT, 'no'); END"
    ),
    "a trigger of ours does something else": run_sql(
        "DROP TRIGGER lyric_line_dropped",
        "CREATE TRIGGER lyric_line_dropped AFTER DELETE ON lyric_line BEGIN DELETE FROM video; END",
    ),
    "version is a blob": run_sql("UPDATE alembic_version SET version_num = x'ff'"),
    "two versions": run_sql("INSERT INTO alembic_version VALUES ('0001')"),
    "version is an older one": run_sql("UPDATE alembic_version SET version_num = '0003'"),
    "schema is no SQL": write_raw("video", "sql", "'CREATE TABLE video (nothing'"),
    "schema is no UTF-8": write_raw("video", "sql", f"sql || {BAD_UTF8}"),
    "root page is wrong": write_raw("video", "rootpage", "99999"),
}


def edit(folder: Path, name: str) -> None:
    """Change the catalogue of a closed library in one of the ways of `EDITS`."""
    with closing(sqlite3.connect(folder / CATALOG)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        EDITS[name](connection)
        connection.commit()


def flip_bits(folder: Path, seed: int, n_bits: int = 8) -> None:
    """Flip some bits of the catalogue of a closed library, as a bad disk does."""
    rng = random.Random(seed)
    file = folder / CATALOG
    content = bytearray(file.read_bytes())
    for _ in range(n_bits):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


def list_commands(videos: Path) -> list[list[str]]:
    """What is asked of a damaged library, reading and writing."""
    return [
        ["list"],
        ["list", "--json"],
        ["status"],
        ["failures"],
        ["show", "first"],
        ["show", "second", "--json"],
        ["lyrics", "first"],
        ["search", "--lyric", "the river home"],
        ["search", "--text", "the river"],
        ["search", "--like", "first"],
        ["search", "--text", "water", "--collapse", "--json"],
        ["similar", "first"],
        ["similar", "--all", "--format", "json"],
        ["versions"],
        ["check"],
        ["index", str(videos)],
    ]


def ask(folder: Path, commands: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Run commands in this process, one after the other.

    Yields:
        A command, and what went wrong: nothing where it ended well or with an error of ours that is
        one line; else the traceback.
    """
    for words in commands:
        shown = io.StringIO()
        trouble = ""
        try:
            with redirect_stdout(shown), redirect_stderr(shown):
                cli.app([*words, "--library", str(folder)], standalone_mode=False)
        except MvsearchError as error:
            if "\n" in str(error) or not str(error):
                trouble = f"not one line: {error!r}"
        except typer.Exit:
            pass
        except typer.TyperException as error:
            trouble = f"refused: {error}"
        except Exception:  # noqa: BLE001  # whatever it is, it is what is looked for
            trouble = traceback.format_exc()
        if "Traceback" in shown.getvalue():
            trouble += shown.getvalue()
        yield " ".join(words), trouble
