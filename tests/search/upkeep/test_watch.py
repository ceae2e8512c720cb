"""Folders that are watched: at an interval, by events, and without an end by errors."""

import errno
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import mvsearch
from mvsearch.indexer.media.files import unfinished
from mvsearch.search.api.upkeep.watch import Sweep, _Watch
from mvsearch.search.commands.upkeep import watch as command
from mvsearch.search.upkeep.file_events import FileEvents
from mvsearch.store.errors import LibraryBusyError, MvsearchError
from tests.limits import HANG_SECONDS
from tests.toy_library import make_indexed


class Told:
    """Events that come when a test says so; each wait is counted."""

    problem = ""

    def __init__(self) -> None:
        self.n_waits = 0

    def wait(self, seconds: float) -> bool:
        self.n_waits += 1
        return True


def summarise(**given: Any) -> Any:
    plain: dict[str, Any] = {"indexed": 0, "removed": 0, "transcribed": 0, "failures": []}
    plain |= {"unfinished": [], "is_interrupted": False, "seconds": 1.0}
    return SimpleNamespace(**(plain | given))


def run(outcomes: list[Any]) -> list[Sweep]:
    """Watch until these outcomes of sweeps have come; returns what was told."""
    end, told, left = threading.Event(), list[Sweep](), list(outcomes)

    def sweep() -> Any:
        outcome = left.pop(0)
        if not left:
            end.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    watch = _Watch(sweep, told.append, cast(FileEvents, Told()), end, 1000.0, 0.0)
    watch.run()
    return told


def test_a_sweep_that_fails_does_not_end_the_watch_and_is_told_once() -> None:
    busy = LibraryBusyError("the library is being written by process 7")
    done = summarise(indexed=1)
    full = OSError(errno.ENOSPC, "the disk is full")
    told = run([busy, busy, done, full, done])
    assert [(one.summary, one.problem) for one in told] == [
        (None, str(busy)),
        (None, ""),
        (done, ""),
        (None, str(full)),
        (done, ""),
    ]


def test_a_run_that_was_interrupted_ends_it() -> None:
    assert len(run([summarise(is_interrupted=True), summarise(), summarise()])) == 1


def test_what_a_sweep_changed_is_one_line() -> None:
    assert command.describe_sweep(summarise()) == ""
    writing = summarise(indexed=2, removed=1, unfinished=[Path("/a/b.mp4")])
    said = "2 indexed, 1 removed, 1 still being written (b.mp4) in 1.0 s"
    assert command.describe_sweep(writing) == said
    waiting = summarise(unfinished=[Path("/a/b.mp4")])
    assert command.describe_sweep(waiting).startswith("1 still being written")
    assert command.describe_sweep(waiting, waiting.unfinished) == ""


def test_a_file_is_left_until_it_stands_still(tmp_path: Path) -> None:
    home = make_indexed(tmp_path / "videos", tmp_path / "library")
    new = tmp_path / "videos" / "new.mp4"
    shutil.copyfile(tmp_path / "videos" / "Grace Hopper - Second Song.mp4", new)
    with new.open("ab") as file:
        file.write(b"\0" * 8)
    given: dict[str, Any] = {"library": home, "once": True, "lyrics": "off"}
    first = mvsearch.watch_folders(tmp_path / "videos", settle_seconds=1000.0, **given)
    assert first is not None
    assert (first.unfinished, first.indexed) == ([new], 0)
    second = mvsearch.watch_folders(tmp_path / "videos", settle_seconds=0.0, **given)
    assert second is not None
    assert (second.unfinished, second.indexed) == ([], 1)


@pytest.mark.skipif(sys.platform == "win32", reason="its files have no such time")
def test_the_time_of_the_last_change_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.mp4"
    file.touch()
    os.utime(file, (0, 0))  # as a copy that keeps times
    assert unfinished.is_fresh(file, 1000.0)
    assert not unfinished.is_fresh(file, 0.0)
    assert not unfinished.is_fresh(tmp_path / "absent", 1000.0)
    now = time.time()
    monkeypatch.setattr(unfinished.time, "time", lambda: now + 2000)
    assert not unfinished.is_fresh(file, 1000.0)
    monkeypatch.setattr(unfinished.time, "time", lambda: now - 2000)  # the clock was set back
    assert not unfinished.is_fresh(file, 1000.0)


def test_events_tell_of_files_but_not_of_downloads_and_the_library(tmp_path: Path) -> None:
    home = tmp_path / "library"
    home.mkdir()
    events = FileEvents([tmp_path, tmp_path / "absent"], home)
    assert not events._counts(1, str(tmp_path / "a.mp4.part"))
    assert not events._counts(1, str(home / "catalog.sqlite3"))
    assert events._counts(1, str(tmp_path / "a.lrc"))
    events.start()
    try:
        until = time.monotonic() + HANG_SECONDS
        while not events.wait(0.2):  # the first files may come before it listens
            assert time.monotonic() < until
            (tmp_path / f"{time.monotonic_ns()}.mp4").touch()
    finally:
        events.stop()
    assert events.problem == ""


def test_changes_of_a_library_that_is_reached_by_a_link_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "link").symlink_to("library")
    (tmp_path / "videos").symlink_to(".")
    events = FileEvents([tmp_path / "videos"], tmp_path / "link")
    (watched,) = events._folders
    assert not events._counts(1, str(watched / "library" / "catalog.sqlite3"))


def test_without_the_package_sweeps_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    events = FileEvents([tmp_path], tmp_path / "library")
    events.start()
    assert "music-video-search[watch]" in events.problem
    assert not events.wait(0.0)


@pytest.mark.parametrize(
    ("folders", "said"),
    [(["absent"], "is no folder"), ([], "name a folder"), (["a.mp4"], "no fol")],
)
def test_what_cannot_be_watched_is_one_line(tmp_path: Path, folders: list[str], said: str) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(MvsearchError, match=said):
        mvsearch.watch_folders(*(tmp_path / name for name in folders), library=tmp_path / "home")
    assert not (tmp_path / "home").exists()
