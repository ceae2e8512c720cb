"""Assembles bytes from the decoder's pipes into batches of frames and blocks of audio."""

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
# No container says how long the last frame is shown: as long as the one before, but not beyond the
# end in the header or, without one, this.
MAX_LAST_SECONDS = 1.0


class TimeReader:
    """Reads the lines that ffmpeg's `metadata=print` writes, in seconds."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, chunk: bytes) -> list[float | None]:
        """The times of the lines that are complete; None for a frame that has no time."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        matches = [_TIME_LINE.match(line) for line in lines]
        return [
            None if match[1] == b"NOPTS" else int(match[1]) / TIMES_PER_SECOND
            for match in matches
            if match is not None
        ]


class FrameAssembler:
    """Pairs frames with their times.

    Frames before the section (the decoder starts at a key frame) are dropped but for the last one,
    which is kept when it is still on show well after the section begins.
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
        """How far the frames that were decoded reach, from the start of the section."""
        return self._last_seen_seconds or 0.0

    @property
    def end_seconds(self) -> float:
        """When the last frame that was decoded is over, relative to the file's start."""
        if self._last_seen_seconds is None:
            return 0.0
        last = self._options.start_seconds + self._last_seen_seconds
        longest = max(last, self._header_seconds or last + MAX_LAST_SECONDS)
        return max(0.0, min(last + self._gap_seconds, longest))

    def take(self, name: str, chunk: bytes) -> Iterator[FrameBatch]:
        """Take bytes of one of the three pipes; yield batches that are full."""
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
        """Yield what is left; while there is sound, the last picture stays on show."""
        is_on_show = has_sound or self.end_seconds > self._options.start_seconds
        if self._before is not None and is_on_show:
            self._keep(0.0, self._before)
        self._before = None
        while self._ready:
            yield self._make_batch(self._options.batch_frames)

    @staticmethod
    def _default_gap(probe: Probe) -> float:
        """How long a frame is shown, by the header."""
        rate = probe.picture.frame_rate if probe.picture is not None else None
        return 1.0 / rate if rate else 0.0

    def _note_progress(self, times: list[float | None]) -> None:
        """Follow where the picture is, and how far apart the last frames are."""
        for time in times:
            if time is None:
                continue
            if self._last_seen_seconds is not None and time > self._last_seen_seconds:
                self._gap_seconds = time - self._last_seen_seconds
            self._last_seen_seconds = max(time, self._last_seen_seconds or time)

    def _pair(self) -> None:
        """Give frames that are complete their times."""
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
        """Keep a frame of the section, or remember one before it."""
        if time < 0:
            self._before = frame
            return
        if self._before is not None:
            if time > self._step_seconds / 2:
                self._keep(0.0, self._before)
            self._before = None
        self._keep(time, frame)

    def _keep(self, time: float, frame: Frame) -> None:
        """Take a frame into the next batch."""
        self._last_kept_seconds = time
        self._ready.append((self._options.start_seconds + time, frame))
        self.n_frames += 1

    def _make_batch(self, n: int) -> FrameBatch:
        """Stack the first n frames that are ready."""
        taken, self._ready = self._ready[:n], self._ready[n:]
        frames = np.stack([frame for _, frame in taken])
        times = np.array([time for time, _ in taken], np.float64)
        return FrameBatch(frames, times, find_uniform(frames))


class SoundAssembler:
    """Cuts samples into blocks; their number tells the time."""

    def __init__(self, options: DecodeOptions) -> None:
        self.n_samples = 0
        self._options = options
        self._block_bytes = SAMPLE_BYTES * max(
            1, round(options.block_seconds * options.sample_rate)
        )
        self._bytes = bytearray()

    @property
    def seconds(self) -> float:
        """Length of the sound so far."""
        return self.n_samples / self._options.sample_rate

    @property
    def end_seconds(self) -> float:
        """Where the sound ends, relative to the file's start."""
        return self._options.start_seconds + self.seconds if self.n_samples else 0.0

    def take(self, chunk: bytes) -> Iterator[SoundBlock]:
        """Take bytes; yield blocks that are full."""
        self._bytes += chunk
        while len(self._bytes) >= self._block_bytes:
            yield self._make_block(self._block_bytes)

    def finish(self) -> Iterator[SoundBlock]:
        """Yield what is left."""
        n_bytes = len(self._bytes) // SAMPLE_BYTES * SAMPLE_BYTES
        if n_bytes:
            yield self._make_block(n_bytes)

    def _make_block(self, n_bytes: int) -> SoundBlock:
        """Cut a block off; what is no number becomes silence, as in a hostile float file."""
        samples = np.frombuffer(bytes(memoryview(self._bytes)[:n_bytes]), "<f4")
        del self._bytes[:n_bytes]
        start_seconds = self._options.start_seconds + self.seconds
        self.n_samples += len(samples)
        sound = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
        return SoundBlock(start_seconds, np.clip(sound, -1.0, 1.0))
