"""Tells proxies whether this server lives, and whether it can answer now."""

import threading
from concurrent.futures import Future

from mvsearch import VideoLibrary
from mvsearch.search.api.serving import check_tables
from mvsearch.store.errors import MvsearchError

# A proxy asks every few seconds, and takes a longer answer for none.
WAIT_SECONDS = 2.0


class Readiness:
    """Checks whether the library can be read.

    Args:
        library: is asked.
        stopping: is set when the server ends.
        wait_seconds: for the answer of the library.
    """

    def __init__(
        self, library: VideoLibrary, stopping: threading.Event, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._library = library
        self._stopping = stopping
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._asked: Future[str] | None = None

    def find_problem(self) -> str:
        """Why the server cannot answer now, in one line; empty if it can.

        One check at a time: where the library does not answer, further ones wait for the same.
        """
        if self._stopping.is_set():
            return "the server is ending"
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                ask = threading.Thread(target=self._ask, args=(self._asked,), daemon=True)
                ask.start()
            asked = self._asked
        try:
            return asked.result(self._wait_seconds)
        except TimeoutError:
            return "the library does not answer"

    def _ask(self, asked: "Future[str]") -> None:
        problem = "an error of mvsearch itself"
        try:
            check_tables(self._library)
            problem = ""
        except MvsearchError as error:
            problem = str(error)
        finally:
            asked.set_result(problem)
