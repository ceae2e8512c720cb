"""Runs each encoder in a thread of its own with a queue of bounded size.

The thread of a file decodes and submits frames and audio. It waits only while a queue is full, so
that the slowest of decoder and encoders sets the speed, and memory does not grow with the file.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.streams import check_stop
from mvsearch.store.records import Matrix

Rows: TypeAlias = npt.NDArray[Any] | Sequence[str]
Vectors: TypeAlias = tuple[Matrix, ...]
Encode: TypeAlias = Callable[[Any], Vectors]

# Six batches of 224 × 224 frames, which compensates short delays on either side.
QUEUE_BYTES = 16 * 2**20
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """Submitted rows, and the future of their vectors."""

    rows: Rows
    vectors: Future[Vectors] = field(default_factory=Future)

    @property
    def n_bytes(self) -> int:
        return self.rows.nbytes if isinstance(self.rows, np.ndarray) else sum(map(len, self.rows))

    def cancel(self) -> None:
        """Cancel the request and wake the threads that wait; `Future.cancel` alone wakes none."""
        self.vectors.cancel()
        self.vectors.set_running_or_notify_cancel()


class EncoderThread:
    """Encodes the rows of several files, in the order of submission.

    Waiting rows, also of different files, are encoded as one batch. The thread never waits for a
    batch to fill.
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
        """Create the thread; it starts with the first rows, or with `start`.

        Args:
            name: of the thread.
            encode: encodes n rows as matrices of n rows; a row must not depend on the others.
            batch_rows: maximum rows of a batch; a single submission may have more.
            queue_bytes: maximum size of waiting and running requests; a single one may exceed it.
            prepare: called in the thread before the first rows are encoded.
        """
        self._encode = encode
        self._batch_rows = batch_rows
        self._queue_bytes = queue_bytes
        self._prepare = prepare
        self._requests: deque[_Request] = deque()
        self._held_bytes = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"mvsearch-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread and its preparation, once."""
        with self._changed:
            if self._thread.ident is None:
                self._thread.start()

    def submit(self, rows: Rows, stop: threading.Event | None = None) -> Future[Vectors]:
        """Submit rows; blocks while the queue is full.

        Raises:
            DecodeStoppedError: `stop` was set meanwhile.
        """
        self.start()
        request = _Request(rows)
        with self._changed:
            while not self._is_closed and self._is_full(request):
                check_stop(stop)
                self._changed.wait(POLL_SECONDS)
            if self._is_closed:
                request.cancel()
                return request.vectors
            self._held_bytes += request.n_bytes
            self._requests.append(request)
            self._changed.notify_all()
        return request.vectors

    def _is_full(self, request: _Request) -> bool:
        """Return whether a request has to wait; one larger than the queue runs alone."""
        return bool(self._held_bytes) and self._held_bytes + request.n_bytes > self._queue_bytes

    def close(self) -> None:
        """End the thread after the current batch; waiting requests are cancelled."""
        with self._changed:
            self._is_closed = True
            for request in self._requests:
                request.cancel()
                self._held_bytes -= request.n_bytes
            self._requests.clear()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        """Encode requests until the thread is closed."""
        fault: Exception | None = None
        try:
            if self._prepare is not None:
                self._prepare()
        except Exception as error:  # noqa: BLE001  raised where the vectors are awaited
            fault = error
        while requests := self._take():
            if fault is None:
                self._encode_requests(requests)
            else:
                for request in requests:
                    request.vectors.set_exception(fault)
            with self._changed:
                self._held_bytes -= sum(request.n_bytes for request in requests)
                self._changed.notify_all()

    def _take(self) -> list[_Request]:
        """Return the next requests that fit into a batch, at least one; none after `close`."""
        with self._changed:
            while not self._requests and not self._is_closed:
                self._changed.wait()
            taken: list[_Request] = []
            n_rows = 0
            while self._requests:
                n_rows += len(self._requests[0].rows)
                if taken and n_rows > self._batch_rows:
                    break
                taken.append(self._requests.popleft())
            return taken

    def _encode_requests(self, requests: list[_Request]) -> None:
        """Encode requests as one batch; if that fails, each alone, so that only one file fails."""
        try:
            vectors = self._encode(_join([request.rows for request in requests]))
        except Exception as error:  # noqa: BLE001  raised where the vectors are awaited
            if len(requests) == 1:
                requests[0].vectors.set_exception(error)
            else:
                for request in requests:
                    self._encode_requests([request])
            return
        begin = 0
        for request in requests:
            end = begin + len(request.rows)
            request.vectors.set_result(tuple(matrix[begin:end] for matrix in vectors))
            begin = end


def _join(parts: list[Rows]) -> Rows:
    """Concatenate rows; copies only if there are several parts."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [text for part in parts for text in part]
