"""The encoder threads of a run, and the queue of each file to them."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders, NamesThings
from mvsearch.indexer.features.encoder_threads import POLL_SECONDS, EncoderThread, Rows, Vectors
from mvsearch.indexer.media.decoding.streams import check_stop
from mvsearch.store.observing.observers import timing
from mvsearch.store.records import Modality

# Maximum rows of a batch that joins the rests of several files. Lyrics are not joined: the last
# digits of their vectors would depend on the padding of the batch.
BATCH_ROWS: Mapping[Modality, int] = {"frames": 16, "audio": 16, "lyrics": 1}


class EncoderQueue:
    """The batches of one file in an encoder's queue; vectors come back in the same order."""

    def __init__(self, thread: EncoderThread, stop: threading.Event | None = None) -> None:
        self._thread = thread
        self._stop = stop
        self._waiting: deque[Future[Vectors]] = deque()

    def put(self, rows: Rows) -> None:
        """Submit rows.

        Raises:
            DecodeStoppedError: the stop event was set while the queue was full.
        """
        self._waiting.append(self._thread.submit(rows, self._stop))

    def take_ready(self) -> Iterator[Vectors]:
        """Yield the vectors that are ready."""
        while self._waiting and self._waiting[0].done():
            yield self._waiting.popleft().result()

    def take_rest(self) -> Iterator[Vectors]:
        """Wait for the vectors of all submitted rows.

        Raises:
            DecodeStoppedError: the stop event was set meanwhile.
            Exception: whatever the encoder raised over rows of this file.
        """
        while self._waiting:
            while not wait([self._waiting[0]], POLL_SECONDS).done:
                check_stop(self._stop)
            yield self._waiting.popleft().result()


class EncoderPool:
    """The encoder threads of a run and its decoder slots, as a context manager."""

    def __init__(
        self,
        encoders: Encoders,
        stages: Collection[Modality],
        *,
        n_decoders: int = 1,
        prepare: Callable[[Any], None] | None = None,
    ) -> None:
        """Create the threads.

        Args:
            encoders: of the profile.
            stages: the stages in use; each of their encoders gets a thread.
            n_decoders: files decoded at once.
            prepare: called with each encoder in its thread before it encodes.
        """
        self.encoders = encoders
        self._slots = threading.Semaphore(n_decoders)
        self._threads = {
            stage: _make_thread(stage, encoder, prepare)
            for stage in stages
            if (encoder := encoders.get(stage)) is not None
        }

    @property
    def n_encoders(self) -> int:
        """The number of encoders with a thread."""
        return len(self._threads)

    def start(self) -> None:
        """Load the encoders now, in their threads, instead of at the first rows."""
        for thread in self._threads.values():
            thread.start()

    def open_queue(self, stage: Modality, stop: threading.Event | None = None) -> EncoderQueue:
        """A queue to the encoder of a stage, for one file."""
        return EncoderQueue(self._threads[stage], stop)

    def encode(self, stage: Modality, rows: Rows, stop: threading.Event | None = None) -> Vectors:
        """Encode rows and wait for their vectors."""
        queue = self.open_queue(stage, stop)
        queue.put(rows)
        return next(queue.take_rest())

    @contextmanager
    def decoding(self, stop: threading.Event | None = None) -> Iterator[None]:
        """Occupy one of the decoder slots.

        Raises:
            DecodeStoppedError: `stop` was set while all slots were occupied.
        """
        while not self._slots.acquire(timeout=POLL_SECONDS):
            check_stop(stop)
        try:
            with timing("stage", stage="decode"):
                yield
        finally:
            self._slots.release()

    def __enter__(self) -> "EncoderPool":
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads.values():
            thread.close()


def _make_thread(
    stage: Modality, encoder: Any, prepare: Callable[[Any], None] | None
) -> EncoderThread:
    """The thread of one encoder; a classifier adds its class probabilities as the last matrix."""

    def encode_and_name(rows: npt.NDArray[Any]) -> Vectors:
        matrices, posterior = encoder.encode_and_name(rows)
        return (*matrices, posterior)

    is_naming = isinstance(encoder, NamesThings)
    return EncoderThread(
        stage,
        encode_and_name if is_naming else encoder.encode,
        BATCH_ROWS[stage],
        prepare=None if prepare is None else lambda: prepare(encoder),
    )
