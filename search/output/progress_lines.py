"""Writes progress as plain lines, for logs, pipes and functions such as print."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

# Without a terminal, a line this often is enough to see in a log that work goes on.
PLAIN_LINE_SECONDS = 10.0


@dataclass(slots=True)
class Count:
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


def find_share(done: float, total: float) -> float | None:
    """The share of the work that is done; None where the measure says nothing."""
    return min(done / total, 1.0) if total > 0 and done > 0 else None


def _describe(count: Count) -> str:
    """What a plain line says of the time."""
    spent = f"{count.told_seconds:.0f} s"
    if count.done < count.total:
        return f"{spent}, about {count.left_seconds or 0.0:.0f} s left"
    is_worth_telling = count.total > 1 and count.told_seconds >= 1
    pace = f", {count.describe_pace(count.told_seconds)}" if is_worth_telling else ""
    return f"{spent} in all{pace}"


class Lines:
    """Plain lines for logs and pipes: a stage's start, end, and now and then its middle."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._counts: dict[str, Count] = {}
        self._last_line = 0.0
        self._lock = threading.RLock()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Say how much there is to do."""
        with self._lock:
            self._last_line = time.monotonic()
            self._counts[stage] = Count(total, self._last_line)
            self.note(f"{stage}: {total} {unit.removesuffix('s') if total == 1 else unit}")

    def measure(self, stage: str, done: float, total: float) -> None:
        """Let the time left go by a measure."""
        with self._lock:
            self._counts[stage].share = find_share(done, total)

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
        self._write(message)

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""
