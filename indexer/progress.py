"""What long work says while it runs: bars on a terminal, plain lines elsewhere, or nothing."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.progress import Task as RichTask
from rich.text import Text

# Without a terminal, a line this often is enough to see in a log that work goes on.
PLAIN_LINE_SECONDS = 10.0


class Progress(Protocol):
    """Told of the stages of a long piece of work, several at once, by any thread."""

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """A stage begins, with so many units to do."""

    def advance(self, stage: str) -> None:
        """One unit of a stage is done."""

    def note(self, message: str) -> None:
        """Something worth a line."""

    def __enter__(self) -> Self:
        """Start showing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the screen tidy, also after an error."""


class Silence:
    """Shows nothing; for `--json` and for tests."""

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Show nothing."""

    def advance(self, stage: str) -> None:
        """Show nothing."""

    def note(self, message: str) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""


class _RateColumn(ProgressColumn):
    """How many a second, or how many seconds each when that is slower."""

    def render(self, task: RichTask) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{1 / speed:.1f} s each")


class Bars:
    """A bar for each stage with count, rate and time left."""

    def __init__(self, console: Console) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RateColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Add a bar."""
        self._tasks[stage] = self._progress.add_task(stage, total=total)

    def advance(self, stage: str) -> None:
        """Move a bar by one file."""
        self._progress.advance(self._tasks[stage])

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
        self._done: dict[str, tuple[int, int, float]] = {}
        self._last_line = 0.0
        self._lock = threading.RLock()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Say how much there is to do."""
        with self._lock:
            self._last_line = time.monotonic()
            self._done[stage] = (0, total, self._last_line)
            self.note(f"{stage}: {total} {unit.removesuffix('s') if total == 1 else unit}")

    def advance(self, stage: str) -> None:
        """Count, and say so when the last line is long ago."""
        with self._lock:
            self._count(stage)

    def _count(self, stage: str) -> None:
        done, total, start = self._done[stage]
        done += 1
        self._done[stage] = (done, total, start)
        now = time.monotonic()
        if done == total or now - self._last_line >= PLAIN_LINE_SECONDS:
            self._last_line = now
            spent = now - start
            left = spent / done * (total - done)
            rest = f", about {left:.0f} s left" if done < total else ""
            self.note(f"{stage}: {done}/{total}, {spent:.0f} s{rest}")

    def note(self, message: str) -> None:
        """Print a line."""
        self._console.print(message, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""


def follow(progress: Progress, unit: str = "files") -> Callable[[str, int, int], None]:
    """A callback (stage, n done, n in all) that begins each stage and moves it on."""
    done: dict[str, int] = {}

    def tell(stage: str, n_done: int, n_all: int) -> None:
        if stage not in done:
            progress.begin(stage, n_all, unit)
        for _ in range(n_done - done.get(stage, 0)):
            progress.advance(stage)
        done[stage] = n_done

    return tell


def choose_progress(console: Console, is_silent: bool = False) -> Progress:
    """Bars where somebody watches a terminal, lines elsewhere, nothing when asked for silence."""
    if is_silent:
        return Silence()
    can_redraw = console.is_terminal and not console.is_dumb_terminal
    return Bars(console) if can_redraw else Lines(console)
