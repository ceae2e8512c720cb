"""A check finds what is wrong beside damaged pages, and repairs what can be made again."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

import mvsearch
from mvsearch.store.checking.check import check_library
from mvsearch.store.checking.repair import compare_vectors
from mvsearch.store.library import Library
from mvsearch.store.opening import Address
from tests.store.copying.whole import fill_library
from tests.store.examples import SPACES


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("source") / "library"
    fill_library(place)
    with Library.open(place) as library:
        for space in SPACES:
            library.index(space)
    return place


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "library")


def change(address: Address, *statements: str) -> None:
    with Library.open(address) as library, library.database.writing() as session:
        for statement in statements:
            session.execute(text(statement))


EDITS = {
    "vectors are missing": (
        "DELETE FROM embedding WHERE video_id = '02' AND space_key = 'seer@1'",
        "embedding: the vectors of 1 videos in seer@1 are missing",
        False,
    ),
    "rows are newer": (
        "UPDATE embedding SET generation = 9000000000000000000"
        " WHERE video_id = '02' AND space_key = 'hearer@3'",
        "embedding: 1 rows are newer than their space",
        False,
    ),
    "sounds without lines": (
        "INSERT INTO lyric_sound (video_id, position, reading, revision, sounds, grams)"
        " VALUES ('02', 77, 'latin', '1', 'a', 'b')",
        "lyric_sound: 1 rows are of lines that are missing",
        True,
    ),
}


@pytest.mark.robustness
@pytest.mark.parametrize("name", EDITS)
def test_missing_and_dangling_rows_are_found(home: Path, name: str) -> None:
    statement, told, can_repair = EDITS[name]
    assert check_library(home).damages == ()
    change(home, statement)
    found = check_library(home)
    assert told in [f"{one.where}: {one.reason}" for one in found.damages]
    after = check_library(home, repair=True)
    said = [f"{one.where}: {one.reason}" for one in after.repaired]
    assert (told in said, bool(after.damages)) == (can_repair, not can_repair)


def test_words_and_vectors_are_made_anew(home: Path) -> None:
    with Library.open(home) as library:
        before = library.catalog.lyric_matches("take me hoem", 5)
    ones = "003c" * 3 * 8
    change(
        home,
        f"UPDATE embedding SET vectors = x'{ones}' WHERE video_id = '02' AND space_key = 'seer@1'",
        "DELETE FROM lyric_key WHERE video_id = '02'",
        "INSERT INTO lyric_gram (lyric_gram) VALUES ('delete-all')",
    )
    found = check_library(home)
    assert {one.part for one in found.damages} == {"vectors", "words"}
    assert any(
        "vectors of 1 videos are not those of the catalogue" in one.reason for one in found.damages
    )
    after = check_library(home, repair=True)
    assert after.damages == ()
    assert set(after.repaired) == set(found.damages)
    with Library.open(home) as library:
        assert library.catalog.lyric_matches("take me hoem", 5) == before
        assert not any(compare_vectors(library).values())


def test_documents_that_cannot_be_read_are_found(home: Path, shell) -> None:  # type: ignore[no-untyped-def]
    with Library.open(home) as library:
        media = next(iter(library.files.list_files("session-media")))
    for name in ("sessions.json", "playlists.json", "reviews.json"):
        (home / name).write_text("{")
    (home / media).write_bytes(b"other")
    found = mvsearch.check(home)
    assert {one.where for one in found.damages} >= {"sessions", "playlists", "reviews", media}
    assert {one.where for one in found.damages} >= {"mood heads", f"lyric-fits/{'0b' * 16}.json"}
    code, out, _ = shell("check", "--repair", "--library", home)
    assert code == 1
    assert "damaged  sessions:" in out
    assert "Restore a backup" in out
