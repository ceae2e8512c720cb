"""A library is the same in PostgreSQL, and back in a folder."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mvsearch.store.copying import tables
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.opening import CATALOG
from mvsearch.store.records import Still
from tests.faults.test_database import _mount as mount
from tests.limits import HANG_SECONDS
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.store.copying.test_copy import EndedError, end_after, read_all
from tests.store.copying.whole import KEPT, fill_library

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("source") / "library"
    fill_library(place, n_videos=12)
    return place


@pytest.fixture
def source(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "source")


def read_rows(folder: Path) -> dict[str, list[Any]]:
    """All rows, without how often the index of a space was made anew."""
    rows = read_all(folder)
    rows["space"] = [(*row[:7], *row[8:]) for row in rows["space"]]
    return rows


def test_there_and_back_it_is_the_same(
    source: Path, tmp_path: Path, postgres: PostgresServer, postgres_address: str
) -> None:
    other = f"{postgres_address}&options=-csearch_path%3Dsecond"
    done = [
        copy_library(source, postgres_address),
        copy_library(postgres_address, postgres.make_database()),
        copy_library(postgres_address, other),
        copy_library(other, tmp_path / "back"),
    ]
    assert all(one.tables == done[0].tables for one in done)
    assert all(n_rows for n_rows, _ in done[0].tables.values())
    assert all(sorted(one.files) == sorted(KEPT) for one in done)
    assert read_rows(tmp_path / "back") == read_rows(source)
    for name in KEPT:
        assert (tmp_path / "back" / name).read_bytes() == (source / name).read_bytes()
    with Library.open(source) as here, Library.open(other) as there:
        assert there.catalog.videos() == here.catalog.videos()
        for line in ("take me hoem", "日本"):
            found = [one.catalog.lyric_matches(line, 9) for one in (here, there)]
            assert found[0]
            assert [(one.video_id, one.position) for one in found[0]] == [
                (one.video_id, one.position) for one in found[1]
            ]
        for space in here.catalog.spaces():
            asked = here.index(space).vectors("odd" if space.view != "words" else "00")[:1]
            mine, theirs = here.index(space).search(asked, 5), there.index(space).search(asked, 5)
            assert mine.similarities == pytest.approx(theirs.similarities, abs=1e-3)


@pytest.mark.parametrize("n_rows", [1, 40, 150, 10**6])
def test_killed_it_goes_on(
    source: Path, tmp_path: Path, postgres_address: str, n_rows: int
) -> None:
    script = (
        "import os, signal, sys\n"
        "from mvsearch.store.copying import copy, tables\n"
        "tables.N_ROWS = 5\n"
        "def report(what, n_done, n_all):\n"
        f"    if n_done >= {n_rows} or what != 'copy':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "copy.copy_library(sys.argv[1], sys.argv[2], report=report)\n"
    )
    command = [sys.executable, "-c", script, str(source), postgres_address]
    ended = subprocess.run(command, cwd=ROOT, timeout=HANG_SECONDS, check=False)
    assert ended.returncode == -signal.SIGKILL
    with pytest.raises(MvsearchError, match="half copied: run the same mvsearch copy"):
        Library.open(postgres_address)
    with pytest.raises(MvsearchError, match="half copied"):
        copy_library(postgres_address, tmp_path / "back")
    done = copy_library(source, postgres_address)
    assert done.is_resumed
    assert done.tables == copy_library(postgres_address, tmp_path / "back").tables
    assert read_rows(tmp_path / "back") == read_rows(source)


def test_a_server_that_dies_meanwhile_is_waited_for(
    source: Path, own_postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tables, "N_ROWS", 5)
    address, seen = own_postgres.make_database(), set()

    def report(what: str, n_done: int, n_all: int) -> None:
        if what == "copy" and n_done > 60 and not seen:
            seen.add(what)
            own_postgres.kill()
            own_postgres.start()

    done = copy_library(source, address, report=report)
    assert seen
    assert not done.is_resumed
    assert copy_library(address, tmp_path / "back").tables == done.tables


EDITS = {
    "a number that is too large": "UPDATE video SET year = 1 << 40 WHERE id = '02'",
    "a key that is too long": "UPDATE stage SET sampling = hex(zeroblob(60)) WHERE video_id = '02'",
    "JSON that is none": "UPDATE lyric_line SET words = '[' WHERE video_id = '02'",
    "NUL in text": "UPDATE tag SET name = 'a' || char(0) WHERE video_id = '02'",
}


@pytest.mark.parametrize("name", EDITS)
def test_what_the_server_refuses_is_damage(source: Path, postgres_address: str, name: str) -> None:
    with closing(sqlite3.connect(source / CATALOG)) as database, database:
        database.execute(EDITS[name])
    with pytest.raises(LibraryDamagedError, match=r"is damaged: .*mvsearch check") as refused:
        copy_library(source, postgres_address)
    assert "\n" not in str(refused.value)
    with Library.open(postgres_address) as library:
        assert library.catalog.n_videos() == 0
        assert library.files.list_files() == {}


def test_an_ended_copy_out_of_a_database_goes_on(
    source: Path, tmp_path: Path, postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_library(source, postgres_address)
    monkeypatch.setattr(tables, "N_ROWS", 5)
    with pytest.raises(EndedError):
        copy_library(postgres_address, tmp_path / "back", report=end_after(70))
    with Library.open(postgres_address) as library, library.writing():
        library.catalog.remove_videos(["03"])
    done = copy_library(postgres_address, tmp_path / "back")
    assert done.is_renewed
    with Library.open(tmp_path / "back") as library:
        assert "03" not in library.catalog.video_ids()


def test_the_command_shows_no_password(
    source: Path, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    name = own_postgres.make_database().partition("?")[0].rpartition("/")[2]
    address = own_postgres.tcp_address(name, PASSWORD)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "mvsearch.cli", "copy", str(source), address, "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"]["video"]["rows"] == 12
    assert "not" + "/so" not in done.stdout + done.stderr


def fill_disk(server: PostgresServer, name: str) -> None:
    more = "INSERT INTO beside.filler SELECT repeat('x', 1000) FROM generate_series(1, 500)"
    for _ in range(1000):
        server.run(more, name)


def test_a_full_disk_of_the_server_is_told_and_the_copy_goes_on(
    source: Path, own_postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Library.open(source) as library, library.writing():
        large = [Still(float(at), os.urandom(2**20)) for at in range(6)]
        library.catalog.store_stills({"00": large})
    small = own_postgres.home / "small"
    small.mkdir()
    mount(small, "48m")
    try:
        owner = own_postgres.folder.stat()
        os.chown(small, owner.st_uid, owner.st_gid)
        address = own_postgres.make_database()
        name = address.partition("?")[0].rpartition("/")[2]
        own_postgres.run(f"CREATE TABLESPACE small LOCATION '{small}'")
        own_postgres.run(f"ALTER DATABASE {name} SET TABLESPACE small")
        own_postgres.run("CREATE TABLE filler AS SELECT repeat('x', 1000) AS x", name)
        with pytest.raises(MvsearchError, match="not a catalogue"):
            copy_library(source, address)
        own_postgres.run("CREATE SCHEMA beside", name)
        own_postgres.run("ALTER TABLE filler SET SCHEMA beside", name)
        Library.open(address, create=True).close()
        with pytest.raises(Exception, match="No space left"):
            fill_disk(own_postgres, name)
        with pytest.raises(MvsearchError, match="the disk of the server is full"):
            copy_library(source, address)
        own_postgres.run("DROP TABLE beside.filler", name)
        done = copy_library(source, address)
        assert done.tables["still"][0] > 6
        assert copy_library(address, tmp_path / "back").tables == done.tables
    finally:
        own_postgres.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        own_postgres.run("DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", small], check=True)
