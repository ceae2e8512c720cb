"""A copy of a library is the same library, also after it was ended at any row."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

import mvsearch
from mvsearch.store.copying import copy, tables
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.copying.tables import CopiedTable, Row
from mvsearch.store.errors import (
    CancelledError,
    LibraryBusyError,
    LibraryDamagedError,
    MvsearchError,
    NoLibraryError,
)
from mvsearch.store.library import Library
from mvsearch.store.lock import WriterLock
from mvsearch.store.opening import CATALOG
from tests.store.copying.whole import KEPT, ODD_NAME, fill_library


class EndedError(Exception):
    """Stands for a kill."""


def end_after(n_rows: int) -> Callable[[str, int, int], None]:
    def report(what: str, n_done: int, n_all: int) -> None:
        assert 0 <= n_done <= n_all
        if what == "copy" and n_done >= n_rows:
            raise EndedError

    return report


ROBUST = pytest.mark.robustness
# Tables of full-text search, which differ in the numbers of lines.
INDEXES = ("_term", "_idx", "_word", "_gram", "_data", "_docsize")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("source") / "library"
    fill_library(place)
    return place


@pytest.fixture
def source(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "source")


def read_all(folder: Path) -> dict[str, list[Any]]:
    """All rows but the numbers of lines, by SQLite itself."""
    with closing(sqlite3.connect(folder / CATALOG)) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = [name for (name,) in found if not name.endswith(INDEXES)]
        rows = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    for name in ("lyric_key", "ocr_key", "lyric_sound"):
        rows[name] = [row[1:] for row in rows[name]]
    return {name: sorted(rows[name], key=repr) for name in sorted(rows)}


def test_all_is_copied(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "copy"
    done = copy_library(source, target)
    here = read_all(source)
    assert read_all(target) == here
    assert {name: n for name, (n, _) in done.tables.items()} == {
        name: len(here[name]) for name in done.tables
    }
    assert all(here[name] for name in done.tables)
    rest = {"alembic_version", "lyric_key", "ocr_key"}
    assert {name for name in here if not name.endswith("_config")} == {*done.tables} | rest
    assert sorted(done.files) == sorted(KEPT)
    for name in KEPT:
        assert (target / name).read_bytes() == (source / name).read_bytes()
    with Library.open(target) as library:
        assert Path(ODD_NAME) in [video.path for video in library.catalog.videos()]


@pytest.mark.parametrize("n_rows", [60, *(pytest.param(n, marks=ROBUST) for n in (1, 20, 10_000))])
def test_an_ended_copy_goes_on(
    source: Path, tmp_path: Path, n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "N_ROWS", 3)
    target = tmp_path / "copy"
    report = end_after(n_rows)
    if n_rows == 10_000:
        monkeypatch.setattr(copy, "copy_files", lambda *_: report("copy", n_rows, n_rows))
    with pytest.raises(EndedError):
        copy_library(source, target, report=report)
    with pytest.raises(MvsearchError, match="half copied: run the same mvsearch copy again"):
        Library.open(target)
    other = shutil.copytree(source, tmp_path / "other")
    with pytest.raises(MvsearchError, match=r"is half copied from .*: go on with that"):
        copy_library(other, target)
    monkeypatch.undo()
    rows: list[int] = []
    done = copy_library(source, target, report=lambda what, n, _: rows.append(n))
    assert (done.is_resumed, done.is_renewed) == (True, False)
    assert done.tables == copy_library(source, tmp_path / "whole").tables
    assert read_all(target) == read_all(source)


def test_a_source_that_changed_since_is_copied_anew(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "N_ROWS", 3)
    with pytest.raises(EndedError):
        copy_library(source, tmp_path / "copy", report=end_after(60))
    with Library.open(source) as library, library.writing():
        library.catalog.remove_videos(["02"])
        library.files.drop("playlists.json")
    done = copy_library(source, tmp_path / "copy")
    assert (done.is_resumed, done.is_renewed) == (True, True)
    assert read_all(tmp_path / "copy") == read_all(source)
    assert "playlists.json" not in done.files


def test_only_an_empty_target_is_taken(source: Path, tmp_path: Path) -> None:
    taken = shutil.copytree(source, tmp_path / "taken")
    before = read_all(taken)
    for target in (taken, source):
        with pytest.raises(MvsearchError, match="is not empty: it has rows in"):
            copy_library(source, target)
    assert read_all(taken) == before
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "sessions.json").write_text("[]")
    with pytest.raises(MvsearchError, match=r"not empty: it has sessions\.json"):
        copy_library(source, tmp_path / "files")
    with pytest.raises(NoLibraryError):
        copy_library(tmp_path / "absent", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    Library.open(tmp_path / "empty", create=True).close()
    assert copy_library(source, tmp_path / "empty").tables["video"][0] == 5
    with pytest.raises(MvsearchError, match="by faiss"):
        copy_library(source, tmp_path / "copy", vectors="pgvector")


def test_a_target_in_use_is_told(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.store.copying.target.WAIT_SECONDS", 0.0)
    (tmp_path / "copy").mkdir()
    with WriterLock(tmp_path / "copy").holding(0), pytest.raises(LibraryBusyError):
        copy_library(source, tmp_path / "copy")


EDITS = {
    "dangling": "DELETE FROM video WHERE id = '00'",
    "type": "UPDATE lyric_line SET text = x'00' WHERE video_id = '02'",
    "null": "UPDATE tag SET start_seconds = 'x' WHERE video_id = '02'",
}


@pytest.mark.parametrize("name", ["pages", *(pytest.param(one, marks=ROBUST) for one in EDITS)])
def test_a_damaged_source_leaves_no_target(source: Path, tmp_path: Path, name: str) -> None:
    with closing(sqlite3.connect(source / CATALOG)) as database, database:
        database.executescript("PRAGMA wal_checkpoint(TRUNCATE);" + EDITS.get(name, ""))
    if name == "pages":
        content = bytearray((source / CATALOG).read_bytes())
        content[4096 * 8 : 4096 * 30] = bytes(4096 * 22)
        (source / CATALOG).write_bytes(content)
    with pytest.raises(LibraryDamagedError, match=r"is damaged: .*mvsearch check") as refused:
        copy_library(source, tmp_path / "copy")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "copy" / CATALOG).exists()


@ROBUST
def test_what_is_written_is_compared(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(connection: Connection, table: CopiedTable, rows: list[Row]) -> None:
        if table.name == "tag":
            rows = [(*row[:-2], 0.125, row[-1]) for row in rows]
        write(connection, table, rows)

    write = copy.write_rows
    monkeypatch.setattr(copy, "write_rows", lose)
    with pytest.raises(MvsearchError, match="its table tag has other rows"):
        copy_library(source, tmp_path / "copy")
    with pytest.raises(MvsearchError, match="half copied"):
        Library.open(tmp_path / "copy")


@ROBUST
def test_a_full_disk_is_told_and_the_copy_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(connection: Connection, table: CopiedTable, rows: list[Row]) -> None:
        if table.name == "embedding":
            connection.execute(text("PRAGMA max_page_count = 1"))
        write(connection, table, rows)

    write = copy.write_rows
    with monkeypatch.context() as full:
        full.setattr(copy, "write_rows", fill)
        full.setattr(tables, "N_ROWS", 3)
        with pytest.raises(MvsearchError, match="make room"):
            copy_library(source, tmp_path / "copy")
    assert copy_library(source, tmp_path / "copy").is_resumed


@ROBUST
def test_a_source_that_changes_meanwhile_is_copied_as_it_was(source: Path, tmp_path: Path) -> None:
    before, seen = read_all(source), []

    def report(what: str, n_done: int, n_all: int) -> None:
        if not seen:
            seen.append(what)
            with Library.open(source) as library, library.writing():
                library.catalog.remove_videos(["00", "02"])

    done = copy_library(source, tmp_path / "copy", report=report)
    assert done.tables["video"][0] == len(before["video"])
    assert read_all(tmp_path / "copy") == before != read_all(source)


def test_the_command_tells_what_it_did(source: Path, tmp_path: Path, shell) -> None:  # type: ignore[no-untyped-def]
    target = tmp_path / "copy"
    code, out, _ = shell("copy", source, target)
    assert code == 0
    assert "5 videos, " in out.replace("\n", " ")
    for words in (
        (source, target),
        (tmp_path / "absent", tmp_path / "new"),
        (source, "http://x/y"),
    ):
        code, out, err = shell("copy", *words, "--json")
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "Traceback" not in err
    progress = threading.Event()
    progress.set()
    with pytest.raises(CancelledError):
        mvsearch.copy_library(source, tmp_path / "other", cancel=progress)
    assert mvsearch.copy_library(source, tmp_path / "other").is_resumed
