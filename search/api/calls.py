"""Counts the calls that use a library, and refuses further ones once it is closed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.errors import LibraryClosedError


class Calls:
    """The calls of all threads.

    Args:
        name: of the library, in messages.
        shut: is called once, after the last call.
    """

    def __init__(self, name: str, shut: Callable[[], None]) -> None:
        self._name = name
        self._shut = shut
        self._changed = threading.Condition(threading.RLock())
        self._uses: dict[int, int] = {}
        self._is_closed = False
        self._stops: list[Stop] = []

    @contextmanager
    def using(self) -> Iterator[None]:
        """Count a call; `close` waits for the end of the context.

        Raises:
            LibraryClosedError: it was closed.
        """
        thread = threading.get_ident()
        with self._changed:
            if self._is_closed and thread not in self._uses:
                raise LibraryClosedError(f"the library {self._name} was closed: open it again")
            self._uses[thread] = self._uses.get(thread, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._uses[thread] -= 1
                if not self._uses[thread]:
                    del self._uses[thread]
                if self._is_closed and not self._uses:
                    self._shut()
                self._changed.notify_all()

    @contextmanager
    def watching(self, progress: AnyProgress, cancel: threading.Event | None) -> Iterator[Watched]:
        """Report the progress of a long call; `cancel` and `close` end it."""
        stop = Stop(cancel)
        with self._changed:
            self._stops.append(stop)
            if self._is_closed:
                stop.set()
        try:
            with Watched(to_progress(progress), stop) as watched:
                yield watched
        finally:
            with self._changed:
                self._stops.remove(stop)

    def close(self) -> None:
        """Refuse further calls, cancel long ones, wait for the rest, and shut.

        Called inside of a call, such as by a callback, it does not wait: the last call shuts.
        """
        thread = threading.get_ident()
        with self._changed:
            is_inside = thread in self._uses or any(thread in one.callers for one in self._stops)
            self._is_closed = True
            for stop in self._stops:
                stop.set()
            if not is_inside:
                self._changed.wait_for(lambda: not self._uses)
                self._shut()
