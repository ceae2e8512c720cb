"""Shows the progress of long work: bars on a terminal, plain lines elsewhere, or nothing."""

import logging
import threading
from functools import partial
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
)
from rich.progress import Progress as RichProgress
from rich.progress import Task as RichTask
from rich.text import Text

from mvsearch.indexer.progress import Progress, Silence
from mvsearch.search.output.progress_lines import Count, Lines, find_share
from mvsearch.search.output.text import format_seconds
from mvsearch.store.observing.logs import LOGGER, is_json


class _PaceColumn(ProgressColumn):
    """The mean rate of a stage so far."""

    def render(self, task: RichTask) -> Text:
        count: Count = task.fields["count"]
        spent = count.step_seconds if task.finished else task.elapsed
        return Text(count.describe_pace(spent or 0.0))


class _TimeColumn(ProgressColumn):
    """The remaining time, counted down between steps; for a finished stage the elapsed time."""

    def render(self, task: RichTask) -> Text:
        count: Count = task.fields["count"]
        if task.finished:
            return Text(f"{format_seconds(round(count.step_seconds))} in all")
        if count.left_seconds is None:
            return Text("")
        since = (task.elapsed or 0.0) - count.step_seconds
        return Text(f"{format_seconds(round(max(0.0, count.left_seconds - since)))} left")


class Bars:
    """A bar for each stage with count, rate and time left."""

    def __init__(self, console: Console) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            _PaceColumn(),
            _TimeColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[str, Count] = {}
        self._lock = threading.Lock()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Add a bar."""
        count = self._counts[stage] = Count(total)
        self._tasks[stage] = self._progress.add_task(stage, total=total, count=count)

    def measure(self, stage: str, done: float, total: float) -> None:
        """Set the share of the work that is done, for the remaining time."""
        self._counts[stage].share = find_share(done, total)

    def advance(self, stage: str) -> None:
        """Move a bar by one file."""
        number = self._tasks[stage]
        with self._lock:
            self._counts[stage].step(self._progress.tasks[number].elapsed or 0.0)
        self._progress.advance(number)

    def note(self, message: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(message, highlight=False, markup=False)

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and show the cursor again."""
        self._progress.stop()


class LoggedNotes(Silence):
    """Logs messages, and shows no progress."""

    def note(self, message: str) -> None:
        """Log a message."""
        LOGGER.warning("%s", message)


def choose_progress(console: Console, is_silent: bool = False) -> Progress:
    """Bars on a terminal, lines elsewhere; nothing if it is silent, or at the log level of `-q`.

    Where logs are for programs, messages are logged, and nothing else is shown.
    """
    if is_silent or not LOGGER.isEnabledFor(logging.WARNING):
        return Silence()
    if is_json():
        return LoggedNotes()
    write = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    can_redraw = console.is_terminal and not console.is_dumb_terminal
    return Bars(console) if can_redraw else Lines(write)
