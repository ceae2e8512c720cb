"""Assembles bytes from the decoder's pipes to batches of frames and blocks of audio."""

import re
from collections import deque
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.graph import TIMES_PER_SECOND, choose_rate
from mvsearch.indexer.media.decoding.sampling import find_uniform
from mvsearch.indexer.media.decoding.types import DecodeOptions, FrameBatch, SoundBlock
from mvsearch.indexer.media.probe import Probe

Frame = npt.NDArray[np.uint8]

_TIME_LINE = re.compile(rb"frame:\d+\s+pts:(-?\d+|NOPTS)")
SAMPLE_BYTES = 4
# Containers have no duration of the last frame. It is taken as that of the frame before, but not
# beyond the end by the header or, without one, this maximum.
MAX_LAST_SECONDS = 1.0


class TimeReader:
    """Reads time stamps from the lines of ffmpeg's filter `metadata=print`."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, chunk: bytes) -> list[float | None]:
        """Return the times in seconds of the complete lines; None for a frame without a time."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        matches = [_TIME_LINE.match(line) for line in lines]
        return [
            None if match[1] == b"NOPTS" else int(match[1]) / TIMES_PER_SECOND
            for match in matches
            if match is not None
        ]


class FrameAssembler:
    """Assembles frames with their times.

    The decoder starts at a key frame before the section. Of the frames before the section only the
    last can be kept, if it is shown for more than half a step of the section.
    """

    def __init__(self, options: DecodeOptions, probe: Probe) -> None:
        self.n_frames = 0
        self._options = options
        self._step_seconds = 1.0 / choose_rate(probe, options)
        self._gap_seconds = self._default_gap(probe)
        self._header_seconds = probe.duration_seconds
        self._last_seen_seconds: float | None = None
        self._last_kept_seconds = 0.0
        self._seen, self._kept = TimeReader(), TimeReader()
        self._times: deque[float | None] = deque()
        self._bytes = bytearray()
        self._before: Frame | None = None
        self._ready: list[tuple[float, Frame]] = []

    @property
    def seconds(self) -> float:
        """The time of the last decoded frame, from the start of the section."""
        return self._last_seen_seconds or 0.0

    @property
    def end_seconds(self) -> float:
        """The end of the last decoded frame, from the start of the file."""
        if self._last_seen_seconds is None:
            return 0.0
        last = self._options.start_seconds + self._last_seen_seconds
        longest = max(last, self._header_seconds or last + MAX_LAST_SECONDS)
        return max(0.0, min(last + self._gap_seconds, longest))

    def take(self, name: str, chunk: bytes) -> Iterator[FrameBatch]:
        """Read bytes of one of the pipes (see `name_pipes`); yield full batches."""
        if name == "seen":
            self._note_progress(self._seen.read(chunk))
            return
        if name == "kept":
            self._times.extend(self._kept.read(chunk))
        else:
            self._bytes += chunk
        self._pair()
        while len(self._ready) >= self._options.batch_frames:
            yield self._make_batch(self._options.batch_frames)

    def finish(self, has_sound: bool) -> Iterator[FrameBatch]:
        """Yield the remaining frames; with sound, a frame before the section is shown on."""
        is_on_show = has_sound or self.end_seconds > self._options.start_seconds
        if self._before is not None and is_on_show:
            self._keep(0.0, self._before)
        self._before = None
        while self._ready:
            yield self._make_batch(self._options.batch_frames)

    @staticmethod
    def _default_gap(probe: Probe) -> float:
        """Return the duration of a frame by the frame rate in the header; 0 if unknown."""
        rate = probe.picture.frame_rate if probe.picture is not None else None
        return 1.0 / rate if rate else 0.0

    def _note_progress(self, times: list[float | None]) -> None:
        """Update the time of the last frame and its distance to the frame before."""
        for time in times:
            if time is None:
                continue
            if self._last_seen_seconds is not None and time > self._last_seen_seconds:
                self._gap_seconds = time - self._last_seen_seconds
            self._last_seen_seconds = max(time, self._last_seen_seconds or time)

    def _pair(self) -> None:
        """Pair complete frames with their times."""
        width, height = self._options.frame_size
        size = width * height * 3
        n_whole = min(len(self._times), len(self._bytes) // size)
        if n_whole == 0:
            return
        whole = np.frombuffer(bytes(memoryview(self._bytes)[: n_whole * size]), np.uint8)
        del self._bytes[: n_whole * size]
        for frame in whole.reshape(n_whole, height, width, 3):
            time = self._times.popleft()
            if time is None:
                time = self._last_kept_seconds + self._step_seconds
            self._sort_in(time, frame)

    def _sort_in(self, time: float, frame: Frame) -> None:
        """Keep a frame of the section, or hold one before it."""
        if time < 0:
            self._before = frame
            return
        if self._before is not None:
            if time > self._step_seconds / 2:
                self._keep(0.0, self._before)
            self._before = None
        self._keep(time, frame)

    def _keep(self, time: float, frame: Frame) -> None:
        """Add a frame to the next batch."""
        self._last_kept_seconds = time
        self._ready.append((self._options.start_seconds + time, frame))
        self.n_frames += 1

    def _make_batch(self, n: int) -> FrameBatch:
        """Make a batch of the first n frames."""
        taken, self._ready = self._ready[:n], self._ready[n:]
        frames = np.stack([frame for _, frame in taken])
        times = np.array([time for time, _ in taken], np.float64)
        return FrameBatch(frames, times, find_uniform(frames))


class SoundAssembler:
    """Assembles samples to blocks; the time of a block follows from the number of samples."""

    def __init__(self, options: DecodeOptions) -> None:
        self.n_samples = 0
        self._options = options
        self._block_bytes = SAMPLE_BYTES * max(
            1, round(options.block_seconds * options.sample_rate)
        )
        self._bytes = bytearray()

    @property
    def seconds(self) -> float:
        """The duration of the samples so far."""
        return self.n_samples / self._options.sample_rate

    @property
    def end_seconds(self) -> float:
        """The end of the samples, from the start of the file; 0 without samples."""
        return self._options.start_seconds + self.seconds if self.n_samples else 0.0

    def take(self, chunk: bytes) -> Iterator[SoundBlock]:
        """Read bytes; yield full blocks."""
        self._bytes += chunk
        while len(self._bytes) >= self._block_bytes:
            yield self._make_block(self._block_bytes)

    def finish(self) -> Iterator[SoundBlock]:
        """Yield the last, shorter block."""
        n_bytes = len(self._bytes) // SAMPLE_BYTES * SAMPLE_BYTES
        if n_bytes:
            yield self._make_block(n_bytes)

    def _make_block(self, n_bytes: int) -> SoundBlock:
        """Make a block; NaN becomes 0, and samples are limited to [-1, 1]."""
        samples = np.frombuffer(bytes(memoryview(self._bytes)[:n_bytes]), "<f4")
        del self._bytes[:n_bytes]
        start_seconds = self._options.start_seconds + self.seconds
        self.n_samples += len(samples)
        sound = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
        return SoundBlock(start_seconds, np.clip(sound, -1.0, 1.0))
