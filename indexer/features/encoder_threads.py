"""Runs each encoder in a thread of its own behind a queue of bounded size.

A file's own thread decodes and hands on what comes; it waits only where a queue is full, so that
the slowest of decoder and encoders sets the pace, and memory does not grow with a file's length.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders, NamesThings
from mvsearch.indexer.media.decoding.streams import DecodeStoppedError
from mvsearch.store.records import Matrix, Modality

Rows: TypeAlias = npt.NDArray[Any] | Sequence[str]
Made: TypeAlias = tuple[Matrix, ...]
Encode: TypeAlias = Callable[[Any], Made]

# Six batches of 224 × 224 frames: enough that neither side waits for the other's hiccups.
QUEUE_BYTES = 16 * 2**20
# Files' ends are put together up to so many rows. Lyrics are not: their numbers would depend, in
# the last digits, on what other lines the batch is padded for.
BATCH_ROWS: Mapping[Modality, int] = {"frames": 16, "audio": 16, "lyrics": 1}
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """Rows that a file handed in, and where it waits for them."""

    rows: Rows
    made: Future[Made] = field(default_factory=Future)

    @property
    def n_bytes(self) -> int:
        return self.rows.nbytes if isinstance(self.rows, np.ndarray) else sum(map(len, self.rows))

    def cancel(self) -> None:
        """Tell whoever waits that nothing will be made; `cancel` alone does not wake him."""
        self.made.cancel()
        self.made.set_running_or_notify_cancel()


class EncoderThread:
    """Encodes what several files hand in, in the order in which it comes.

    What waits is encoded together, across the borders of files, up to a batch; an encoder that is
    not behind never waits for a batch to fill.
    """

    def __init__(
        self,
        name: str,
        encode: Encode,
        batch_rows: int,
        *,
        queue_bytes: int = QUEUE_BYTES,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Make it ready; the thread begins with the first rows, or with `start`.

        Args:
            name: of the thread.
            encode: turns n rows into matrices of n rows; a row must not depend on the others.
            batch_rows: rows encoded together at most, unless one file hands in more at once.
            queue_bytes: what may wait or be worked on; a single order may exceed it.
            prepare: called in the thread before anything is encoded.
        """
        self._encode = encode
        self._batch_rows = batch_rows
        self._queue_bytes = queue_bytes
        self._prepare = prepare
        self._orders: deque[_Order] = deque()
        self._held_bytes = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"mvsearch-{name}", daemon=True)

    def start(self) -> None:
        """Begin to prepare, where it has not."""
        with self._changed:
            if self._thread.ident is None:
                self._thread.start()

    def submit(self, rows: Rows, stop: threading.Event | None = None) -> Future[Made]:
        """Hand in rows; waits while the queue is full.

        Raises:
            DecodeStoppedError: `stop` was set meanwhile.
        """
        self.start()
        order = _Order(rows)
        with self._changed:
            while not self._is_closed and self._is_full(order):
                _check(stop)
                self._changed.wait(POLL_SECONDS)
            if self._is_closed:
                order.cancel()
                return order.made
            self._held_bytes += order.n_bytes
            self._orders.append(order)
            self._changed.notify_all()
        return order.made

    def _is_full(self, order: _Order) -> bool:
        """Whether an order has to wait; one that is larger than the queue passes alone."""
        return bool(self._held_bytes) and self._held_bytes + order.n_bytes > self._queue_bytes

    def close(self) -> None:
        """End the thread after the batch that it is at; what waits is not encoded."""
        with self._changed:
            self._is_closed = True
            for order in self._orders:
                order.cancel()
                self._held_bytes -= order.n_bytes
            self._orders.clear()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        """Take and encode until it is closed."""
        fault: Exception | None = None
        try:
            if self._prepare is not None:
                self._prepare()
        except Exception as error:  # noqa: BLE001  it is raised where the vectors are awaited
            fault = error
        while orders := self._take():
            if fault is None:
                self._answer(orders)
            else:
                for order in orders:
                    order.made.set_exception(fault)
            with self._changed:
                self._held_bytes -= sum(order.n_bytes for order in orders)
                self._changed.notify_all()

    def _take(self) -> list[_Order]:
        """The next orders that fit into one batch, at least one; none when it is closed."""
        with self._changed:
            while not self._orders and not self._is_closed:
                self._changed.wait()
            taken: list[_Order] = []
            n_rows = 0
            while self._orders:
                n_rows += len(self._orders[0].rows)
                if taken and n_rows > self._batch_rows:
                    break
                taken.append(self._orders.popleft())
            return taken

    def _answer(self, orders: list[_Order]) -> None:
        """Encode orders together; where that fails each alone, so that one's fault is its own."""
        try:
            made = self._encode(_join([order.rows for order in orders]))
        except Exception as error:  # noqa: BLE001  it is raised where the vectors are awaited
            if len(orders) == 1:
                orders[0].made.set_exception(error)
            else:
                for order in orders:
                    self._answer([order])
            return
        begin = 0
        for order in orders:
            end = begin + len(order.rows)
            order.made.set_result(tuple(matrix[begin:end] for matrix in made))
            begin = end


class Lane:
    """One file's way through an encoder: what it hands in comes back in the same order."""

    def __init__(self, thread: EncoderThread, stop: threading.Event | None = None) -> None:
        self._thread = thread
        self._stop = stop
        self._waiting: deque[Future[Made]] = deque()

    def put(self, rows: Rows) -> None:
        """Hand in rows.

        Raises:
            DecodeStoppedError: the stop event was set while the queue was full.
        """
        self._waiting.append(self._thread.submit(rows, self._stop))

    def take_ready(self) -> Iterator[Made]:
        """Yield what is encoded by now."""
        while self._waiting and self._waiting[0].done():
            yield self._waiting.popleft().result()

    def take_rest(self) -> Iterator[Made]:
        """Wait for all that was handed in.

        Raises:
            DecodeStoppedError: the stop event was set meanwhile.
            Exception: whatever the encoder raised over rows of this file.
        """
        while self._waiting:
            while not wait([self._waiting[0]], POLL_SECONDS).done:
                _check(self._stop)
            yield self._waiting.popleft().result()


class Flow:
    """The encoders' threads of a run, and the places at the decoder; used in a `with`."""

    def __init__(
        self,
        encoders: Encoders,
        stages: Collection[Modality],
        *,
        n_decoders: int = 1,
        prepare: Callable[[Any], None] | None = None,
    ) -> None:
        """Make the threads ready.

        Args:
            encoders: of the profile.
            stages: what may be asked for; its encoders get a thread.
            n_decoders: files decoded at once.
            prepare: called with each encoder in its thread before it encodes.
        """
        self.encoders = encoders
        self._places = threading.Semaphore(n_decoders)
        self._threads = {
            stage: _make_thread(stage, encoder, prepare)
            for stage in stages
            if (encoder := encoders.get(stage)) is not None
        }

    @property
    def n_encoders(self) -> int:
        """How many encoders have a thread."""
        return len(self._threads)

    def start(self) -> None:
        """Load the encoders now, beside what else is done, and not at the first rows."""
        for thread in self._threads.values():
            thread.start()

    def open_lane(self, stage: Modality, stop: threading.Event | None = None) -> Lane:
        """A way through the encoder of a stage, for one file."""
        return Lane(self._threads[stage], stop)

    def encode(self, stage: Modality, rows: Rows, stop: threading.Event | None = None) -> Made:
        """Hand in rows and wait for their vectors."""
        lane = self.open_lane(stage, stop)
        lane.put(rows)
        return next(lane.take_rest())

    @contextmanager
    def decoding(self, stop: threading.Event | None = None) -> Iterator[None]:
        """Have one of the places at the decoder.

        Raises:
            DecodeStoppedError: `stop` was set while all were taken.
        """
        while not self._places.acquire(timeout=POLL_SECONDS):
            _check(stop)
        try:
            yield
        finally:
            self._places.release()

    def __enter__(self) -> "Flow":
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads.values():
            thread.close()


def _make_thread(
    stage: Modality, encoder: Any, prepare: Callable[[Any], None] | None
) -> EncoderThread:
    """The thread of one encoder; one that names things gives its posterior as the last matrix."""

    def encode_and_name(frames: npt.NDArray[np.uint8]) -> Made:
        matrices, posterior = encoder.encode_and_name(frames)
        return (*matrices, posterior)

    is_naming = stage == "frames" and isinstance(encoder, NamesThings)
    return EncoderThread(
        stage,
        encode_and_name if is_naming else encoder.encode,
        BATCH_ROWS[stage],
        prepare=None if prepare is None else lambda: prepare(encoder),
    )


def _join(parts: list[Rows]) -> Rows:
    """Put rows together; copies only where there are several."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [text for part in parts for text in part]


def _check(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise DecodeStoppedError
