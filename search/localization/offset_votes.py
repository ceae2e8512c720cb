"""Computes the evidence for each offset and speed of a clip within a video."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix, Modality

# Exponent that sharpens the contrast. A frame is one point in time, so its best matches carry most
# of the evidence. Audio windows overlap, so their similarity falls smoothly to both sides and is
# not sharpened.
SHARPNESS: dict[Modality, int] = {"frames": 2, "audio": 0, "lyrics": 0, "ocr": 0}
# The contrast of a clip of five seconds changes by this share if it is sampled at other instants; a
# position is e times as likely as one with so much less contrast. The share is limited. With a
# fixed value, videos that are similar throughout would have hardly any moments.
TEMPERATURE_SHARE = 0.12
TEMPERATURE_FLOOR = 0.01
TEMPERATURE_CEILING = 0.05
REFERENCE_SECONDS = 5.0
# Penalties in nats for another speed, and for a position outside of the video. With one nat a speed
# of 1.1 is seldom found in ten seconds.
SPEED_PENALTY = 0.75
OUTSIDE_PENALTY = 8.0
# More vectors of a clip add no evidence of its position as a whole.
MAX_VECTORS = 96


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityTrack:
    """The similarities of a clip and a video over time, in one modality.

    Attributes:
        similarities: (q, n) cosines of the clip's vectors with the video's.
        query_times: (q,) seconds from the start of the clip, ascending.
        video_times: (n,) seconds from the start of the video, ascending.
        trust: probability that the clip is from this video at all.
    """

    modality: Modality
    similarities: Matrix
    query_times: FloatArray
    video_times: FloatArray
    trust: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class OffsetGrid:
    """The tested positions: second t of the clip is second `offset` + `rate` × t of the video.

    Attributes:
        offsets: (o,) seconds, evenly spaced.
        rates: (r,) seconds of video per second of clip, including 1.
    """

    offsets: FloatArray
    rates: FloatArray

    @property
    def step_seconds(self) -> float:
        """The distance of two offsets."""
        return float(self.offsets[1] - self.offsets[0])


def find_interval(times: FloatArray) -> float:
    """The median distance of samples in seconds; 1 for a single sample."""
    return float(find_median(np.diff(times))) if len(times) > 1 else 1.0


def find_median(values: FloatArray | Matrix, axis: int | None = None) -> FloatArray:
    """The median along an axis, which is kept, or over all values; NaN counts as infinite.

    `np.median` imports masked arrays, which takes 0.03 s of a cold search.
    """
    ranked = np.sort(values, axis=axis)
    along = axis or 0
    n = ranked.shape[along]
    middle = ranked.take([(n - 1) // 2, n // 2], axis=along)
    median: FloatArray = middle.mean(axis=axis, keepdims=axis is not None)
    return median


def subsample(track: SimilarityTrack, n_wanted: int = MAX_VECTORS) -> SimilarityTrack:
    """Keep at most `n_wanted` of the clip's vectors, evenly spaced."""
    n_query = len(track.query_times)
    if n_query <= n_wanted:
        return track
    kept = np.linspace(0, n_query - 1, n_wanted).round().astype(np.intp)
    return replace(
        track, similarities=track.similarities[kept], query_times=track.query_times[kept]
    )


def make_offset_grid(
    tracks: Sequence[SimilarityTrack], duration_seconds: float, slowest: float, fastest: float
) -> OffsetGrid:
    """Make a grid that is fine enough to miss no maximum between two offsets.

    Args:
        tracks: at least one.
        duration_seconds: of the clip; a longer clip has a finer grid of rates.
        slowest: lowest rate, at most 1.
        fastest: highest rate, at least 1.
    """
    interval = min(find_interval(track.video_times) for track in tracks)
    step = min(max(interval / 5, 0.05), 0.2)
    latest = max(float(track.query_times.max()) for track in tracks)
    last = max(float(track.video_times.max()) for track in tracks)
    first = -fastest * latest
    offsets = first + step * np.arange(int((last - first) / step) + 2, dtype=np.float64)
    spacing = min(max(interval / max(duration_seconds, 1e-9), 0.01), 0.03)
    below, above = int((1 - slowest) / spacing + 1e-6), int((fastest - 1) / spacing + 1e-6)
    return OffsetGrid(offsets, 1 + spacing * np.arange(-below, above + 1, dtype=np.float64))


def find_contrast(track: SimilarityTrack) -> FloatArray:
    """(q, n) similarities above the median of each query vector in this video."""
    typical = find_median(track.similarities, axis=1)
    contrast = (track.similarities - typical).astype(np.float64)
    best = np.maximum(contrast.max(axis=1, keepdims=True), 1e-9)
    sharpened: FloatArray = contrast * np.maximum(contrast / best, 0.0) ** SHARPNESS[track.modality]
    return sharpened


def find_scale(track: SimilarityTrack, contrast: FloatArray, duration_seconds: float) -> float:
    """Nats for a mean contrast of one.

    Neighbouring vectors of a clip are not independent: evidence grows with the root of its length.

    Args:
        track: gives the trust.
        contrast: (q, n) from `find_contrast`.
        duration_seconds: of the clip.
    """
    attainable = float(contrast.max(axis=1).mean())
    temperature = math.hypot(TEMPERATURE_FLOOR, TEMPERATURE_SHARE * attainable)
    temperature = min(temperature, TEMPERATURE_CEILING)
    return track.trust * math.sqrt(duration_seconds / REFERENCE_SECONDS) / temperature


def vote_offsets(track: SimilarityTrack, grid: OffsetGrid, duration_seconds: float) -> FloatArray:
    """Compute the evidence of one track for each position.

    Every pair of a query vector and a video vector votes for the offset between their times, with
    its similarity above the median of the query vector in this video. Votes are smoothed by a
    quadratic B-spline as wide as the sampling interval of the video, which interpolates a peak
    between two samples like a parabola. Frames and windows are points in time: a frame is as
    similar to the moment before it as to the one after it, and to let it last until the next frame
    would place clips half a sampling interval late.

    Returns:
        (r, o) log likelihoods in nats; zero for a typical position.
    """
    contrast = find_contrast(track)
    scale = find_scale(track, contrast, duration_seconds) / len(track.query_times)
    ends = track.video_times - grid.offsets[0]
    votes = np.empty((len(grid.rates), len(grid.offsets)))
    for row, rate in zip(votes, grid.rates, strict=True):
        lags = ends[None, :] - rate * track.query_times[:, None]
        bins = np.rint(lags / grid.step_seconds).astype(np.intp)
        row[:] = np.bincount(bins.ravel(), weights=contrast.ravel(), minlength=len(row))
    kernel = _make_spline(find_interval(track.video_times) / grid.step_seconds)
    return _smooth(votes, kernel * scale)


def _smooth(rows: FloatArray, kernel: FloatArray) -> FloatArray:
    """Convolve each row with a kernel of odd length, whose middle stays in place."""
    n, ahead = rows.shape[1], len(kernel) // 2
    n_padded = 1 << (n + len(kernel) - 1).bit_length()
    spectrum = np.fft.rfft(rows, n_padded, axis=1) * np.fft.rfft(kernel, n_padded)
    return np.fft.irfft(spectrum, n_padded, axis=1)[:, ahead : ahead + n]


def _make_spline(width: float) -> FloatArray:
    """A quadratic B-spline over three widths, sampled at integers; shifted copies sum to one."""
    reach = int(1.5 * width) + 1
    x = np.abs(np.arange(-reach, reach + 1)) / max(width, 1e-9)
    return np.where(x < 0.5, 0.75 - x**2, 0.5 * np.maximum(1.5 - x, 0.0) ** 2)


def compute_prior(grid: OffsetGrid, duration_seconds: float, video_seconds: float) -> FloatArray:
    """(r, o) log prior: normal speed and a position inside the video are more likely."""
    length = np.maximum(grid.rates * duration_seconds, 1e-9)[:, None]
    before = np.maximum(-grid.offsets[None, :], 0.0)
    behind = np.maximum(grid.offsets[None, :] + length - video_seconds, 0.0)
    outside = np.minimum((before + behind) / length, 1.0)
    is_other = grid.rates != 1
    nats: FloatArray = -OUTSIDE_PENALTY * outside - SPEED_PENALTY * is_other[:, None]
    return nats
