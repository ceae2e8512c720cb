"""Pairs spectral peaks and turns each pair into the key of an index (Wang 2003).

A key is made of the frequency of the first peak, the interval to the second, and the time between
them. Frequencies are logarithmic, so that a change of speed moves all keys alike, and so that a
query can be asked for as if it were faster or slower.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.landmarks.packing import STEP_SECONDS
from mvsearch.store.records.peaks import OCTAVES, SoundPeaks

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# The second peak comes 48 ms to 2 s after the first, and is at most an octave away from it.
NEAREST_STEPS = 3
FURTHEST_STEPS = 125
REACH_OCTAVES = 1.0
# Cells of the key. The interval does not change with the speed, so its cells are the finer ones.
FREQUENCY_CELLS = 32
INTERVAL_CELLS = 64
TIME_CELL_STEPS = 2
N_FREQUENCIES = OCTAVES * FREQUENCY_CELLS
N_INTERVALS = int(2 * REACH_OCTAVES * INTERVAL_CELLS)
N_TIMES = FURTHEST_STEPS // TIME_CELL_STEPS + 1
N_KEYS = N_FREQUENCIES * N_INTERVALS * N_TIMES
# A value of a query this near to the edge of its cell, in cells, is looked for on both sides.
EDGE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of peaks: (n,) positions of the first and of the second one."""

    first: Integers
    second: Integers


@dataclass(frozen=True, slots=True)
class Variant:
    """A change that a query may have gone through.

    Attributes:
        rate: seconds of video in a second of the query.
        pitch: hertz of the video for a hertz of the query.
    """

    rate: float = 1.0
    pitch: float = 1.0


def count_steps(peaks: SoundPeaks) -> Integers:
    """(n,) the times of peaks in steps of the index."""
    return np.rint(peaks.seconds / STEP_SECONDS).astype(np.int64)


def pair_peaks(peaks: SoundPeaks, n_each: int) -> Pairs:
    """Pair every peak with the first `n_each` that follow it within reach."""
    steps, octaves, n_peaks = count_steps(peaks), peaks.octaves, len(peaks)
    n_found = np.zeros(n_peaks, dtype=np.int64)
    active = np.arange(n_peaks)
    pairs = [(active[:0], active[:0])]
    ahead = 1
    while len(active):
        active = active[active + ahead < n_peaks]
        active = active[steps[active + ahead] - steps[active] <= FURTHEST_STEPS]
        other = active + ahead
        is_pair = steps[other] - steps[active] >= NEAREST_STEPS
        is_pair &= np.abs(octaves[other] - octaves[active]) < REACH_OCTAVES
        pairs.append((active[is_pair], other[is_pair]))
        n_found[active[is_pair]] += 1
        active = active[n_found[active] < n_each]
        ahead += 1
    firsts, seconds = zip(*pairs, strict=True)
    return Pairs(np.concatenate(firsts), np.concatenate(seconds))


def compute_keys(peaks: SoundPeaks, pairs: Pairs) -> Integers:
    """(n,) the keys of pairs, from 0 to `N_KEYS`."""
    cells = [np.floor(value).astype(np.int64) for value in _measure(peaks, pairs, Variant())]
    return _join(*cells)


def iter_likely_keys(
    peaks: SoundPeaks, pairs: Pairs, variant: Variant
) -> Iterator[tuple[Integers, Integers]]:
    """The keys that pairs of a query may have in the index, with the numbers of the pairs.

    Noise moves a value over the edge of its cell, so values near an edge have two.
    """
    values = _measure(peaks, pairs, variant)
    cells = [np.floor(value).astype(np.int64) for value in values]
    parts = [value - cell for value, cell in zip(values, cells, strict=True)]
    others = [np.where(part < EDGE, c - 1, c + 1) for part, c in zip(parts, cells, strict=True)]
    is_near = [(part < EDGE) | (part > 1 - EDGE) for part in parts]
    limits = (N_FREQUENCIES, N_INTERVALS, N_TIMES)
    for takes_other in itertools.product((False, True), repeat=3):
        chosen = [o if takes else c for takes, c, o in zip(takes_other, cells, others, strict=True)]
        is_valid = np.ones(len(pairs.first), dtype=np.bool_)
        for takes, near, cell, limit in zip(takes_other, is_near, chosen, limits, strict=True):
            is_valid &= (near | (not takes)) & (cell >= 0) & (cell < limit)
        numbers = np.flatnonzero(is_valid)
        yield _join(*(cell[numbers] for cell in chosen)), numbers


def _measure(peaks: SoundPeaks, pairs: Pairs, variant: Variant) -> tuple[Floats, Floats, Floats]:
    """Frequency, interval and time of pairs, in cells."""
    first, second, octaves = pairs.first, pairs.second, peaks.octaves
    steps = (peaks.seconds[second] - peaks.seconds[first]) * (variant.rate / STEP_SECONDS)
    frequencies = np.minimum((octaves[first] + np.log2(variant.pitch)), OCTAVES - 1e-9)
    intervals = octaves[second] - octaves[first] + REACH_OCTAVES
    return frequencies * FREQUENCY_CELLS, intervals * INTERVAL_CELLS, steps / TIME_CELL_STEPS


def _join(frequencies: Integers, intervals: Integers, times: Integers) -> Integers:
    return (frequencies * N_INTERVALS + intervals) * N_TIMES + times
