"""Runs work in parallel threads and limits the threads of linear algebra."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def map_in_threads(
    function: Callable[[Item], Made],
    items: Iterable[Item],
    n_workers: int,
    stop: threading.Event,
) -> Iterator[Made]:
    """Apply a function to items in threads, and yield results in the order of completion.

    Meanwhile linear algebra is limited to one thread: its spinning threads took a quarter of the
    processor time of indexing.

    Args:
        function: called in a worker thread for each item.
        items: taken one by one; at most `n_workers` are taken and not yet yielded.
        n_workers: number of threads.
        stop: when set, no further item is started; `function` should end early. It is set if the
            caller ends the iteration.

    Raises:
        Exception: whatever `function` raises.
    """
    source = iter(items)
    running: set[Future[Made]] = set()
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="mvsearch")
    with limit_algebra():
        try:
            while True:
                while len(running) < n_workers and not stop.is_set():
                    try:
                        item = next(source)
                        running.add(pool.submit(copy_context().run, function, item))
                    except StopIteration:
                        break
                if not running:
                    return
                # With a timeout, as some platforms cannot interrupt a wait without one by Ctrl-C.
                done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _AlgebraLimit:
    """Counts the users of the limit of linear algebra, and restores its threads after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_wanting = 0
        self._before: Any = None

    def enter(self) -> None:
        """Set the limit for the first user."""
        from threadpoolctl import threadpool_limits

        with self._lock:
            if self._n_wanting == 0:
                self._before = threadpool_limits(1, user_api="blas")
            self._n_wanting += 1

    def leave(self) -> None:
        """Remove the limit after the last user."""
        with self._lock:
            self._n_wanting -= 1
            if self._n_wanting == 0:
                self._before.restore_original_limits()


_LIMIT = _AlgebraLimit()


@contextmanager
def limit_algebra() -> Iterator[None]:
    """Limit linear algebra to one thread within this context.

    The limit applies to the whole process. It is counted, so that overlapping contexts of several
    threads restore the original number after the last one.
    """
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
