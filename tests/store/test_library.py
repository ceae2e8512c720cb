"""One writer, readers that never wait, and processes that are killed."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.connection import Database, sqlite_url
from mvsearch.store.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    NoLibraryError,
    VideoNotFoundError,
)
from mvsearch.store.library import Library
from mvsearch.store.opening import default_library
from mvsearch.store.records import Stage
from tests.limits import HANG_SECONDS
from tests.store.examples import FRAMES, SOUND, add_song, fill_song

ROOT = Path(__file__).parents[2]

# Each says "ready" when it is where the test wants it, then stays there until it is killed.
HOLD_LOCK = """
with library.writing():
    print("ready", flush=True)
    time.sleep(3600)
"""
STOP_MIDWAY = """
import mvsearch.store.catalog.changes
def stop(*_):
    print("ready", flush=True)
    time.sleep(3600)
mvsearch.store.catalog.changes.advance_generations = stop
from tests.store.examples import *
add_song(library.catalog, "new")
with library.writing():
    stage = Stage("new", "frames", FRAMES.key, "done")
    library.catalog.store_stage(stage, [make_embeddings(FRAMES, 200, 1)])
"""


@contextmanager
def running(code: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A second process that has opened the library and reached its "ready"."""
    start = (
        "import sys, time; from pathlib import Path; from mvsearch.store.library import Library\n"
    )
    program = start + "library = Library.open(Path(sys.argv[1]))\n" + code
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def test_a_second_writer_waits_then_says_who_writes(library: Library) -> None:
    with running(HOLD_LOCK, library.folder) as other:
        began = time.monotonic()
        with pytest.raises(LibraryBusyError) as caught, library.writing(wait_seconds=0.3):
            pytest.fail("two writers at once")
        assert time.monotonic() - began >= 0.3
        message = str(caught.value)
        assert f"process {other.pid} on {os.uname().nodename} since 2" in message
        assert "(-c " in message  # the command
        assert "\n" not in message
        assert library.catalog.videos() == []  # a reader does not wait


def test_a_second_writer_gets_its_turn(library: Library) -> None:
    brief = 'with library.writing():\n    print("ready", flush=True); time.sleep(0.4)'
    with running(brief, library.folder), library.writing(wait_seconds=HANG_SECONDS):
        add_song(library.catalog, "ab12")
    assert library.catalog.has_video("ab12")


def test_two_openings_in_one_process_are_two_writers(library: Library) -> None:
    with Library.open(library.folder) as other, library.writing():
        with pytest.raises(LibraryBusyError, match=f"process {os.getpid()}"), other.writing(0.1):
            pytest.fail("two writers at once")
        with library.writing(0.1):  # the same writer is let in again
            assert (library.folder / "writer.json").exists()
        assert (library.folder / "writer.json").exists()
        with pytest.raises(LibraryBusyError), other.writing(0):
            pytest.fail("two writers at once")
    assert not (library.folder / "writer.json").exists()


def test_a_holder_that_cannot_be_read_is_another_process(library: Library) -> None:
    with Library.open(library.folder) as other, library.writing():
        for content in ("", "[]", '{"pid": 1}'):
            (library.folder / "writer.json").write_text(content)
            with pytest.raises(LibraryBusyError, match="by another process"), other.writing(0):
                pytest.fail("two writers at once")


@pytest.mark.robustness
def test_a_killed_writer_leaves_no_lock_and_no_half_video(library: Library) -> None:
    fill_song(library.catalog, "old", seed=1)
    library.index(FRAMES)
    with running(STOP_MIDWAY, library.folder):
        assert library.catalog.embeddings("new", FRAMES.key) is None
        log = library.folder / "catalog.sqlite3-wal"
        assert log.stat().st_size > 0
    with library.writing(wait_seconds=0):
        assert json.loads((library.folder / "writer.json").read_text())["pid"] == os.getpid()
    with Library.open(library.folder) as opened:
        assert [video.id for video in opened.catalog.videos()] == ["new", "old"]
        assert opened.catalog.stages("new") == []
        assert opened.catalog.pending("frames", FRAMES.key) == {"new"}
        assert opened.index(FRAMES).video_ids == ("old",)
    check = sqlite3.connect(library.folder / "catalog.sqlite3")
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def test_a_reader_reads_the_state_before_an_open_transaction(library: Library) -> None:
    add_song(library.catalog, "ab12", title="before")
    with library._database.writing() as session:
        from mvsearch.store.database.tables import VideoRow

        session.get_one(VideoRow, "ab12").title = "after"
        session.flush()
        # A reader that waited for this transaction would wait for ever.
        with Library.open(library.folder) as reader:
            assert reader.catalog.video("ab12").title == "before"
    assert library.catalog.video("ab12").title == "after"


def test_a_writer_does_not_wait_for_a_reader_who_sees_one_state(library: Library) -> None:
    for video_id in ("a", "b", "c"):
        fill_song(library.catalog, video_id, seed=1, n_frames=3)
    with Library.open(library.folder) as reader:
        streamed = reader.catalog.iter_embeddings(SOUND.key)
        assert next(streamed)[0] == "a"
        library.catalog.drop_locations([Path("/music/b.mp4"), Path("/music/c.mp4")])
        assert [video_id for video_id, _ in streamed] == ["b", "c"]
        assert reader.catalog.n_videos() == 1


def test_reads_within_one_hold_see_one_state_and_nothing_of_it_stays(library: Library) -> None:
    add_song(library.catalog, "ab12", title="before")
    with Library.open(library.folder) as reader:
        with reader.holding(), reader.holding():
            assert reader.catalog.video("ab12").title == "before"
            add_song(library.catalog, "ab12", title="after")
            add_song(library.catalog, "cd34")
            assert reader.catalog.video("ab12").title == "before"
            assert reader.catalog.n_videos() == 1
        assert reader.catalog.video("ab12").title == "after"
        with pytest.raises(VideoNotFoundError), reader.holding():
            reader.catalog.video("unknown")
        assert reader.catalog.n_videos() == 2


def test_a_transaction_that_meets_another_says_so(library: Library) -> None:
    url = sqlite_url(library.folder / "catalog.sqlite3", "rw")
    impatient = Database(url, "the catalogue", busy_seconds=0.1)
    with library._database.writing() as session:
        session.connection()  # a transaction begins with its first statement
        with pytest.raises(LibraryBusyError, match="another program"):
            Catalog(impatient).drop_locations([Path("/music/ab12.mp4")])
    impatient.close()


def test_an_error_in_a_write_undoes_all_of_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_song(library.catalog, "ab12", seed=1)
    generation = library.catalog.generation(FRAMES.key)

    def fail(*_: object) -> None:
        raise RuntimeError("midway")

    monkeypatch.setattr("mvsearch.store.catalog.changes.advance_generations", fail)
    with pytest.raises(RuntimeError, match="midway"):
        library.catalog.store_stage(Stage("ab12", "frames", FRAMES.key, "absent"))
    assert library.catalog.embeddings("ab12", FRAMES.key) is not None
    assert library.catalog.stage("ab12", "frames", FRAMES.key) == Stage(
        "ab12", "frames", FRAMES.key, "done"
    )
    assert library.catalog.generation(FRAMES.key) == generation


def test_sqlite_is_set_up(library: Library) -> None:
    with library._database.reading() as session:
        connection = session.connection()
        for pragma, value in [
            ("journal_mode", "wal"),
            ("foreign_keys", 1),
            ("synchronous", 1),
            ("busy_timeout", 10_000),
        ]:
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_no_library_is_made_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "nothing" / "here"
    with pytest.raises(NoLibraryError, match="create one with: mvsearch index") as caught:
        Library.open(folder)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    Library.open(folder, create=True).close()
    Library.open(folder).close()


def test_a_library_cannot_be_made_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NoLibraryError):
            Library.open(folder, create=True)
        with pytest.raises(NoLibraryError):
            Library.open(folder)


@pytest.mark.parametrize("content", [b"not a database", b"\0" * 4096, b"SQLite format 3\0" * 300])
def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.sqlite3").write_bytes(content)
    with pytest.raises(LibraryDamagedError, match="move it away") as caught:
        Library.open(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert (tmp_path / "catalog.sqlite3").read_bytes() == content


def test_pages_that_were_overwritten_are_called_damage(library: Library) -> None:
    fill_song(library.catalog, "ab12", seed=1)
    library.close()
    file = library.folder / "catalog.sqlite3"
    content = file.read_bytes()
    n_page = int.from_bytes(content[16:18], "big")
    file.write_bytes(content[:n_page] + os.urandom(len(content) - n_page))
    with (
        pytest.raises(LibraryDamagedError, match="damaged"),
        Library.open(library.folder) as opened,
    ):
        opened.catalog.videos()


READ_ALL = """
import logging, sys
from pathlib import Path
logging.basicConfig(level=logging.WARNING)
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from tests.store.examples import SPACES
with Library.open(Path(sys.argv[1])) as library:
    print([video.id for video in library.catalog.videos()])
    print([library.index(space).n for space in SPACES])
    try:
        with library.writing(0):
            print("wrote")
    except MvsearchError as error:
        print(error)
"""


def read_unable_to_write(folder: Path) -> subprocess.CompletedProcess[str]:
    """Read the library from a process that may not write its folder, even where we are root."""
    for part in (folder, *folder.glob("**/*")):
        part.chmod(0o555 if part.is_dir() else 0o444)
    command = [sys.executable, "-c", READ_ALL, str(folder)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everything, and there is no setpriv to give that up")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_read_only_folder_can_be_read(library: Library, is_killed: bool) -> None:
    fill_song(library.catalog, "ab12", seed=1)
    if is_killed:
        with running(STOP_MIDWAY, library.folder):
            pass
    else:
        library.close()
    result = read_unable_to_write(library.folder)
    library.folder.chmod(0o755)
    assert result.returncode == 0, result.stderr
    videos, sizes, refusal = result.stdout.splitlines()
    assert videos == ("['ab12', 'new']" if is_killed else "['ab12']")
    assert sizes == "[5, 5, 3, 4]"
    assert "cannot be written: Permission denied" in refusal
    assert result.stderr.count("cannot be kept") == 1


def test_the_default_folder_is_the_environments_or_the_platforms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(tmp_path))
    assert default_library() == tmp_path
    monkeypatch.setenv("MVSEARCH_LIBRARY", "~/songs")
    assert default_library() == Path.home() / "songs"
    monkeypatch.delenv("MVSEARCH_LIBRARY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_library() == tmp_path / "mvsearch"
    assert default_library().name == "mvsearch"


@pytest.mark.robustness
def test_two_processes_may_begin_one_library(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from mvsearch.store.library import Library\n"
        "Library.open(pathlib.Path(sys.argv[1]), create=True).close()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new")]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    with Library.open(tmp_path / "new") as library:
        assert library.catalog.n_videos() == 0
