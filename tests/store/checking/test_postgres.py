"""A check of a library in PostgreSQL finds what is wrong, and repairs what can be made again."""

import pytest
from sqlalchemy import text

import mvsearch
from mvsearch.store.checking.check import check_library
from mvsearch.store.library import Library
from tests.store.copying.whole import fill_library

pytestmark = pytest.mark.postgres

REPAIRED = {
    "words": ("DELETE FROM lyric_index WHERE video_id = '02'", "lyric_line"),
    "other words": ("DELETE FROM ocr_line WHERE video_id = '02' AND position = 1", "ocr_line"),
    "vectors": ("DELETE FROM placed_{placement}", "vectors of seer@1"),
    "sounds": ("DELETE FROM lyric_line WHERE position = 3", "lyric_sound"),
    "videos": ("DELETE FROM indexed_video WHERE video_id = '03'", "vectors of seer@1"),
}
LOST = {
    "vectors": ("DELETE FROM embedding WHERE video_id = '02'", "embedding"),
    "stages": (
        "SET session_replication_role = replica; DELETE FROM video WHERE id = '03'",
        "stage",
    ),
    "files": ("UPDATE stored_file SET content = 'x'", "playlists"),
}


def change(address: str, statement: str) -> None:
    placed = "SELECT placement FROM index_placement WHERE is_current AND space_key = 'seer@1'"
    with Library.open(address) as library, library.database.writing() as session:
        placement = session.scalar(text(placed))
        session.connection().exec_driver_sql(statement.replace("{placement}", str(placement)))


@pytest.fixture
def home(postgres_address: str) -> str:
    fill_library(postgres_address)
    with Library.open(postgres_address) as library:
        for space in library.catalog.spaces():
            library.index(space)
    return postgres_address


def test_what_can_be_made_again_is_repaired(home: str) -> None:
    assert check_library(home).damages == ()
    for statement, where in REPAIRED.values():
        change(home, statement)
        found = check_library(home)
        assert where in {one.where for one in found.damages}
        after = check_library(home, repair=True)
        assert after.damages == ()
        assert where in {one.where for one in after.repaired}


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_told(home: str, name: str, shell) -> None:  # type: ignore[no-untyped-def]
    statement, where = LOST[name]
    change(home, statement)
    found = mvsearch.check(home, repair=True)
    assert where in {one.where for one in found.damages}
    code, out, _ = shell("check", "--library", home)
    assert code == 1
    assert "Restore a backup of the database" in out
