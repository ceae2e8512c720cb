"""What is wrong with a machine and a library, told without changing any."""

import hashlib
import json
import os
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest

import mvsearch
from mvsearch.indexer.media import programs
from mvsearch.search.upkeep import library_state, machine
from mvsearch.search.upkeep.findings import Finding
from mvsearch.store.inspection import inspect_library
from mvsearch.store.lock import WriterLock
from tests.toy_library import make_indexed


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor")
    library = make_indexed(folder / "videos", folder / "library")
    with mvsearch.open(library) as opened:
        opened.search(text="red")  # its indexes are made
    return library


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "library")
    return tmp_path / "library"


@pytest.fixture(autouse=True)
def _forget_programs() -> None:
    programs.find_program.cache_clear()


def find(place: Path, name: str) -> list[Finding]:
    state = inspect_library(place)
    found = [
        *library_state.check_database(state),
        *library_state.check_writing(state),
        *library_state.check_folders(state),
    ]
    return [one for one in found if one.name == name]


def read_all(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(file.relative_to(folder)): (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            file.stat().st_mtime_ns,
        )
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_whole_library_has_no_problem_and_nothing_is_changed(library: Path) -> None:
    before = read_all(library)
    found = mvsearch.diagnose(library)
    assert read_all(library) == before
    assert [one for one in found.problems if one.area in ("library", "programs")] == []
    (database,) = [one for one in found.findings if one.name == "database"]
    assert "3 videos" in database.what
    told = found.to_dict()
    assert json.loads(json.dumps(told)) == told
    names = {one["name"] for one in told["findings"]}
    assert {"ffmpeg", "python", "toy-frames", "indexes", "lock", "memory", "clock"} <= names


def test_without_a_library_and_without_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = {one.name: one for one in mvsearch.diagnose(tmp_path / "absent").findings}
    assert not (tmp_path / "absent").exists()
    for name in ("ffmpeg", "ffprobe"):
        assert found[name].state == "problem"
        assert "install" in found[name].what + found[name].how
    assert found["library"].state == "note"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'ffmpeg version 6.1 Copyright'", "lacks the filter scale"),
        ("echo hello", "is another program"),
        ("exit 1", "is another program"),
    ],
)
def test_a_program_that_is_not_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (found,) = [one for one in machine.check_programs() if one.name == "ffmpeg"]
    assert found.state == "problem"
    assert said in found.what
    assert found.how


@pytest.mark.parametrize("bad", [b"", b"SQLite format 3\0" + b"x" * 5000, b"a letter to a friend"])
def test_a_damaged_library_is_told_and_left_as_it_is(library: Path, bad: bytes) -> None:
    (library / "catalog.sqlite3").write_bytes(bad)
    before = read_all(library)
    (found,) = find(library, "database")
    assert found.state == "problem"
    assert "mvsearch check" in found.how
    assert read_all(library) == before


def test_pages_that_are_damaged_are_found(library: Path) -> None:
    file = library / "catalog.sqlite3"
    content = bytearray(file.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    file.write_bytes(content)
    assert {one.state for one in find(library, "database")} == {"problem"}


@pytest.mark.parametrize(("version", "state"), [("0001", "note"), ("9999", "problem")])
def test_tables_of_another_version(library: Path, version: str, state: str) -> None:
    with sqlite3.connect(library / "catalog.sqlite3") as catalog:
        catalog.execute("update alembic_version set version_num = ?", (version,))
    catalog.close()
    before = read_all(library)
    (found,) = find(library, "database")
    assert (found.state, version in found.what) == (state, True)
    assert read_all(library) == before


def test_who_writes_and_who_was_killed(library: Path) -> None:
    (library / "writer.lock").touch()
    assert find(library, "lock")[0].what == "nobody is writing"
    (library / "writer.json").write_text('{"pid": 7}')
    (killed,) = find(library, "lock")
    assert "process 7 says to be writing" in killed.what
    (library / "writer.json").write_text("[" * 100_000)
    assert "was killed" in find(library, "lock")[0].what
    with WriterLock(library).holding(1.0):
        assert find(library, "lock")[0].what == f"process {os.getpid()} is writing now"


def test_folders_times_and_indexes(library: Path) -> None:
    with sqlite3.connect(library / "catalog.sqlite3") as catalog:
        future = int((time.time() + 10 * 86_400) * 1e9)
        catalog.execute(
            "update location set folder = cast('/absent' as blob), mtime_ns = ?", (future,)
        )
        catalog.execute("update space set generation = generation + 1 where key = 'toy-frames@1'")
    catalog.close()
    (folders,) = find(library, "folders")
    assert (folders.state, "/absent is missing" in folders.what) == ("problem", True)
    assert "3 files" in find(library, "times")[0].what
    (indexes,) = find(library, "indexes")
    assert (indexes.state, "toy-frames@1" in indexes.what) == ("note", True)


def test_a_folder_that_cannot_be_looked_at_is_missing(tmp_path: Path) -> None:
    long = Path("/", "a" * 300)
    state = library_state.LibraryState(tmp_path, folders=(long,))
    (found,) = library_state.check_folders(state)
    assert (found.state, found.what) == ("problem", f"{long} is missing")
    state = library_state.LibraryState(long)
    assert "ok" in {one.state for one in library_state.check_disks(state)}


def test_weights_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = {one.name: one for one in machine.check_encoders(["bert", "signal", "colours"])}
    assert (found["bert"].state, "mvsearch models fetch bert" in found["bert"].how) == (
        "problem",
        True,
    )
    assert (found["signal"].state, found["colours"].state) == ("ok", "note")


def test_disks_memory_and_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    state = library_state.LibraryState(tmp_path / "a" / "b")
    assert {one.state for one in library_state.check_disks(state)} == {"ok"}
    monkeypatch.setattr(library_state, "FEW_BYTES", 2**60)
    assert {one.state for one in library_state.check_disks(state)} == {"problem"}
    monkeypatch.setattr(machine, "FEW_MEMORY_BYTES", 2**60)
    monkeypatch.setattr(machine, "OLDEST_CLOCK", 2**40)
    found = {one.name: one.state for one in machine.check_machine()}
    assert (found["memory"], found["clock"]) == ("problem", "problem")


def test_weights_that_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError("no permission")

    monkeypatch.setattr(machine, "list_models", refuse)
    (found,) = machine.check_encoders(["bert"])
    assert (found.state, found.what) == ("problem", "no permission")
