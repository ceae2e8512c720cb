"""The protocol by which long work reports its progress."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

# Called with the number of finished steps of a stage and their total.
StepCounter = Callable[[int, int], None]


@runtime_checkable
class Progress(Protocol):
    """Receives the progress of long work, with several stages at once, from any thread.

    It is a context manager; its creator enters it before the work.
    """

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Begin a stage with a total number of units."""

    def advance(self, stage: str) -> None:
        """Count one more unit of a stage as done."""

    def measure(self, stage: str, done: float, total: float) -> None:
        """Set the finished and the total work of a stage, in any unit, for the remaining time.

        It is used instead of the number of units where these differ in size, and is called before
        `advance`.
        """

    def note(self, message: str) -> None:
        """Show a message of one line."""

    def __enter__(self) -> Self:
        """Start the display."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the display and restore the screen, also after an error."""


class Silence:
    """Shows nothing; for `--json` and for tests."""

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Show nothing."""

    def advance(self, stage: str) -> None:
        """Show nothing."""

    def measure(self, stage: str, done: float, total: float) -> None:
        """Show nothing."""

    def note(self, message: str) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""


def count_steps(progress: Progress, stage: str, unit: str = "steps") -> StepCounter:
    """Return a counter that begins a stage at its first call and advances it."""
    n_before: int | None = None

    def count(n_done: int, n_all: int) -> None:
        nonlocal n_before
        if n_before is None:
            progress.begin(stage, n_all, unit)
        for _ in range(n_done - (n_before or 0)):
            progress.advance(stage)
        n_before = n_done

    return count
