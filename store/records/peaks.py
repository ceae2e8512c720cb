"""Spectral peaks of sound with their times, from which landmarks are made."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Peaks lie between 250 and 4000 Hz: a telephone leaves 300 to 3400.
LOWEST_HERTZ = 250.0
OCTAVES = 4


@dataclass(frozen=True, slots=True, eq=False)
class SoundPeaks:
    """Local maxima of a spectrogram, in the order of time.

    Attributes:
        seconds: (n,) float64, not negative, rising.
        octaves: (n,) float64, log2 of the frequency over `LOWEST_HERTZ`, from 0 to `OCTAVES`.
    """

    seconds: npt.NDArray[np.float64]
    octaves: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes, order and range."""
        if self.seconds.ndim != 1 or self.seconds.shape != self.octaves.shape:
            raise ValueError(f"{self.seconds.shape} times and {self.octaves.shape} frequencies")
        if len(self.seconds) and not (self.seconds[0] >= 0 and np.isfinite(self.seconds[-1])):
            raise ValueError("the times of peaks are finite and not negative")
        if not np.all(np.diff(self.seconds) >= 0):
            raise ValueError("the times of peaks rise")
        if not np.all((self.octaves >= 0) & (self.octaves <= OCTAVES)):
            raise ValueError(f"peaks lie within {OCTAVES} octaves")

    def __len__(self) -> int:
        """The number of peaks."""
        return len(self.seconds)

    def within(self, start_seconds: float, end_seconds: float) -> "SoundPeaks":
        """The peaks of a section, with the times that they have."""
        first, end = np.searchsorted(self.seconds, [start_seconds, end_seconds])
        return SoundPeaks(self.seconds[first:end], self.octaves[first:end])

    def since(self, origin_seconds: float) -> "SoundPeaks":
        """The peaks from a time on, with times from then."""
        kept = self.within(origin_seconds, np.inf)
        return SoundPeaks(kept.seconds - origin_seconds, kept.octaves)
