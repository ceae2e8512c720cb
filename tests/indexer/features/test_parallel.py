import threading

import numpy
import pytest
from threadpoolctl import threadpool_info

from mvsearch.indexer.features.parallel import map_in_threads
from tests.limits import HANG_SECONDS


def test_yields_every_result_once():
    made = list(map_in_threads(lambda n: n * n, range(20), 3, threading.Event()))
    assert sorted(made) == [n * n for n in range(20)]


def test_works_side_by_side():
    together = threading.Barrier(3, timeout=HANG_SECONDS)
    # Each waits for two others: with fewer than three threads this breaks the barrier.
    assert len(list(map_in_threads(lambda _: together.wait(), range(3), 3, threading.Event()))) == 3


def test_takes_no_more_than_it_needs():
    taken = []

    def source():
        for number in range(100):
            taken.append(number)
            yield number

    results = map_in_threads(lambda n: n, source(), 2, threading.Event())
    next(results)
    assert len(taken) <= 8
    results.close()


def test_stop_lets_the_running_end_and_starts_no_more():
    stop = threading.Event()
    both = threading.Barrier(2, action=stop.set, timeout=HANG_SECONDS)
    begun = []

    def work(number):
        begun.append(number)
        both.wait()
        return number

    assert sorted(map_in_threads(work, range(50), 2, stop)) == [0, 1]
    assert sorted(begun) == [0, 1]


def test_an_error_stops_the_others():
    stop = threading.Event()

    def fail(number):
        raise RuntimeError(str(number))

    with pytest.raises(RuntimeError):
        list(map_in_threads(fail, range(5), 2, stop))
    assert stop.is_set()


def test_linear_algebra_takes_one_core_meanwhile():
    numpy.ones((2, 2)) @ numpy.ones((2, 2))  # loads what is asked about
    before = count_blas_threads()
    made = list(map_in_threads(lambda _: count_blas_threads(), [1], 2, threading.Event()))
    assert before
    assert made == [{1}]
    assert count_blas_threads() == before


def test_the_limit_goes_with_the_last_of_several_pieces_of_work():
    numpy.ones((2, 2)) @ numpy.ones((2, 2))
    before = count_blas_threads()
    first = map_in_threads(lambda n: n, range(3), 1, threading.Event())
    second = map_in_threads(lambda n: n, range(3), 1, threading.Event())
    next(first)
    next(second)
    first.close()
    assert count_blas_threads() == {1}
    second.close()
    assert count_blas_threads() == before


def count_blas_threads():
    """Of numpy's own library; one that is built on OpenMP, as FAISS's, counts for each thread."""
    return {
        found["num_threads"]
        for found in threadpool_info()
        if found["user_api"] == "blas" and "numpy" in found["filepath"]
    }
