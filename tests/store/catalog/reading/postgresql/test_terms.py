"""Lines by words, trigrams and sounds in PostgreSQL, against SQLite and against a recount."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

import mvsearch.store.catalog.reading.line_index
from mvsearch.indexer.lyrics.files.lrc import parse_lrc
from mvsearch.store.catalog.reading.line_index import (
    count_lines,
    count_words,
    find_matches,
    split_words,
)
from mvsearch.store.catalog.reading.postgresql.folding import cut_threes, cut_words
from mvsearch.store.catalog.reading.postgresql.indexing import (
    MAX_LINE_LETTERS,
    find_unindexed,
    index_lines,
    store_sounds,
)
from mvsearch.store.database.base import Base
from mvsearch.store.database.postgresql.words import WORD_STATEMENTS
from mvsearch.store.library import Library
from tests.limits import HANG_SECONDS
from tests.store.catalog.reading.test_lyrics import ODD, SONGS, sing, sing_all
from tests.store.examples import SPACES

pytestmark = pytest.mark.postgres

SONG_FOLDER = Path(os.environ.get("MVSEARCH_TEST_MEDIA", "../shared/media"))
LETTERS = "abcdeéÉñßÄ 'さ好き愛ночьЙçœ1 2-_😀ώΣς़क़\x07\\\"%&|!:*()<>"
LONG = ["\\' & | ! :* <-> (", "x" * 5000, "na " * 1600, "愛" * 3000, "\ufffd", "\u202e", "''"]


@pytest.fixture
def engine(postgres_address: str) -> Iterator[Engine]:
    """A database with the tables of lines."""
    engine = create_engine(postgres_address)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        for statement in WORD_STATEMENTS:
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "sqlite", create=True) as opened:
        opened.catalog.adopt_profile("toy", SPACES)
        yield opened


def copy_lines(library: Library, connection: Connection) -> None:
    """Copy the videos with their lyrics."""
    with library.catalog._database.reading() as session:
        for name in ("video", "lyrics", "lyric_line"):
            table = Base.metadata.tables[name]
            rows = [dict(row._mapping) for row in session.connection().execute(table.select())]
            connection.execute(table.insert(), rows)
    index_lines(connection, "lyric")


def check_counts(connection: Connection, table: str, kinds: dict[str, str]) -> None:
    """The counts of terms and lines are those that a count of all lines gives."""
    for kind, column in kinds.items():
        lines = connection.scalars(text(f"SELECT {column} FROM {table}")).all()
        expected = Counter(term for terms in lines for term in set(terms))
        rows = connection.execute(
            text("SELECT term, n FROM line_term WHERE kind = :k"), {"k": kind}
        )
        assert {row.term: row.n for row in rows} == expected
        total = connection.execute(
            text("SELECT n_lines, n_terms FROM line_total WHERE kind = :k"), {"k": kind}
        ).one_or_none()
        assert tuple(total or (0, 0)) == (len(lines), sum(map(len, lines)))


LYRIC_KINDS = {"lyric_word": "words", "lyric_gram": "grams"}


@pytest.mark.parametrize("n_ranked", [4000, 60])
def test_the_same_lines_with_the_same_bm25_as_by_sqlite(engine, library, monkeypatch, n_ranked):
    monkeypatch.setattr(mvsearch.store.catalog.reading.line_index, "N_RANKED", n_ranked)
    drawn = random.Random(n_ranked)
    words = ["".join(drawn.choices(LETTERS, k=drawn.randint(1, 7))) for _ in range(200)]
    sing_all(library.catalog)
    for at in range(20):
        lines = [
            " ".join(words[int(199 * drawn.random() ** 3)] for _ in range(drawn.randint(1, 8)))
            for _ in range(25)
        ]
        sing(library.catalog, f"v{at:02}", [*filter(str.strip, lines), *LONG[at : at + 1]])
    asked = [" ".join(drawn.sample(words, drawn.randint(1, 5))) for _ in range(150)]
    asked += [*ODD, *LONG, *(line[1:] for song in SONGS.values() for line in song)]
    with library.catalog._database.reading() as session, engine.begin() as other:
        copy_lines(library, other)
        check_counts(other, "lyric_index", LYRIC_KINDS)
        one = session.connection()
        n_lines = count_lines(one, "lyric")
        assert count_lines(other, "lyric") == n_lines > 500
        said = [word for line in words for word in split_words(line)]
        assert count_words(other, "lyric", said) == count_words(one, "lyric", said)
        n_found = 0
        for line in asked:
            expected = find_matches(one, "lyric", line, 40, n_lines)
            found = find_matches(other, "lyric", line, 40, n_lines)
            assert [(m.video_id, m.position) for m in found] == [
                (m.video_id, m.position) for m in expected
            ], repr(line)
            assert [m.bm25 for m in found] == pytest.approx([m.bm25 for m in expected], rel=1e-9)
            n_found += len(found)
        assert n_found > 2000


@pytest.mark.skipif(not list(SONG_FOLDER.rglob("*.lrc")), reason="no real songs")
def test_lines_of_real_songs_are_found_as_by_sqlite(engine, library):
    drawn = random.Random(5)
    lines = []
    for at, path in enumerate(sorted(SONG_FOLDER.rglob("*.lrc"))):
        song = [line.text for line in parse_lrc(path.read_text("utf-8")).lines]
        sing(library.catalog, f"s{at:03}", song)
        lines += song
    with library.catalog._database.reading() as session, engine.begin() as other:
        copy_lines(library, other)
        one = session.connection()
        n_found = 0
        for line in drawn.sample(lines, min(60, len(lines))):
            wrong = line[: len(line) // 2] + line[len(line) // 2 + 1 :]
            for asked in (line, wrong, line[:12]):
                expected = find_matches(one, "lyric", asked, 40, len(lines))
                assert find_matches(other, "lyric", asked, 40, len(lines)) == expected
                n_found += len(expected)
        assert n_found > 500


def test_terms_and_their_counts_follow_every_change(engine, library):
    sing_all(library.catalog)
    with engine.begin() as connection:
        copy_lines(library, connection)
        assert find_unindexed(connection, "lyric") == []
        assert find_matches(connection, "lyric", "dancing all", 5, 12)
        connection.execute(text("UPDATE lyric_line SET text = 'new' WHERE video_id = 'aa'"))
        connection.execute(text("UPDATE lyric_line SET rejected = 'no' WHERE text LIKE 'danc%'"))
        assert find_unindexed(connection, "lyric") == ["cc"]
        index_lines(connection, "lyric", ["aa", "cc"])
        assert find_unindexed(connection, "lyric") == []
        check_counts(connection, "lyric_index", LYRIC_KINDS)
        store_sounds(connection, [sounds("aa", at, "abcdef") for at in (0, 1, 7)])
        store_sounds(
            connection, [sounds("aa", 1, "xyzxyz"), sounds("bb", 0, 'a"b'), sounds("bb", 1)]
        )
        terms = connection.execute(text("SELECT grams, terms FROM lyric_sound ORDER BY id"))
        assert [(each.grams, each.terms) for each in terms] == [
            *((grams, cut_threes(grams)) for grams in ("abcdef", "xyzxyz", 'a"b', ""))
        ]
        check_counts(connection, "lyric_sound", {"lyric_sound": "terms"})
        connection.execute(text("DELETE FROM video WHERE id IN ('aa', 'bb')"))
        check_counts(connection, "lyric_index", LYRIC_KINDS)
        check_counts(connection, "lyric_sound", {"lyric_sound": "terms"})
        connection.execute(text("DELETE FROM video"))
        assert connection.scalar(text("SELECT count(*) FROM line_term")) == 0
        assert count_lines(connection, "lyric") == 0
        assert find_matches(connection, "lyric", "dancing", 5, 0) == []


def sounds(video_id: str, position: int, grams: str = "") -> dict[str, object]:
    named = {"video_id": video_id, "position": position}
    return {**named, "reading": "en", "revision": "1", "sounds": "x", "grams": grams}


def test_of_a_line_of_a_megabyte_the_beginning_is_indexed(engine, library):
    sing_all(library.catalog)
    line = "shibboleth " * 90_000
    with engine.begin() as connection:
        copy_lines(library, connection)
        change = text("UPDATE lyric_line SET text = :text WHERE video_id = 'aa' AND position = 0")
        connection.execute(change, {"text": line})
        index_lines(connection, "lyric", ["aa"])
        n_terms = text("SELECT max(cardinality(grams)) FROM lyric_index")
        assert connection.scalar(n_terms) == MAX_LINE_LETTERS + 1
        found = find_matches(connection, "lyric", line, 9, 12)
        assert {(match.video_id, match.position) for match in found[:2]} == {("aa", 0), ("cc", 0)}


def test_counts_are_right_after_writers_at_the_same_time(engine, library):
    sing_all(library.catalog)
    with engine.begin() as connection:
        copy_lines(library, connection)

    def write(video_id: str) -> None:
        for n in range(15):
            with engine.connect() as connection, connection.begin() as change:
                values = {"id": video_id, "text": f"the harbour {video_id} {n}"}
                connection.execute(
                    text("UPDATE lyric_line SET text = :text WHERE video_id = :id"), values
                )
                index_lines(connection, "lyric", [video_id])
                if n % 3 == 2:
                    change.rollback()

    reading = engine.execution_options(isolation_level="REPEATABLE READ")
    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write, video_id) for video_id in SONGS]
        while not all(writer.done() for writer in writers):
            with reading.begin() as connection:  # lines and counts of one state
                check_counts(connection, "lyric_index", {"lyric_word": "words"})
    assert [writer.result(HANG_SECONDS) for writer in writers] == [None] * len(SONGS)
    with engine.begin() as connection:
        check_counts(connection, "lyric_index", LYRIC_KINDS)
        assert cut_words("the harbour") == ["the", "harbour"]
        expected = sum(map(len, SONGS.values()))
        assert count_words(connection, "lyric", ["harbour"]) == {"harbour": expected}
