"""Cuts audio into windows for the encoder, or collects all of it for transcription."""

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

# Digital silence and the dither around it; the quietest music lies well above.
SILENCE_DBFS = -60.0
SILENCE_RMS = 10 ** (SILENCE_DBFS / 20)


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """Windows in the order of time; silent ones are left out.

    Attributes:
        windows: (n, samples) float32; the last window of a sound may end in zeros.
        start_seconds, end_seconds: (n,) float64, relative to the file; the padding does not count.
    """

    windows: Matrix
    start_seconds: npt.NDArray[np.float64]
    end_seconds: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How sound is cut.

    Attributes:
        batch: windows in a `WindowBatch`, less in the last one.
    """

    sample_rate: int
    window_seconds: float
    hop_seconds: float
    batch: int = 16

    def __post_init__(self) -> None:
        """Check what the arithmetic relies on."""
        if min(self.n_window, self.n_hop, self.batch) < 1 or self.n_hop > self.n_window:
            raise ValueError(f"a hop is at least a sample and at most a window: {self}")

    @property
    def n_window(self) -> int:
        """Samples in a window."""
        return round(self.window_seconds * self.sample_rate)

    @property
    def n_hop(self) -> int:
        """Samples from one window to the next."""
        return round(self.hop_seconds * self.sample_rate)


class Windower:
    """Cuts blocks into windows as they come; holds little more than one window.

    A window begins at every hop. The one that the end cuts short is kept, padded with zeros, when
    half of it is there, or when it is the only one.
    """

    def __init__(self, options: WindowOptions) -> None:
        self._options = options
        self._samples: Matrix = np.zeros(0, np.float32)
        self._start_seconds: float | None = None
        self._n_passed = 0
        self._n_cut = 0
        self._ready: list[tuple[Matrix, float, float]] = []

    def push(self, block: SoundBlock) -> Iterator[WindowBatch]:
        """Take a block; yield batches that are full."""
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
        """Yield what is left."""
        n_left = len(self._samples)
        if n_left and (self._n_cut == 0 or 2 * n_left >= self._options.n_window):
            self._cut(self._samples, 0)
        self._samples = self._samples[:0]
        while self._ready:
            yield self._make_batch()

    def _cut(self, samples: Matrix, offset: int) -> None:
        """Keep a window unless it is silent."""
        self._n_cut += 1
        rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
        if rms < SILENCE_RMS:
            return
        window = np.zeros(self._options.n_window, np.float32)
        window[: len(samples)] = samples
        first = self._n_passed + offset
        start = (self._start_seconds or 0.0) + first / self._options.sample_rate
        self._ready.append((window, start, start + len(samples) / self._options.sample_rate))

    def _make_batch(self) -> WindowBatch:
        """Stack the first windows that are ready."""
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
    """Cut sound that comes in blocks into windows; see `Windower`."""
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
    """Read all the sound of a file, or of the section in the options: (n,) float32 mono.

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
