"""Finds the spectral peaks of sound from which landmarks are made (Wang 2003).

A. Wang, "An industrial-strength audio search algorithm", ISMIR 2003. A peak is a local maximum of a
log spectrogram. Of each second the peaks are kept that stand out most from the mean around them,
so that neither loudness nor a filter nor compression decides which.
"""

import numpy as np
import numpy.typing as npt

from mvsearch.store.landmarks.packing import BLOCK_STEPS, STEP_SECONDS
from mvsearch.store.records import Matrix
from mvsearch.store.records.peaks import LOWEST_HERTZ, OCTAVES, SoundPeaks

WINDOW_SECONDS = 0.064
# A peak is the highest within so many steps of time and bins of 15.6 Hz on each side.
PEAK_STEPS, PEAK_BINS = 3, 6
# The mean that it is compared with is of so many.
MEAN_STEPS, MEAN_BINS = 15, 12
# Less than this above the mean, in nats of amplitude, is no peak; it leaves out silence.
LEAST_NATS = 0.5
# Power that is added before the logarithm: far below what can be heard.
FLOOR_POWER = 1e-7
# Peaks kept of a block of 64 steps (1.024 s): of a video, and of a query, which may hold other
# sound whose peaks are as high.
VIDEO_PEAKS = 26
QUERY_PEAKS = 62
# Below this many samples a second there is hardly anything between the frequencies.
LEAST_RATE = 2000
CONTEXT_STEPS = MEAN_STEPS + 1
# Blocks computed at once.
N_BLOCKS = 16

Integers = npt.NDArray[np.int64]


class PeakFinder:
    """Finds peaks in mono sound that comes in pieces; memory does not grow with the sound's length.

    The result does not depend on how the sound is cut into pieces.

    Args:
        sample_rate: in hertz, at least `LEAST_RATE`.
        n_peaks: kept of each 1.024 s, at most.
    """

    def __init__(self, sample_rate: int, n_peaks: int = VIDEO_PEAKS) -> None:
        if sample_rate < LEAST_RATE:
            raise ValueError(f"peaks need {LEAST_RATE} samples a second, not {sample_rate}")
        self._n_peaks = n_peaks
        self._step = sample_rate * STEP_SECONDS
        self._window: Matrix = np.hanning(round(sample_rate * WINDOW_SECONDS) + 1)[:-1].astype("f4")
        self._bin_hertz = sample_rate / len(self._window)
        first_bin = int(LOWEST_HERTZ / self._bin_hertz)
        highest = min(LOWEST_HERTZ * 2**OCTAVES, sample_rate / 2 - 2 * self._bin_hertz)
        self._bins = slice(first_bin - 1, int(highest / self._bin_hertz) + 2)
        # Windows are centred on their step, so the first one begins half a window early.
        self._samples: Matrix = np.zeros(len(self._window) // 2, dtype=np.float32)
        self._n_dropped = 0
        self._rows: list[Matrix] = []
        self._first_row = self._n_rows = self._n_done = 0
        self._found: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []

    def take(self, samples: Matrix) -> None:
        """Take (n,) float32 samples that follow those taken before."""
        size = round(N_BLOCKS * BLOCK_STEPS * self._step)
        for first in range(0, len(samples), size):
            self._samples = np.concatenate([self._samples, samples[first : first + size]])
            self._transform()
            # Always as many at once: sums are rounded alike however the sound is cut.
            while self._n_rows - self._n_done >= N_BLOCKS * BLOCK_STEPS + CONTEXT_STEPS:
                self._search(self._n_done + N_BLOCKS * BLOCK_STEPS)

    def finish(self) -> SoundPeaks:
        """The peaks of all that was taken."""
        self._samples = np.concatenate([self._samples, np.zeros(len(self._window) // 2, "f4")])
        self._transform()
        self._search(self._n_rows)
        seconds, octaves = (np.concatenate(parts) for parts in zip(*self._found, strict=True))
        order = np.lexsort((octaves, seconds))
        return SoundPeaks(seconds[order], octaves[order])

    def _transform(self) -> None:
        """Turn the samples that are there into rows of the spectrogram."""
        from scipy.fft import rfft

        size = len(self._window)
        n_steps = int((self._n_dropped + len(self._samples) - size) / self._step) + 2
        steps = np.arange(self._n_rows, max(n_steps, self._n_rows))
        starts = np.rint(steps * self._step).astype(np.int64) - self._n_dropped
        starts = starts[starts + size <= len(self._samples)]
        if not len(starts):
            return
        windows = np.lib.stride_tricks.sliding_window_view(self._samples, size)[starts]
        spectra = rfft(windows * self._window, axis=1)[:, self._bins]
        power = np.square(spectra.real) + np.square(spectra.imag)
        self._rows.append(0.5 * np.log(power + np.float32(FLOOR_POWER)))
        self._n_rows += len(starts)
        n_used = max(0, round(self._n_rows * self._step) - self._n_dropped)
        self._samples = self._samples[n_used:].copy()
        self._n_dropped += n_used

    def _search(self, end: int) -> None:
        """Find the peaks of all rows before `end` that were not searched yet."""
        if not self._rows:
            self._found.append((np.zeros(0), np.zeros(0)))
            return
        rows = np.concatenate(self._rows)
        self._found.append(self._find(rows[: end + CONTEXT_STEPS - self._first_row], end))
        kept = max(self._first_row, end - CONTEXT_STEPS)
        self._rows = [rows[kept - self._first_row :].copy()]
        self._first_row, self._n_done = kept, end

    def _find(
        self, rows: Matrix, end: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Seconds and octaves of the peaks in the steps not searched yet, up to `end`."""
        heights = _measure_heights(rows)
        heights[: self._n_done - self._first_row] = heights[end - self._first_row :] = 0.0
        at, bins = np.nonzero(heights)
        kept = _keep_highest(
            heights[at, bins], (at + self._first_row) // BLOCK_STEPS, self._n_peaks
        )
        at, bins = at[kept], bins[kept]
        before, after = np.maximum(at - 1, 0), np.minimum(at + 1, len(rows) - 1)
        middle = rows[at, bins]
        steps = at + self._first_row + _find_vertex(rows[before, bins], middle, rows[after, bins])
        fine = _find_vertex(rows[at, bins - 1], middle, rows[at, bins + 1])
        hertz = (bins + self._bins.start + fine) * self._bin_hertz
        octaves = np.clip(np.log2(hertz / LOWEST_HERTZ), 0.0, OCTAVES)
        return np.maximum(steps, 0.0) * STEP_SECONDS, octaves


def find_peaks(samples: Matrix, sample_rate: int, n_peaks: int = VIDEO_PEAKS) -> SoundPeaks:
    """Find the peaks of (n,) float32 mono samples; see `PeakFinder`."""
    finder = PeakFinder(sample_rate, n_peaks)
    finder.take(samples)
    return finder.finish()


def _measure_heights(rows: Matrix) -> Matrix:
    """How far each peak of (steps, bins) stands out from the mean around it; zero elsewhere."""
    from scipy.ndimage import uniform_filter1d

    means = uniform_filter1d(rows, 2 * MEAN_STEPS + 1, axis=0, mode="nearest")
    means = uniform_filter1d(means, 2 * MEAN_BINS + 1, axis=1, mode="nearest")
    highest = find_highest(find_highest(rows, PEAK_STEPS).T, PEAK_BINS).T
    heights: Matrix = np.where(rows == highest, rows - means, np.float32(0))
    heights[heights < LEAST_NATS] = 0
    heights[:, [0, -1]] = 0
    return heights


def find_highest(rows: Matrix, reach: int) -> Matrix:
    """The highest of each row and the `reach` rows on each side, in every column.

    The maxima of 1, 2, 4, … rows come from those of half as many, which is faster than a sliding
    window.
    """
    highest = np.pad(rows, ((reach, reach), (0, 0)), constant_values=-np.inf)
    size, width = 2 * reach + 1, 1
    while width < size:
        step = min(width, size - width)
        highest = np.maximum(highest[:-step], highest[step:])
        width += step
    return highest


def _keep_highest(heights: Matrix, blocks: Integers, n_kept: int) -> Integers:
    """The positions of the `n_kept` highest of each block, rising."""
    order = np.lexsort((-heights, blocks))
    ranks = np.arange(len(order)) - np.searchsorted(blocks[order], blocks[order])
    return np.sort(order[ranks < n_kept])


def _find_vertex(before: Matrix, middle: Matrix, after: Matrix) -> npt.NDArray[np.float64]:
    """Where between -0.5 and 0.5 a parabola through three values is highest."""
    curvature = np.minimum(before - 2.0 * middle + after, -1e-6)
    return np.clip(0.5 * (before - after) / curvature, -0.5, 0.5).astype(np.float64)
