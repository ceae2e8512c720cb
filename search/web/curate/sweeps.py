"""Indexes the folders of a library at an interval, so that new files are found by themselves."""

import logging
import threading
from collections.abc import Callable

from mvsearch.store.errors import MvsearchError

logger = logging.getLogger(__name__)


class Sweeps:
    """Calls a function at an interval, in a thread of its own.

    Args:
        sweep: is called; what it raises is logged, and it is called again.
        interval_seconds: from the end of a call to the next one.
    """

    def __init__(self, sweep: Callable[[], object], interval_seconds: float) -> None:
        self._sweep = sweep
        self._interval_seconds = interval_seconds
        self._end = threading.Event()

    def start(self) -> None:
        """Begin; the first call comes at once."""
        threading.Thread(target=self._run, name="sweeps", daemon=True).start()

    def stop(self) -> None:
        """End after the current call."""
        self._end.set()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self._sweep()
            except MvsearchError as error:
                logger.warning("a sweep failed: %s", error)
            self._end.wait(self._interval_seconds)
