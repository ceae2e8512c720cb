"""Work side by side in threads: the decoder is another process, the encoders let go of the lock."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

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
    from threadpoolctl import threadpool_limits

    source = iter(items)
    running: set[Future[Made]] = set()
    limits = threadpool_limits(1, user_api="blas")
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="mvsearch")
    try:
        while True:
            while len(running) < n_workers and not stop.is_set():
                try:
                    running.add(pool.submit(function, next(source)))
                except StopIteration:
                    break
            if not running:
                return
            # A time limit, because a wait without one would not hear Ctrl-C on every platform.
            done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        limits.restore_original_limits()
