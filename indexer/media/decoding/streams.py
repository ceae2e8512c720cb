"""Reads several output pipes of a child process in one loop."""

import logging
import os
import selectors
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from mvsearch.store.errors import MediaError, MvsearchError

logger = logging.getLogger(__name__)

CHUNK_BYTES = 2**20
POLL_SECONDS = 0.1
# Where Linux allows it: a pipe of 64 KiB holds half a frame.
PIPE_BYTES = 2**20
# ffmpeg writes a few kB at a time. With a pause after small pieces, a read finds more of them.
PAUSE_SECONDS = 0.01
SMALL_BYTES = 2**16
# The name of standard error among the pipes.
LOG = "log"


class DecodeStoppedError(MvsearchError):
    """The caller set the stop event; the output is incomplete."""

    def __init__(self) -> None:
        super().__init__("stopped before the file was read to its end")


def check_stop(stop: threading.Event | None) -> None:
    """Raise DecodeStoppedError if the event is set; None is never set."""
    if stop is not None and stop.is_set():
        raise DecodeStoppedError


class Child:
    """A child process that writes to named pipes, and a log to standard error.

    One `selectors` loop reads all pipes, so that a full pipe cannot block the others. The process
    blocks while the reader is busy, so that memory is bounded. Only the time in which the reader
    waits for the process counts as a stall.
    """

    def __init__(
        self,
        names: Sequence[str],
        build_command: Callable[[Mapping[str, int]], list[str]],
        stall_seconds: float,
        stop: threading.Event | None = None,
    ) -> None:
        """Start the process.

        Args:
            names: of the pipes.
            build_command: builds the command from the file descriptor of each name.
            stall_seconds: the process is killed after this time without output.
            stop: when set, reading ends.
        """
        self._stall_seconds = stall_seconds
        self._stop = stop
        self._selector = selectors.DefaultSelector()
        pairs = {name: os.pipe() for name in names}
        self._is_roomy = all(_enlarge(read) for read, _ in pairs.values())
        try:
            command = build_command({name: write for name, (_, write) in pairs.items()})
            self._process = _start(command, [write for _, write in pairs.values()])
        except BaseException:
            for read, _ in pairs.values():
                os.close(read)
            raise
        finally:
            for _, write in pairs.values():
                os.close(write)
        for name, (read, _) in pairs.items():
            self._selector.register(read, selectors.EVENT_READ, name)
        if self._process.stderr is not None:
            log = os.dup(self._process.stderr.fileno())
            self._process.stderr.close()
            self._selector.register(log, selectors.EVENT_READ, LOG)

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        """Yield (name of pipe or `LOG`, bytes) until the process has closed all pipes.

        Raises:
            MediaError: "timed_out", after a stall.
            DecodeStoppedError: the stop event was set.
        """
        idle_since = time.monotonic()
        while self._selector.get_map():
            check_stop(self._stop)
            ready = self._selector.select(POLL_SECONDS)
            if not ready and time.monotonic() - idle_since > self._stall_seconds:
                raise MediaError(
                    "timed_out", f"the decoder made no progress for {self._stall_seconds:g} seconds"
                )
            n_bytes = 0
            for key, _ in ready:
                chunk = os.read(key.fd, CHUNK_BYTES)
                if not chunk:
                    self._selector.unregister(key.fd)
                    os.close(key.fd)
                else:
                    n_bytes += len(chunk)
                    yield key.data, chunk
            if ready:
                idle_since = time.monotonic()
            if self._is_roomy and 0 < n_bytes < SMALL_BYTES:
                time.sleep(PAUSE_SECONDS)

    def finish(self) -> int:
        """Wait for the process, whose pipes are closed, and return its exit status."""
        try:
            return self._process.wait(self._stall_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        """Kill the process if it is running, and close all pipes."""
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fd)
            os.close(key.fd)
        self._selector.close()
        self._process.kill()
        self._process.wait()


def _enlarge(pipe: int) -> bool:
    """Let a pipe hold `PIPE_BYTES`; return whether it does."""
    try:
        import fcntl

        return fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES
    except (ImportError, AttributeError, OSError):  # not Linux, or too many pipes of the user
        return False


def _start(command: list[str], pipes: list[int]) -> "subprocess.Popen[bytes]":
    """Start a process that inherits file descriptors."""
    logger.debug("runs %s", shlex.join(command))
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=pipes,
        # Ctrl-C goes to the whole process group. It would make ffmpeg finish early without an
        # error, and half a video would be taken as complete.
        start_new_session=True,
    )
