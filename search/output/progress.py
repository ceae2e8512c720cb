"""Shows the progress of long work: bars on a terminal, plain lines elsewhere, or nothing."""

import threading
import time
from dataclasses import dataclass
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

# Without a terminal, a line this often is enough to see in a log that work goes on.
PLAIN_LINE_SECONDS = 10.0


@dataclass(slots=True)
class _Count:
    """How far a stage is.

    Attributes:
        share: of the work that is done, where it is measured; else by units.
        told_seconds: how long the stage had lasted at its last step.
        left_seconds: what was left then; None where nothing was done.
    """

    total: int
    begun_seconds: float = 0.0
    done: int = 0
    share: float | None = None
    told_seconds: float = 0.0
    left_seconds: float | None = None

    def step(self, spent_seconds: float) -> None:
        """One unit is done."""
        self.done += 1
        self.told_seconds = spent_seconds
        self.left_seconds = self.estimate_left(spent_seconds)

    def estimate_left(self, spent_seconds: float) -> float | None:
        """Seconds left; None where nothing is done yet."""
        share = self.done / self.total if self.share is None else self.share
        return spent_seconds * (1 - share) / share if self.done and share > 0 else None

    def describe_pace(self, spent_seconds: float) -> str:
        """The mean so far: how many a second, or how many seconds each when that is slower."""
        if not self.done or spent_seconds <= 0:
            return ""
        pace = self.done / spent_seconds
        return f"{pace:.1f}/s" if pace >= 1 else f"{1 / pace:.1f} s each"


def _find_share(done: float, total: float) -> float | None:
    """The share of the work that is done; None where the measure says nothing."""
    return min(done / total, 1.0) if total > 0 and done > 0 else None


def format_time(seconds: float) -> str:
    """Hours, minutes and seconds, such as 5:16 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _describe(count: _Count) -> str:
    """What a plain line says of the time."""
    spent = f"{count.told_seconds:.0f} s"
    if count.done < count.total:
        return f"{spent}, about {count.left_seconds or 0.0:.0f} s left"
    is_worth_telling = count.total > 1 and count.told_seconds >= 1
    pace = f", {count.describe_pace(count.told_seconds)}" if is_worth_telling else ""
    return f"{spent} in all{pace}"


class _PaceColumn(ProgressColumn):
    """The mean pace so far, of a finished stage that of all."""

    def render(self, task: RichTask) -> Text:
        count: _Count = task.fields["count"]
        spent = count.told_seconds if task.finished else task.elapsed
        return Text(count.describe_pace(spent or 0.0))


class _TimeColumn(ProgressColumn):
    """Time left, counted down between two steps; of a finished stage the time that it took."""

    def render(self, task: RichTask) -> Text:
        count: _Count = task.fields["count"]
        if task.finished:
            return Text(f"{format_time(count.told_seconds)} in all")
        if count.left_seconds is None:
            return Text("")
        since = (task.elapsed or 0.0) - count.told_seconds
        return Text(f"{format_time(max(0.0, count.left_seconds - since))} left")


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
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Add a bar."""
        count = self._counts[stage] = _Count(total)
        self._tasks[stage] = self._progress.add_task(stage, total=total, count=count)

    def measure(self, stage: str, done: float, total: float) -> None:
        """Let the time left go by a measure."""
        self._counts[stage].share = _find_share(done, total)

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


class Lines:
    """Plain lines for logs and pipes: a stage's start, end, and now and then its middle."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts: dict[str, _Count] = {}
        self._last_line = 0.0
        self._lock = threading.RLock()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Say how much there is to do."""
        with self._lock:
            self._last_line = time.monotonic()
            self._counts[stage] = _Count(total, self._last_line)
            self.note(f"{stage}: {total} {unit.removesuffix('s') if total == 1 else unit}")

    def measure(self, stage: str, done: float, total: float) -> None:
        """Let the time left go by a measure."""
        with self._lock:
            self._counts[stage].share = _find_share(done, total)

    def advance(self, stage: str) -> None:
        """Count, and say so when the last line is long ago."""
        with self._lock:
            now = time.monotonic()
            count = self._counts[stage]
            count.step(now - count.begun_seconds)
            if count.done == count.total or now - self._last_line >= PLAIN_LINE_SECONDS:
                self._last_line = now
                self.note(f"{stage}: {count.done}/{count.total}, {_describe(count)}")

    def note(self, message: str) -> None:
        """Print a line."""
        self._console.print(message, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""


def choose_progress(console: Console, is_silent: bool = False) -> Progress:
    """Bars where somebody watches a terminal, lines elsewhere, nothing when asked for silence."""
    if is_silent:
        return Silence()
    can_redraw = console.is_terminal and not console.is_dumb_terminal
    return Bars(console) if can_redraw else Lines(console)
