"""Indexes folders again and again, at an interval and when their files change."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from mvsearch.search.api.arguments import IndexArguments
from mvsearch.search.api.library import open_library
from mvsearch.search.api.watching import AnyProgress
from mvsearch.search.upkeep.file_events import FileEvents
from mvsearch.store.errors import MvsearchError
from mvsearch.store.open_database import find_folder
from mvsearch.store.opening import AnyPath, expand_home, find_address

if TYPE_CHECKING:
    from mvsearch.indexer.pipeline.summary import Summary

INTERVAL_SECONDS = 300.0
SETTLE_SECONDS = 10.0
# After an error, such as a library that another process writes to.
RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at the folders.

    Attributes:
        summary: of the index run; None if it could not be done.
        problem: why it could not be done, or what slows the next ones down; empty for nothing.
    """

    summary: "Summary | None"
    problem: str = ""


def watch_folders(
    *folders: AnyPath,
    library: AnyPath | None = None,
    profile: str | None = None,
    interval_seconds: float = INTERVAL_SECONDS,
    once: bool = False,
    on_sweep: Callable[[Sweep], None] = lambda sweep: None,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
    **arguments: Unpack[IndexArguments],
) -> "Summary | None":
    """Index folders at an interval, and sooner when the system tells of changed files.

    A file that has changed a moment ago is left until it stands still. A sweep that fails does not
    end the watch. The library is closed between sweeps, so that other processes may write.

    Args:
        folders: to watch.
        library: its folder; None for the default. It is created if there is none.
        profile: of a new library.
        interval_seconds: from the end of a sweep to the next one.
        once: whether to return after one sweep.
        on_sweep: called after each sweep.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the watch; finished work is kept.
        **arguments: see `IndexArguments`; a file must have stood still for ten seconds by default.

    Returns:
        The summary of the last sweep that was done.

    Raises:
        MvsearchError: a folder does not exist; with `once`, what a sweep raised.
    """
    places = check_folders(*folders)
    home = find_address(library)
    settle_seconds = arguments.setdefault("settle_seconds", SETTLE_SECONDS)
    end = cancel or threading.Event()

    def sweep() -> "Summary":
        with open_library(home, profile=profile) as opened:
            return opened.index(*places, progress=progress, cancel=end, **arguments)

    if once:
        return sweep()
    with closing(_Events(places, find_folder(home))) as events:
        return _Watch(sweep, on_sweep, events.files, end, interval_seconds, settle_seconds).run()


def check_folders(*folders: AnyPath) -> list[Path]:
    """The absolute paths of folders that are to be watched.

    Raises:
        MvsearchError: one is no folder, or there are none.
    """
    places = [expand_home(folder).absolute() for folder in folders]
    for place in places:
        if not place.is_dir():
            raise MvsearchError(f"{place} is no folder")
    if not places:
        raise MvsearchError("name a folder to watch")
    return places


class _Events:
    """File events from here until `close`."""

    def __init__(self, places: list[Path], home: Path) -> None:
        self.files = FileEvents(places, home)
        self.files.start()

    def close(self) -> None:
        self.files.stop()


@dataclass(slots=True)
class _Watch:
    """The sweeps of one watch."""

    sweep: "Callable[[], Summary]"
    on_sweep: Callable[[Sweep], None]
    events: FileEvents
    end: threading.Event
    interval_seconds: float
    settle_seconds: float
    last: "Summary | None" = None

    def run(self) -> "Summary | None":
        """Sweep until the end."""
        told = ""
        while not self.end.is_set():
            done = self._attempt()
            pause = self.interval_seconds
            if done.summary is None:
                pause = min(pause, RETRY_SECONDS)
            elif done.summary.unfinished:
                pause = min(pause, max(self.settle_seconds, 1.0))
            # The same problem is told once.
            shown = done if done.problem != told else Sweep(done.summary)
            told = done.problem
            self.on_sweep(shown)
            if done.summary is not None and done.summary.is_interrupted:
                break
            self._pause(pause)
        return self.last

    def _attempt(self) -> Sweep:
        try:
            self.last = self.sweep()
        except (MvsearchError, OSError) as error:  # such as a drive that fails
            return Sweep(None, str(error))
        return Sweep(self.last, self.events.problem)

    def _pause(self, seconds: float) -> None:
        """Wait for the next sweep; changes are given time to end."""
        until = time.monotonic() + seconds
        while not self.end.is_set() and (left := until - time.monotonic()) > 0:
            if self.events.wait(min(left, 0.5)):
                self.end.wait(min(self.settle_seconds, max(until - time.monotonic(), 0.0)))
                return
