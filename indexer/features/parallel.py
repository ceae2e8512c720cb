"""Runs work in parallel threads and limits the threads of linear algebra."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def map_in_threads(
    function: Callable[[Item], Made],
    items: Iterable[Item],
    n_workers: int,
    stop: threading.Event,
) -> Iterator[Made]:
    """Yield results as they are done, with at most `n_workers` items taken and not yet yielded.

    Meanwhile linear algebra takes one core: its own threads wait for each other in a loop, which
    was a quarter of the processor time of indexing.

    When `stop` is set, or the caller goes away, nothing new begins, and what is under way is
    expected to end early by itself.
    """
    source = iter(items)
    running: set[Future[Made]] = set()
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="mvsearch")
    with limit_algebra():
        try:
            while True:
                while len(running) < n_workers and not stop.is_set():
                    try:
                        running.add(pool.submit(function, next(source)))
                    except StopIteration:
                        break
                if not running:
                    return
                # A time limit, because a wait without one would not hear Ctrl-C everywhere.
                done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _AlgebraLimit:
    """How many pieces of work want linear algebra to take one core, and what it took before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_wanting = 0
        self._before: Any = None

    def enter(self) -> None:
        """Set the limit, if nobody has."""
        from threadpoolctl import threadpool_limits

        with self._lock:
            if self._n_wanting == 0:
                self._before = threadpool_limits(1, user_api="blas")
            self._n_wanting += 1

    def leave(self) -> None:
        """Take the limit back, if nobody else wants it."""
        with self._lock:
            self._n_wanting -= 1
            if self._n_wanting == 0:
                self._before.restore_original_limits()


_LIMIT = _AlgebraLimit()


@contextmanager
def limit_algebra() -> Iterator[None]:
    """Let linear algebra take one core until this piece of work and those beside it are done.

    The limit is the process's: each that took back what it found would leave the limit of another
    that ended before it.
    """
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
