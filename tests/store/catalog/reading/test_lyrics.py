"""Lines by their words and letters, against plain Python and against SQLite itself."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import mvsearch.store.catalog.reading.lyrics
from mvsearch.store.catalog.reading.line_index import split_words
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Lyrics, Stage
from tests.store.examples import LINES, SPACES, add_song, drop_generations

SONGS = {
    "aa": [
        "the harbour sleeps below the hill",
        "Café by the sea",
        "can't stop the rain",
        "So great",
    ],
    "bb": [
        "we were dancing in the harbour",
        "the the the",
        "Ночь, улица, фонарь",
        "愛してる",
        "君が好き",
    ],
    "cc": [
        "shibboleth, said the gate",
        "dancing all night",
        "\U0001f525 burn",
        "NEAR the river AND the sea",
    ],
}


def sing(catalog: Catalog, video_id: str, lines: list[str], rejected: str | None = None) -> None:
    """Give a video lyrics, in place of any before."""
    if not catalog.has_video(video_id):
        add_song(catalog, video_id)
    sung = tuple(LyricLine(line, 2.0 * at, 2.0 * at + 1) for at, line in enumerate(lines))
    if rejected is not None:
        sung += (LyricLine(rejected, 90.0, 91.0, rejected="no voice"),)
    stage = Stage(video_id, "lyrics", LINES.key, "done")
    catalog.store_stage(stage, (), Lyrics(sung, "sidecar"))


def sing_all(catalog: Catalog) -> Catalog:
    for video_id, lines in SONGS.items():
        sing(catalog, video_id, lines, rejected="thanks for watching")
    return catalog


@pytest.fixture
def sung(catalog: Catalog) -> Catalog:
    """A catalogue to change."""
    return sing_all(catalog)


@pytest.fixture(scope="module")
def asked_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """A catalogue to ask only, made once."""
    with Library.open(tmp_path_factory.mktemp("asked"), create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)
        yield sing_all(library.catalog)


def best(catalog: Catalog, line: str) -> str | None:
    matches = catalog.lyric_matches(line)
    assert [m.bm25 for m in matches] == sorted((m.bm25 for m in matches), reverse=True)
    return matches[0].text if matches else None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("shibboleth", "shibboleth, said the gate"),
        ("SHIBOLETH", "shibboleth, said the gate"),
        ("the harbor slepes belwo the hill", "the harbour sleeps below the hill"),
        ("Sp graet", "So great"),
        ("cafe", "Café by the sea"),
        ("cafÉ", "Café by the sea"),
        ("cant stop", "can't stop the rain"),
        ("can’t stop", "can't stop the rain"),
        ("ночь улица", "Ночь, улица, фонарь"),
        ("愛してる", "愛してる"),
        ("愛", "愛してる"),
        ("る", "愛してる"),
        ("好き", "君が好き"),
        ("\U0001f525", "\U0001f525 burn"),
        ("NEAR river", "NEAR the river AND the sea"),
    ],
)
def test_a_line_is_found_by_its_words_and_by_what_is_left_of_them(
    asked_of: Catalog, asked: str, expected: str
) -> None:
    assert best(asked_of, asked) == expected


# fmt: off
ODD = [
    '"', '""" OR', "text: the", "^the", "the*", "NEAR(the, 2)", "AND", "NOT the", "-", "(", "%_%",
    "{text}:", "\0", "\ud800", "!!!", " ", "a" * 10_000, "the " * 2_500, "'" * 99, "'; --",
]
# fmt: on


@pytest.mark.parametrize("asked", ODD)
def test_nothing_that_is_asked_is_read_as_an_operator(asked_of: Catalog, asked: str) -> None:
    for match in asked_of.lyric_matches(asked):
        assert match.text in SONGS[match.video_id]


def test_bm25_is_that_of_sqlite_by_words_or_by_letters(asked_of: Catalog) -> None:
    apart = sqlite3.connect(":memory:")
    apart.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    apart.execute("CREATE VIRTUAL TABLE grams USING fts5(text, tokenize='trigram')")
    lines = [line for song in SONGS.values() for line in song]
    apart.executemany("INSERT INTO words VALUES (?)", [(line,) for line in lines])
    apart.executemany("INSERT INTO grams VALUES (?)", [(f" {line}  ",) for line in lines])
    expected: dict[str, float] = {}
    grams = [" al", "all", "ll ", "l n", " ni", "nig", "igh", "ght", "ht "]
    for table, terms in {"words": ["all", "night"], "grams": grams}.items():
        question = f"SELECT text, -bm25({table}) FROM {table} WHERE {table} MATCH ?"
        for text, bm25 in apart.execute(question, (" OR ".join(f'"{t}"' for t in terms),)):
            line = text.strip()
            expected[line] = max(bm25, expected.get(line, 0.0))
    assert len(expected) == 2
    assert {m.text: m.bm25 for m in asked_of.lyric_matches("all night")} == pytest.approx(expected)


def test_words_are_counted_by_lines(asked_of: Catalog) -> None:
    lines = [split_words(line) for song in SONGS.values() for line in song]
    asked = ["the", "harbour", "dancing", "cafe", "nothing", "ночь"]
    expected = {word: sum(word in line for line in lines) for word in asked}
    assert asked_of.count_lyric_lines(asked) == expected
    assert asked_of.n_lyric_lines() == len(lines)


def test_what_is_found_does_not_depend_on_how_the_library_came_to_be(
    sung: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that were sung again and again have other numbers than those of a fresh library."""
    # Few enough that every limit cuts off among equals.
    monkeypatch.setattr(mvsearch.store.catalog.reading.line_index, "N_RANKED", 3)
    words = ["the", "harbour", "dancing", "愛", "nothing"]
    asked = ["the harbour", "dancing in the harbor", "the the", "愛してる", "ночь"]
    for round_ in range(20):
        sing(sung, "dd", SONGS["bb"] if round_ % 2 else [*SONGS["cc"], *SONGS["aa"]])
        sing(sung, "aa", SONGS["aa"])
    sing(sung, "bb", SONGS["bb"])
    with Library.open(tmp_path / "fresh", create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)
        for video_id in "bb", "dd", "aa", "cc":
            sing(library.catalog, video_id, SONGS.get(video_id, SONGS["bb"]))
        fresh = library.catalog
        assert sung.n_lyric_lines() == fresh.n_lyric_lines() == 18
        assert sung.count_lyric_lines(words) == fresh.count_lyric_lines(words)
        for line in asked:
            assert sung.lyric_matches(line, 2) == fresh.lyric_matches(line, 2) != []


def test_where_everything_is_common_whole_pieces_are_found(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["you", "and", "me", "now", "here", "baby"]
    lines = [f"{a} {b} {c}" for a in words for b in words for c in words]
    sing(catalog, "aa", lines)
    monkeypatch.setattr(mvsearch.store.catalog.reading.line_index, "N_RANKED", 20)
    assert "you and me" in [match.text for match in catalog.lyric_matches("you and me")]
    assert "here baby now" in [match.text for match in catalog.lyric_matches("here bayb now")]


def check_in_step(library: Library) -> None:
    """The indexes hold the lines that are not rejected, and nothing else."""
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    lines = connection.execute(
        "SELECT video_id, position, text FROM lyric_line WHERE rejected IS NULL"
    ).fetchall()
    keys = connection.execute("SELECT video_id, position FROM lyric_key").fetchall()
    assert sorted(keys) == sorted(line[:2] for line in lines)
    for table in ("lyric_word", "lyric_gram"):
        # Fails where what is indexed is not exactly the rows that were put in.
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        n_indexed = connection.execute(f"SELECT count(*) FROM {table}_docsize").fetchone()[0]
        assert n_indexed == len(lines)
    for video_id, position, text in lines:
        asked = " AND ".join(f'"{word}"' for word in split_words(text.replace("'", " ")))
        if asked:
            found = connection.execute(
                "SELECT video_id, position FROM lyric_key WHERE id IN"
                " (SELECT rowid FROM lyric_word WHERE lyric_word MATCH ?)",
                (asked,),
            ).fetchall()
            assert (video_id, position) in found
    connection.close()


def test_the_indexes_follow_every_change(sung: Catalog, library: Library) -> None:
    check_in_step(library)
    assert "thanks for watching" not in [m.text for m in sung.lyric_matches("thanks for watching")]
    sing(sung, "aa", ["something else is sung now"])
    check_in_step(library)
    assert best(sung, "something else") == "something else is sung now"
    assert not [m for m in sung.lyric_matches("café sleeps") if m.video_id == "aa"]
    sung.drop_locations([Path("/music/bb.mp4")])  # the video goes, and the cascade takes its lines
    check_in_step(library)
    assert not [m for m in sung.lyric_matches("ночь улица") if m.video_id == "bb"]
    change = sqlite3.connect(library.folder / "catalog.sqlite3")
    change.execute("UPDATE lyric_line SET text = 'changed by hand' WHERE video_id = 'aa'")
    change.execute("UPDATE lyric_line SET rejected = 'no' WHERE text LIKE 'dancing%'")
    change.execute("UPDATE lyric_line SET rejected = NULL WHERE text LIKE 'thanks%'")
    change.commit()
    change.execute("VACUUM")
    change.close()
    check_in_step(library)
    assert best(sung, "changed by hand") == "changed by hand"
    assert best(sung, "thanks for watching") == "thanks for watching"


def go_back(folder: Path) -> None:
    """Make of a catalogue what it was in the first version of its tables."""
    connection = sqlite3.connect(folder / "catalog.sqlite3")
    for trigger in ("added", "dropped", "leaves", "comes"):
        connection.execute(f"DROP TRIGGER lyric_line_{trigger}")
    for table in ("lyric_gram_term", "lyric_gram", "lyric_word", "lyric_key", "tag"):
        connection.execute(f"DROP TABLE {table}")
    drop_generations(connection)
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.commit()
    connection.close()


def test_an_older_library_gets_its_indexes_when_it_is_opened(
    sung: Catalog, library: Library
) -> None:
    before = {line: best(sung, line) for song in SONGS.values() for line in song}
    library.close()
    go_back(library.folder)
    with Library.open(library.folder) as again:
        assert {line: best(again.catalog, line) for line in before} == before
        check_in_step(again)


def test_without_full_text_search_nothing_is_found_and_nothing_fails(
    sung: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsearch.store.catalog.reading.lyrics, "has_index", lambda *_: False)
    assert sung.lyric_matches("the harbour") == []
    assert sung.count_lyric_lines(["the"]) == {}
    assert sung.n_lyric_lines() == 0
    library.close()
    go_back(library.folder)
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.commit()
    connection.close()
    monkeypatch.undo()
    with Library.open(library.folder) as bare:  # as it is made where there is no FTS5
        assert bare.catalog.lyric_matches("the harbour") == []
        sing(bare.catalog, "dd", ["a new line"])
        assert bare.catalog.lyrics("dd") is not None
