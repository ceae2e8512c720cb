"""Reports the progress of long API calls, and cancels them."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

from mvsearch.indexer.progress import Progress, Silence
from mvsearch.search.output.progress_lines import Lines
from mvsearch.store.errors import CancelledError

# A function is called with lines of text, from any thread.
AnyProgress: TypeAlias = "Progress | Callable[[str], object] | None"


class Stop(threading.Event):
    """An event that is also set if another one is."""

    def __init__(self, other: threading.Event | None = None) -> None:
        super().__init__()
        self._other = other
        # The threads inside of the caller's progress function.
        self.callers: set[int] = set()

    def is_set(self) -> bool:
        """Whether this event or the other one is set."""
        return super().is_set() or (self._other is not None and self._other.is_set())


class Watched:
    """Forwards progress; once stopped, each step of the work raises `CancelledError`.

    An exception of the caller's progress function stops the work, and is raised at the end of the
    context.
    """

    def __init__(self, shown: Progress, stop: Stop) -> None:
        self.stop = stop
        self.error: BaseException | None = None
        self._shown = shown

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Forward the start of a stage."""
        self._pass_on(lambda: self._shown.begin(stage, total, unit))

    def advance(self, stage: str) -> None:
        """Forward the completion of a unit."""
        self._pass_on(lambda: self._shown.advance(stage))

    def measure(self, stage: str, done: float, total: float) -> None:
        """Forward the share of the work that is done."""
        self._pass_on(lambda: self._shown.measure(stage, done, total))

    def note(self, message: str) -> None:
        """Forward a line."""
        self._pass_on(lambda: self._shown.note(message))

    def __enter__(self) -> Self:
        """Start the display."""
        self._shown.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the display; raises the error of the caller's progress function."""
        self._shown.__exit__(kind, error, trace)
        if self.error is not None:
            raise self.error

    def _pass_on(self, call: Callable[[], None]) -> None:
        """Call the caller's progress function, from any thread."""
        if self.error is None:
            self.stop.callers.add(threading.get_ident())
            try:
                call()
            except Exception as error:  # noqa: BLE001  it is raised at the end of the context
                self.error = error
                self.stop.set()
            finally:
                self.stop.callers.discard(threading.get_ident())
        if self.stop.is_set():
            raise CancelledError


def to_progress(progress: AnyProgress) -> Progress:
    """The caller's progress as an object of the protocol."""
    if progress is None:
        return Silence()
    return progress if isinstance(progress, Progress) else Lines(progress)
