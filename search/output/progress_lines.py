"""Writes progress as plain lines, for logs, pipes and functions such as print."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

# Interval of progress lines without a terminal.
PLAIN_LINE_SECONDS = 10.0


@dataclass(slots=True)
class Count:
    """The progress of a stage.

    Attributes:
        share: of the work that is done; None if it is measured in units only.
        step_seconds: elapsed seconds at the last step.
        left_seconds: estimated remaining seconds at the last step; None before the first.
    """

    total: int
    begun_seconds: float = 0.0
    done: int = 0
    share: float | None = None
    step_seconds: float = 0.0
    left_seconds: float | None = None

    def step(self, spent_seconds: float) -> None:
        """Count one unit."""
        self.done += 1
        self.step_seconds = spent_seconds
        self.left_seconds = self.estimate_left(spent_seconds)

    def estimate_left(self, spent_seconds: float) -> float | None:
        """Estimate the remaining seconds; None before the first unit."""
        share = self.done / self.total if self.share is None else self.share
        return spent_seconds * (1 - share) / share if self.done and share > 0 else None

    def describe_pace(self, spent_seconds: float) -> str:
        """The mean rate: units per second, or seconds per unit if it is below one."""
        if not self.done or spent_seconds <= 0:
            return ""
        pace = self.done / spent_seconds
        return f"{pace:.1f}/s" if pace >= 1 else f"{1 / pace:.1f} s each"


def find_share(done: float, total: float) -> float | None:
    """The share of the work that is done; None without a measure."""
    return min(done / total, 1.0) if total > 0 and done > 0 else None


def _describe(count: Count) -> str:
    """The time and rate of a stage."""
    spent = f"{count.step_seconds:.0f} s"
    if count.done < count.total:
        return f"{spent}, about {count.left_seconds or 0.0:.0f} s left"
    has_pace = count.total > 1 and count.step_seconds >= 1
    pace = f", {count.describe_pace(count.step_seconds)}" if has_pace else ""
    return f"{spent} in all{pace}"


class Lines:
    """Plain lines for logs and pipes: the start and end of a stage, and its progress in between."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._counts: dict[str, Count] = {}
        self._last_line = 0.0
        self._lock = threading.RLock()

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Write the amount of work."""
        with self._lock:
            self._last_line = time.monotonic()
            self._counts[stage] = Count(total, self._last_line)
            self.note(f"{stage}: {total} {unit.removesuffix('s') if total == 1 else unit}")

    def measure(self, stage: str, done: float, total: float) -> None:
        """Set the share of the work that is done, for the remaining time."""
        with self._lock:
            self._counts[stage].share = find_share(done, total)

    def advance(self, stage: str) -> None:
        """Count one unit, and write a line if the last one is old enough."""
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
