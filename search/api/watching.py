"""Reports the progress of long API calls, and cancels them."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

from mvsearch.indexer.progress import Progress, Silence
from mvsearch.search.output.progress_lines import Lines
from mvsearch.store.errors import CancelledError

# A function is called with lines of text, by any thread.
AnyProgress: TypeAlias = "Progress | Callable[[str], object] | None"


class Stop(threading.Event):
    """Set by itself, or with another event."""

    def __init__(self, other: threading.Event | None = None) -> None:
        super().__init__()
        self._other = other
        # The threads that call the caller's progress now.
        self.callers: set[int] = set()

    def is_set(self) -> bool:
        """Whether this or the other is set."""
        return super().is_set() or (self._other is not None and self._other.is_set())


class Watched:
    """Passes progress on; once stopped, each step of the work raises `CancelledError`.

    What raises inside the caller's progress stops the work, and is raised again at its end: the
    work itself never sees it.
    """

    def __init__(self, shown: Progress, stop: Stop) -> None:
        self.stop = stop
        self.error: BaseException | None = None
        self._shown = shown

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Pass on that a stage begins."""
        self._pass_on(lambda: self._shown.begin(stage, total, unit))

    def advance(self, stage: str) -> None:
        """Pass on that one unit is done."""
        self._pass_on(lambda: self._shown.advance(stage))

    def measure(self, stage: str, done: float, total: float) -> None:
        """Pass on how much is done."""
        self._pass_on(lambda: self._shown.measure(stage, done, total))

    def note(self, message: str) -> None:
        """Pass a line on."""
        self._pass_on(lambda: self._shown.note(message))

    def __enter__(self) -> Self:
        """Start showing."""
        self._shown.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing; an error of the caller's progress comes out here."""
        self._shown.__exit__(kind, error, trace)
        if self.error is not None:
            raise self.error

    def _pass_on(self, call: Callable[[], None]) -> None:
        """Call the caller's progress, which may come from any thread of the work."""
        if self.error is None:
            self.stop.callers.add(threading.get_ident())
            try:
                call()
            except Exception as error:  # noqa: BLE001  it is raised at the end of the work
                self.error = error
                self.stop.set()
            finally:
                self.stop.callers.discard(threading.get_ident())
        if self.stop.is_set():
            raise CancelledError


def to_progress(progress: AnyProgress) -> Progress:
    """What the caller wants to be told by, as one protocol."""
    if progress is None:
        return Silence()
    return progress if isinstance(progress, Progress) else Lines(progress)
