"""Decides whether a query lies at a place of a video, by the peaks that agree there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.landmarks.pairs import Variant
from mvsearch.store.records.peaks import SoundPeaks

Floats = npt.NDArray[np.float64]

# Peaks agree within these.
TIME_TOLERANCE = 0.024
PITCH_TOLERANCE = 0.017
# A wider band in which the peaks of the query are counted, for what chance makes agree.
WIDE_OCTAVES = 0.08
# Shares of the video's peaks that may be left in the query.
SHARES: Floats = np.array([[0.05], [0.1], [0.2], [0.3], [0.5], [0.7], [0.9]])
# Chance is never surer than this either way.
LEAST_CHANCE, MOST_CHANCE = 0.005, 0.95
MIN_PEAKS = 8
# Rates and pitches tried around a variant, and places.
STRETCHES = (-0.02, -0.01, 0.0, 0.01, 0.02)
SHIFTS = (-0.016, 0.016)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a query agrees with a place of a video.

    Attributes:
        start_seconds: of the query in the video; may lie outside of it.
        n_agreeing: peaks of the video that the query has.
        n_compared: peaks of the video while the query lasts.
        nats: log likelihood of the peaks if the query is from here, against chance.
    """

    start_seconds: float
    variant: Variant
    n_agreeing: int
    n_compared: int
    nats: float


def measure_agreement(
    query: SoundPeaks, video: SoundPeaks, start_seconds: float, variant: Variant, seconds: float
) -> Agreement:
    """Compare a query with one place of a video.

    Every peak of the video either is left in the query, or is found there by chance, or not at all.
    Chance takes times and frequencies of the query's peaks as independent of each other: so tones
    that last, and beats that repeat, are no evidence. The share that is left is the likeliest.

    Args:
        query: with about twice as many peaks a second as the video.
        video: its peaks.
        start_seconds: where the query begins in the video.
        variant: what was done to the query.
        seconds: the length of the query.
    """
    there = video.within(start_seconds, start_seconds + seconds * variant.rate)
    times = (there.seconds - start_seconds) / variant.rate
    octaves = there.octaves - np.log2(variant.pitch)
    if len(times) < MIN_PEAKS or not len(query):
        return Agreement(start_seconds, variant, 0, len(times), -np.inf)
    far = np.abs(query.octaves - octaves[:, None])
    is_at_time = np.abs(query.seconds - times[:, None]) < TIME_TOLERANCE
    is_alike = far < PITCH_TOLERANCE
    is_found = (is_at_time & is_alike).any(axis=1)
    density = 2 * TIME_TOLERANCE * len(query) / max(seconds, TIME_TOLERANCE)
    part = PITCH_TOLERANCE / WIDE_OCTAVES
    # What agrees itself is left out of the counts.
    at_time = np.maximum(is_at_time.sum(axis=1) - is_found, density)
    alike = is_alike.sum(axis=1) - is_found
    alike = np.maximum(alike, ((far < WIDE_OCTAVES).sum(axis=1) - is_found) * part)
    expected = (at_time + 0.25) * (alike + 0.25) / len(query)
    chance = np.clip(1 - np.exp(-expected), LEAST_CHANCE, MOST_CHANCE)
    nats = float(_sum_nats(is_found, chance).max())
    return Agreement(start_seconds, variant, int(is_found.sum()), len(times), nats)


def _sum_nats(is_found: npt.NDArray[np.bool_], chance: Floats) -> Floats:
    """The log likelihood ratio of the peaks for each of `SHARES`."""
    likely = SHARES + (1 - SHARES) * chance
    gains = np.where(is_found, likely / chance, (1 - likely) / (1 - chance))
    ratios: Floats = np.log(gains).sum(axis=1)
    return ratios


def refine(
    query: SoundPeaks, video: SoundPeaks, start_seconds: float, variant: Variant, seconds: float
) -> Agreement:
    """The best agreement around a place, a rate and a pitch, which move about the middle."""
    middle = start_seconds + seconds * variant.rate / 2

    def measure(near: Variant, shift: float = 0.0) -> Agreement:
        start = middle + shift - seconds * near.rate / 2
        return measure_agreement(query, video, start, near, seconds)

    stretches = STRETCHES if variant != Variant() else (0.0,)
    best = max((measure(_stretch(variant, 1 + one)) for one in stretches), key=_get_nats)
    shifted = [measure(best.variant, shift) for shift in SHIFTS]
    return max([best, *shifted], key=_get_nats)


def _get_nats(agreement: Agreement) -> float:
    return agreement.nats


def _stretch(variant: Variant, factor: float) -> Variant:
    """A variant a little off, in what it changes."""
    rate = variant.rate * factor if variant.rate != 1 else 1.0
    if variant.rate == 1:
        return Variant(1.0, variant.pitch * factor)
    return Variant(rate, variant.pitch / factor if variant.pitch != 1 else 1.0)
