import threading
from concurrent.futures import ThreadPoolExecutor

from mvsearch.indexer.once import cached_once


class Slow:
    def __init__(self):
        self.begun = threading.Event()
        self.let = threading.Event()
        self.n_made = 0

    @cached_once
    def value(self):
        """What takes long."""
        self.begun.set()
        self.let.wait()
        self.n_made += 1
        return object()


def test_a_value_is_made_once_however_many_threads_ask():
    slow = Slow()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(lambda: slow.value) for _ in range(4)]
        slow.begun.wait()
        slow.let.set()
        assert len({id(future.result()) for future in asked}) == 1
    assert slow.n_made == 1
    assert Slow.value.__doc__ == "What takes long."


def test_a_value_that_was_taken_out_is_made_again():
    slow = Slow()
    slow.let.set()
    first = slow.value
    assert slow.value is first
    del slow.__dict__["value"]
    assert slow.value is not first
