"""Cuts audio into windows for the encoder, or reads all of it for transcription."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import DecodeOptions, SoundBlock
from mvsearch.indexer.media.probe import Probe
from mvsearch.store.records import Matrix

# Digital silence with dither. The quietest music is well above.
SILENCE_DBFS = -60.0
SILENCE_RMS = 10 ** (SILENCE_DBFS / 20)


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """Windows in the order of time, without silent ones.

    Attributes:
        windows: (n, samples) float32 mono; the last window of a file may be padded with zeros.
        start_seconds, end_seconds: (n,) float64, from the start of the file, without padding.
    """

    windows: Matrix
    start_seconds: npt.NDArray[np.float64]
    end_seconds: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How audio is cut into windows.

    Attributes:
        sample_rate: in hertz.
        window_seconds: length of a window.
        hop_seconds: from the start of a window to that of the next; at most a window.
        batch: windows in a `WindowBatch`; the last one may have fewer.
    """

    sample_rate: int
    window_seconds: float
    hop_seconds: float
    batch: int = 16

    def __post_init__(self) -> None:
        """Raise ValueError if a hop is shorter than a sample or longer than a window."""
        if min(self.n_window, self.n_hop, self.batch) < 1 or self.n_hop > self.n_window:
            raise ValueError(f"a hop is at least a sample and at most a window: {self}")

    @property
    def n_window(self) -> int:
        """Samples in a window."""
        return round(self.window_seconds * self.sample_rate)

    @property
    def n_hop(self) -> int:
        """Samples from the start of a window to that of the next."""
        return round(self.hop_seconds * self.sample_rate)


class Windower:
    """Cuts a stream of audio blocks into windows; holds little more than one window.

    A window starts at each hop. A last, incomplete window is padded with zeros and kept if it is at
    least half full or the only one.
    """

    def __init__(self, options: WindowOptions) -> None:
        self._options = options
        self._samples: Matrix = np.zeros(0, np.float32)
        self._start_seconds: float | None = None
        self._n_passed = 0
        self._n_cut = 0
        self._ready: list[tuple[Matrix, float, float]] = []

    def push(self, block: SoundBlock) -> Iterator[WindowBatch]:
        """Read a block; yield full batches."""
        if self._start_seconds is None:
            self._start_seconds = block.start_seconds
        self._samples = np.concatenate([self._samples, block.samples])
        n_window, n_hop = self._options.n_window, self._options.n_hop
        n_full = max(0, (len(self._samples) - n_window) // n_hop + 1)
        for number in range(n_full):
            self._cut(self._samples[number * n_hop :][:n_window], number * n_hop)
        self._samples = self._samples[n_full * n_hop :].copy()
        self._n_passed += n_full * n_hop
        while len(self._ready) >= self._options.batch:
            yield self._make_batch()

    def finish(self) -> Iterator[WindowBatch]:
        """Yield the remaining windows."""
        n_left = len(self._samples)
        if n_left and (self._n_cut == 0 or 2 * n_left >= self._options.n_window):
            self._cut(self._samples, 0)
        self._samples = self._samples[:0]
        while self._ready:
            yield self._make_batch()

    def _cut(self, samples: Matrix, offset: int) -> None:
        """Add a window, unless its level is below `SILENCE_DBFS`."""
        self._n_cut += 1
        rms = float(np.sqrt(np.dot(samples, samples) / len(samples)))
        if rms < SILENCE_RMS:
            return
        window = np.zeros(self._options.n_window, np.float32)
        window[: len(samples)] = samples
        first = self._n_passed + offset
        start = (self._start_seconds or 0.0) + first / self._options.sample_rate
        self._ready.append((window, start, start + len(samples) / self._options.sample_rate))

    def _make_batch(self) -> WindowBatch:
        """Make a batch of the first windows."""
        n = self._options.batch
        taken, self._ready = self._ready[:n], self._ready[n:]
        windows, starts, ends = zip(*taken, strict=True)
        return WindowBatch(np.stack(windows), np.array(starts), np.array(ends))


def cut_windows(
    blocks: Iterable[SoundBlock],
    sample_rate: int,
    window_seconds: float,
    hop_seconds: float,
    batch: int = 16,
) -> Iterator[WindowBatch]:
    """Cut audio blocks into windows; see `Windower` and `WindowOptions`."""
    windower = Windower(WindowOptions(sample_rate, window_seconds, hop_seconds, batch))
    for block in blocks:
        yield from windower.push(block)
    yield from windower.finish()


def read_sound(
    path: Path,
    probe: Probe,
    sample_rate: int,
    options: DecodeOptions | None = None,
    stop: threading.Event | None = None,
) -> Matrix:
    """Read the audio of a file, or of the section in the options, as (n,) float32 mono in [-1, 1].

    Raises:
        MediaError, DecodeStoppedError, ToolMissingError: as `decode` does.
    """
    wanted = replace(
        options or DecodeOptions(), sample_rate=sample_rate, wants_picture=False, wants_sound=True
    )
    blocks = [
        piece.samples
        for piece in decode(path, probe, wanted, stop)
        if isinstance(piece, SoundBlock)
    ]
    return np.concatenate(blocks)
