"""Measures where lines could be sung, by the voice and its onsets alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.indexer.lyrics.fitting.paths import BIN_SECONDS, Offsets
from mvsearch.indexer.lyrics.fitting.words import WORD_SECONDS, Times, split_text
from mvsearch.indexer.lyrics.whisper.voice import (
    VOICE_SAMPLE_RATE,
    emphasise_voice,
    measure_voice,
)
from mvsearch.store.records import LyricLine, Matrix

WINDOW_SAMPLES, HOP_SAMPLES = 1024, 512
HOP_SECONDS = HOP_SAMPLES / VOICE_SAMPLE_RATE
_BAND_HZ = (150.0, 4500.0)
# Where nobody sings for so long before a line, the voice sets in with it.
REST_SECONDS = 0.8
# A line ends before the next one, and not later than it takes to sing its words slowly.
SLOWEST, SHORTEST_SECONDS = 1.6, 1.0
# What speaks for an offset, as it is summed: of a tenth of a second, and of the start of a line.
VOICE, ONSET, RISE = 0.15, 0.5, 1.0


@dataclass(frozen=True, slots=True)
class VoiceCurves:
    """What is heard in steps of `BIN_SECONDS`; each has mean 0 and deviation 1.

    Attributes:
        voice: (n,) how likely a voice is.
        rise: (n,) how much likelier than just before.
        onset: (n,) how much of the spectrum begins.
    """

    voice: Times
    rise: Times
    onset: Times

    @property
    def duration_seconds(self) -> float:
        """Of the sound."""
        return len(self.voice) * BIN_SECONDS


def measure_curves(samples: Matrix) -> VoiceCurves:
    """Measure the voice of a track by Silero, and the onsets of its spectrum.

    Args:
        samples: (n,) float32 at `VOICE_SAMPLE_RATE`.
    """
    from scipy.ndimage import gaussian_filter1d

    emphasised = emphasise_voice(samples)
    shares = np.clip(_resample(measure_voice(emphasised), len(samples)), 0.01, 0.99)
    voice = gaussian_filter1d(np.log(shares / (1 - shares)), 2)
    rise = gaussian_filter1d(voice, 5, order=1)
    onset = gaussian_filter1d(_resample(_measure_flux(emphasised), len(samples)), 1)
    return VoiceCurves(_standardise(voice), rise / (rise.std() + 1e-6), _standardise(onset))


def measure_evidence(
    curves: VoiceCurves, lines: Sequence[LyricLine], offsets: Offsets, rate: float = 1.0
) -> Matrix:
    """What speaks for each offset of each line: (lines, bins) float32.

    A voice while the line is sung and none between it and the next, one that sets in after a rest,
    and an onset.
    """
    starts = rate * np.array([line.start_seconds or 0.0 for line in lines])
    following = np.append(starts[1:], starts[-1] + 10.0)
    lengths = np.array(
        [
            max(SHORTEST_SECONDS, SLOWEST * WORD_SECONDS * len(split_text(line.text)))
            for line in lines
        ]
    )
    ends = np.minimum(following, starts + lengths)
    share = float((ends - starts).sum() / max((following - starts).sum(), BIN_SECONDS))
    late = offsets.seconds(np.arange(offsets.n_bins))
    total = np.concatenate([[0.0], np.cumsum(curves.voice)])
    evidence = np.zeros((len(lines), offsets.n_bins), np.float32)
    before = -np.inf
    for number, (start, end, until) in enumerate(zip(starts, ends, following, strict=True)):
        sung = _sum(total, start + late, end + late)
        rest = _sum(total, end + late, until + late)
        evidence[number] = ((1 - share) * sung - share * rest) * VOICE
        evidence[number] += ONSET * _read(curves.onset, start + late)
        if start - before >= REST_SECONDS:
            evidence[number] += RISE * _read(curves.rise, start + late)
        before = end
    return evidence


def _sum(total: Times, start: Times, end: Times) -> Times:
    """The sum of a curve from some times to others, by its running sums."""
    places = np.arange(len(total)) * BIN_SECONDS
    summed: Times = np.interp(end, places, total) - np.interp(start, places, total)
    return summed


def _read(curve: Times, seconds: Times) -> Times:
    """A curve at some times; what lies outside says nothing."""
    at = np.rint(seconds / BIN_SECONDS).astype(np.intp)
    inside = (at >= 0) & (at < len(curve))
    read: Times = np.where(inside, curve[np.clip(at, 0, len(curve) - 1)], 0.0)
    return read


def _measure_flux(samples: Matrix) -> Times:
    """The positive change of the spectrum's logarithm, every `HOP_SECONDS`."""
    from scipy.signal import stft

    frequencies, _, spectrum = stft(
        samples, VOICE_SAMPLE_RATE, nperseg=WINDOW_SAMPLES, noverlap=WINDOW_SAMPLES - HOP_SAMPLES
    )
    inside = (frequencies > _BAND_HZ[0]) & (frequencies < _BAND_HZ[1])
    loud = np.log1p(100 * np.abs(spectrum[inside]))
    flux: Times = np.maximum(np.diff(loud, axis=1, prepend=loud[:, :1]), 0).sum(axis=0)
    return flux


def _resample(values: Times, n_samples: int) -> Times:
    """Means over `BIN_SECONDS` of values every `HOP_SECONDS`."""
    n_bins = max(int(n_samples / VOICE_SAMPLE_RATE / BIN_SECONDS), 1)
    total = np.concatenate([[0.0], np.cumsum(values)])
    edges = np.arange(n_bins + 1) * BIN_SECONDS / HOP_SECONDS
    means: Times = np.diff(np.interp(edges, np.arange(len(total)), total))
    means *= HOP_SECONDS / BIN_SECONDS
    return means


def _standardise(values: Times) -> Times:
    scaled: Times = (values - values.mean()) / (values.std() + 1e-6)
    return scaled
