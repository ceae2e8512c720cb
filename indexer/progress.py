"""The protocol by which long work reports its progress."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

# Called with how many steps of one stage are done, and of how many.
StepCounter = Callable[[int, int], None]


@runtime_checkable
class Progress(Protocol):
    """Told of the stages of a long piece of work, several at once, by any thread.

    Whoever makes it enters it before the work, and leaves it afterwards.
    """

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """A stage begins, with so many units to do."""

    def advance(self, stage: str) -> None:
        """One unit of a stage is done."""

    def measure(self, stage: str, done: float, total: float) -> None:
        """How much of a stage is done, in any unit, where its files differ: time left goes by it.

        Told before the step that it belongs to.
        """

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
    """A counter that begins a stage at its first call, and moves it on."""
    n_before: int | None = None

    def count(n_done: int, n_all: int) -> None:
        nonlocal n_before
        if n_before is None:
            progress.begin(stage, n_all, unit)
        for _ in range(n_done - (n_before or 0)):
            progress.advance(stage)
        n_before = n_done

    return count
