"""Lines of text in pictures: stored as they are, found by words, and checked for damage."""

import sqlite3

import pytest

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.checking.check import check_library
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.library import Library
from mvsearch.store.records import MAX_LINE_LETTERS, ShownLine, Stage
from tests.store.examples import SHOWN, fill_song

STAGE = Stage("ab12", "ocr", "reader:ocr@2", "done")


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    fill_song(catalog, "ab12", seed=1)
    return catalog


def find(catalog: Catalog, line: str) -> list[str]:
    return [match.text for match in catalog.lyric_matches(line, lines="ocr")]


def test_lines_come_back_and_are_found_apart_from_lyrics(filled: Catalog) -> None:
    assert filled.shown_lines("ab12") == SHOWN
    assert filled.shown_lines("other") == ()
    assert find(filled, "take me horne")[0] == "take me home"
    assert (filled.n_lyric_lines(), filled.n_lyric_lines("ocr")) == (2, 2)
    assert filled.count_lyric_lines(["home", "table"], "ocr") == {"home": 1, "table": 1}


def test_a_stage_replaces_its_lines_and_leaves_lyrics_tags_and_stills(filled: Catalog) -> None:
    before = filled.lyrics("ab12"), filled.tags("ab12"), filled.still_seconds(["ab12"])
    filled.store_stage(STAGE, shown=[ShownLine("along the river", 0.0, 1.0, 1.0)])
    assert find(filled, "take me home") == []
    assert find(filled, "river") == ["along the river"]
    assert (filled.lyrics("ab12"), filled.tags("ab12"), filled.still_seconds(["ab12"])) == before
    filled.drop_locations([location.path for location in filled.locations()])
    assert filled.n_lyric_lines("ocr") == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", ""),
        ("text", "x" * (MAX_LINE_LETTERS + 1)),
        ("end_seconds", "1e300"),
        ("end_seconds", "-1"),
        ("start_seconds", "'soon'"),
        ("probability", "2"),
        ("is_moving", "7"),
    ],
)
def test_damaged_lines_are_told(filled: Catalog, library: Library, column: str, value: str) -> None:
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    given = f"'{value}'" if column == "text" else value
    connection.execute(f"UPDATE ocr_line SET {column} = {given} WHERE position = 0")
    connection.commit()
    connection.close()
    with pytest.raises(LibraryDamagedError):
        filled.shown_lines("ab12")
    assert any("ab12" in damage.where for damage in check_library(library.folder).damages)


def test_an_index_that_is_out_of_step_is_damage(filled: Catalog, library: Library) -> None:
    assert check_library(library.folder).damages == ()
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    connection.execute("DELETE FROM ocr_key WHERE position = 0")
    connection.commit()
    connection.close()
    assert "ocr_line" in {damage.where for damage in check_library(library.folder).damages}


@pytest.mark.parametrize(
    ("text", "start", "end", "probability"),
    [
        ("", 0.0, 1.0, 1.0),
        ("x" * (MAX_LINE_LETTERS + 1), 0.0, 1.0, 1.0),
        ("x", 2.0, 1.0, 1.0),
        ("x", 0.0, float("inf"), 1.0),
        ("x", 0.0, 1.0, 1.1),
        ("x", 0.0, 1.0, float("nan")),
    ],
)
def test_records_refuse_what_cannot_be(
    text: str, start: float, end: float, probability: float
) -> None:
    with pytest.raises(ValueError, match=r"line|times|probability|ordered|finite"):
        ShownLine(text, start, end, probability)
