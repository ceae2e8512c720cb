import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np
import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.encoder_pool import EncoderPool, EncoderQueue
from mvsearch.indexer.features.encoder_threads import EncoderThread
from mvsearch.indexer.media.decoding.frames import DecodeStoppedError
from tests.limits import HANG_SECONDS


def rows(*values):
    return np.array(values, np.float32)[:, None]


def square(given):
    return (given**2, given + 1)


class Gate:
    """Squares what it is given, batch by batch, each when it is let."""

    def __init__(self):
        self.sizes = []
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)

    def __call__(self, given):
        self.sizes.append(len(given))
        self.begun.release()
        assert self.let.acquire(timeout=HANG_SECONDS)
        return square(given)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def held(gate):
    """A thread that is at its first batch of one row, with (0,) handed in."""
    thread = EncoderThread("test", gate, batch_rows=4, queue_bytes=1000)
    first = thread.submit(rows(0))
    assert gate.begun.acquire(timeout=HANG_SECONDS)
    yield thread
    for _ in range(20):
        gate.let.release()
    thread.close()
    assert first.done()


def test_each_file_gets_its_own_rows_in_its_order(held, gate):
    one, other = EncoderQueue(held), EncoderQueue(held)
    for number in range(6):
        (one if number % 2 else other).put(rows(number, number + 0.5))
    assert list(one.take_ready()) == []
    for _ in range(20):
        gate.let.release()
    for queue, numbers in ((one, [1, 3, 5]), (other, [0, 2, 4])):
        made = list(queue.take_rest())
        for (squares, following), number in zip(made, numbers, strict=True):
            np.testing.assert_array_equal(squares[:, 0], [number**2, (number + 0.5) ** 2])
            np.testing.assert_array_equal(following[:, 0], [number + 1, number + 1.5])


def test_batches_are_filled_across_files_and_kept_to_their_size(held, gate):
    queues = [EncoderQueue(held) for _ in range(5)]
    for queue, n_rows in zip(queues, [1, 2, 1, 3, 6], strict=True):
        queue.put(rows(*range(n_rows)))
    for _ in range(20):
        gate.let.release()
    for queue in queues:
        list(queue.take_rest())
    assert gate.sizes == [1, 4, 3, 6]


def test_an_idle_encoder_does_not_wait_for_more():
    thread = EncoderThread("test", square, batch_rows=100)
    made = thread.submit(rows(3)).result(timeout=HANG_SECONDS)
    assert made[0].tolist() == [[9]]
    thread.close()


def test_a_full_queue_holds_back_who_hands_in(held, gate):
    queue = EncoderQueue(held)
    queue.put(np.zeros((1, 200), np.float32))
    is_in = threading.Event()

    def hand_in():
        queue.put(np.zeros((1, 200), np.float32))
        is_in.set()

    late = threading.Thread(target=hand_in)
    late.start()
    assert not is_in.wait(0.3)
    gate.let.release()
    gate.let.release()
    assert is_in.wait(HANG_SECONDS)
    late.join()


def test_more_than_the_queue_holds_passes_alone():
    thread = EncoderThread("test", square, batch_rows=4, queue_bytes=10)
    assert len(thread.submit(rows(*range(50))).result(timeout=HANG_SECONDS)[0]) == 50
    thread.close()


def test_a_fault_belongs_to_the_file_it_happened_on():
    begin = threading.Event()

    def dislike_seven(given):
        assert begin.wait(HANG_SECONDS)
        if 7 in given:
            raise ValueError("a seven")
        return square(given)

    thread = EncoderThread("test", dislike_seven, batch_rows=16)
    queues = {number: EncoderQueue(thread) for number in (5, 6, 7, 8)}
    for number, queue in queues.items():
        queue.put(rows(number))
    begin.set()
    for number in (5, 6, 8):
        assert next(queues[number].take_rest())[0].tolist() == [[number**2]]
    with pytest.raises(ValueError, match="a seven"):
        list(queues[7].take_rest())
    assert thread.submit(rows(2)).result(timeout=HANG_SECONDS)[0].tolist() == [[4]]
    thread.close()


def test_what_fails_to_load_is_told_to_each_file():
    def fail():
        raise RuntimeError("no weights")

    thread = EncoderThread("test", square, batch_rows=4, prepare=fail)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no weights"):
            thread.submit(rows(1)).result(timeout=HANG_SECONDS)
    thread.close()


def test_stop_is_heard_while_waiting(held):
    stop = threading.Event()
    queue = EncoderQueue(held, stop)
    queue.put(np.zeros((1, 200), np.float32))
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(DecodeStoppedError):
        queue.put(np.zeros((1, 200), np.float32))
    with pytest.raises(DecodeStoppedError):
        list(queue.take_rest())


def test_closing_ends_the_thread_and_what_waits(gate):
    thread = EncoderThread("test", gate, batch_rows=1)
    first, second = thread.submit(rows(1)), thread.submit(rows(2))
    assert gate.begun.acquire(timeout=HANG_SECONDS)
    gate.let.release()
    thread.close()
    assert first.result(timeout=HANG_SECONDS)[0].tolist() == [[1]]
    if second.cancelled():
        with pytest.raises(CancelledError):
            second.result()
    assert "mvsearch-test" not in [running.name for running in threading.enumerate()]


def test_closing_lets_go_whoever_hands_in_or_waits(gate):
    thread = EncoderThread("test", gate, batch_rows=1, queue_bytes=8)
    queue = EncoderQueue(thread)
    queue.put(rows(1))
    assert gate.begun.acquire(timeout=HANG_SECONDS)
    queue.put(rows(2))  # the queue is full
    with ThreadPoolExecutor(2) as pool:
        blocked = pool.submit(thread.submit, rows(3, 4))
        waiting = pool.submit(lambda: list(queue.take_rest()))
        closing = threading.Thread(target=thread.close)
        closing.start()
        assert blocked.result(timeout=HANG_SECONDS).cancelled()
        gate.let.release()
        closing.join(HANG_SECONDS)
        with pytest.raises(CancelledError):
            waiting.result(timeout=HANG_SECONDS)
    assert thread._held_bytes == 0
    assert thread.submit(rows(5)).cancelled()


def test_places_at_the_decoder_are_so_many():
    stop = threading.Event()
    with EncoderPool(Encoders("toy"), ["frames"], n_decoders=2) as encoder_pool:
        with encoder_pool.decoding(stop), encoder_pool.decoding(stop):
            threading.Timer(0.1, stop.set).start()
            with pytest.raises(DecodeStoppedError), encoder_pool.decoding(stop):
                pass
        with encoder_pool.decoding(), encoder_pool.decoding():
            pass


def test_encoders_are_loaded_beside_each_other_and_each_once():
    together = threading.Barrier(3, timeout=HANG_SECONDS)
    seen = []

    def prepare(encoder):
        together.wait()
        seen.append(type(encoder).__name__)

    with EncoderPool(
        Encoders("toy"), ["frames", "audio", "lyrics"], prepare=prepare
    ) as encoder_pool:
        assert encoder_pool.n_encoders == 3
        encoder_pool.start()
        encoder_pool.start()
        vectors = encoder_pool.encode("lyrics", ["a line", "another"])[0]
    assert sorted(seen) == ["ToyAudio", "ToyFrames", "ToyLyrics"]
    np.testing.assert_array_equal(vectors, Encoders("toy").lyrics.encode(["a line", "another"])[0])
