"""The protocol by which long work reports its progress."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self


class Progress(Protocol):
    """Told of the stages of a long piece of work, several at once, by any thread."""

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
