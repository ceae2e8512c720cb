"""Computes the evidence for each offset and speed of a clip within a video."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix, Modality

# A frame is one point in time: its very best matches say most about when it is. Windows overlap,
# so their similarity falls evenly to both sides, which a parabola follows only unsharpened.
SHARPNESS: dict[Modality, int] = {"frames": 2, "audio": 0, "lyrics": 0}
# The same clip of five seconds, sampled at other instants, fits a place by this share of its
# contrast better or worse, within bounds; a place is e times as likely as one that much worse.
# Without the share, videos that are much alike all through would have hardly any moments.
TEMPERATURE_SHARE = 0.12
TEMPERATURE_FLOOR = 0.01
TEMPERATURE_CEILING = 0.05
USUAL_SECONDS = 5.0
# Nats that it costs to play at another speed, and to lie wholly outside of the video. At one nat a
# speed of 1.1 is seldom seen in ten seconds.
OTHER_RATE = 0.75
OUTSIDE = 8.0
# More vectors of a clip say the same again of where it lies as a whole.
MAX_VECTORS = 96


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One modality's evidence of where a clip lies in a video.

    Attributes:
        similarities: (q, n) cosines of the clip's vectors with the video's.
        query_times: (q,) seconds from the clip's beginning, rising.
        video_times: (n,) seconds from the video's beginning, rising.
        trust: how certain it is that the clip is of this video at all, 0 to 1.
    """

    modality: Modality
    similarities: Matrix
    query_times: FloatArray
    video_times: FloatArray
    trust: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The places that are tried: at `offset` + `rate` × t of the video is second t of the clip.

    Attributes:
        offsets: (o,) seconds, evenly spaced.
        rates: (r,) seconds of video in a second of the clip; 1 is among them.
    """

    offsets: FloatArray
    rates: FloatArray

    @property
    def step_seconds(self) -> float:
        """From one offset to the next."""
        return float(self.offsets[1] - self.offsets[0])


def find_interval(times: FloatArray) -> float:
    """The typical distance of samples in seconds; one second for a single sample."""
    return float(find_median(np.diff(times))) if len(times) > 1 else 1.0


def find_median(values: FloatArray | Matrix, axis: int | None = None) -> FloatArray:
    """The median, along an axis that stays; over all without one. NaN is taken for infinite.

    `np.median` asks for masked arrays, whose import is 0.03 s of a cold search.
    """
    ranked = np.sort(values, axis=axis)
    along = axis or 0
    n = ranked.shape[along]
    middle = ranked.take([(n - 1) // 2, n // 2], axis=along)
    median: FloatArray = middle.mean(axis=axis, keepdims=axis is not None)
    return median


def thin(track: Track, n_wanted: int = MAX_VECTORS) -> Track:
    """At most so many of the clip's vectors, evenly spread."""
    n_query = len(track.query_times)
    if n_query <= n_wanted:
        return track
    kept = np.linspace(0, n_query - 1, n_wanted).round().astype(np.intp)
    return replace(
        track, similarities=track.similarities[kept], query_times=track.query_times[kept]
    )


def lay_grid(
    tracks: Sequence[Track], duration_seconds: float, slowest: float, fastest: float
) -> Grid:
    """Places fine enough that none between two neighbours fits better than both.

    Args:
        tracks: at least one.
        duration_seconds: of the clip; the longer, the finer its speed can be told.
        slowest: rate to try, at most 1.
        fastest: rate to try, at least 1.
    """
    interval = min(find_interval(track.video_times) for track in tracks)
    step = min(max(interval / 5, 0.05), 0.2)
    latest = max(float(track.query_times.max()) for track in tracks)
    last = max(float(track.video_times.max()) for track in tracks)
    first = -fastest * latest
    offsets = first + step * np.arange(int((last - first) / step) + 2, dtype=np.float64)
    spacing = min(max(interval / max(duration_seconds, 1e-9), 0.01), 0.03)
    below, above = int((1 - slowest) / spacing + 1e-6), int((fastest - 1) / spacing + 1e-6)
    return Grid(offsets, 1 + spacing * np.arange(-below, above + 1, dtype=np.float64))


def find_contrast(track: Track) -> FloatArray:
    """(q, n) how far each pair stands above what is typical of the clip's vector in the video."""
    typical = find_median(track.similarities, axis=1)
    contrast = (track.similarities - typical).astype(np.float64)
    best = np.maximum(contrast.max(axis=1, keepdims=True), 1e-9)
    sharpened: FloatArray = contrast * np.maximum(contrast / best, 0.0) ** SHARPNESS[track.modality]
    return sharpened


def find_scale(track: Track, contrast: FloatArray, duration_seconds: float) -> float:
    """Nats for a mean contrast of one.

    What a clip shows changes only so often: its evidence grows with the root of its length.

    Args:
        track: whose trust counts.
        contrast: (q, n) as `find_contrast` gives it.
        duration_seconds: of the clip.
    """
    attainable = float(contrast.max(axis=1).mean())
    temperature = math.hypot(TEMPERATURE_FLOOR, TEMPERATURE_SHARE * attainable)
    temperature = min(temperature, TEMPERATURE_CEILING)
    return track.trust * math.sqrt(duration_seconds / USUAL_SECONDS) / temperature


def weigh_places(track: Track, grid: Grid, duration_seconds: float) -> FloatArray:
    """How much this track speaks for each place.

    Every pair of a query vector and a video's vector votes for the offset between their times,
    with the similarity above what is typical of the query vector in this video. Votes are spread
    by a quadratic B-spline as wide as the video's sampling: neighbouring samples then share a
    peak as a parabola through them would, and finer than they lie apart. Frames and windows
    are taken as points in time, because a frame is as like the moment before it as after it: to
    count it as lasting until the next would place clips half a sampling interval late.

    Returns:
        (r, o) log likelihoods in nats, zero where the place is no better than a typical one.
    """
    contrast = find_contrast(track)
    scale = find_scale(track, contrast, duration_seconds) / len(track.query_times)
    ends = track.video_times - grid.offsets[0]
    votes = np.empty((len(grid.rates), len(grid.offsets)))
    for row, rate in zip(votes, grid.rates, strict=True):
        lags = ends[None, :] - rate * track.query_times[:, None]
        bins = np.rint(lags / grid.step_seconds).astype(np.intp)
        row[:] = np.bincount(bins.ravel(), weights=contrast.ravel(), minlength=len(row))
    kernel = _spread(find_interval(track.video_times) / grid.step_seconds)
    return _smooth(votes, kernel * scale)


def _smooth(rows: FloatArray, kernel: FloatArray) -> FloatArray:
    """Convolve each row with a kernel of odd length, whose middle stays in place."""
    n, ahead = rows.shape[1], len(kernel) // 2
    n_padded = 1 << (n + len(kernel) - 1).bit_length()
    spectrum = np.fft.rfft(rows, n_padded, axis=1) * np.fft.rfft(kernel, n_padded)
    return np.fft.irfft(spectrum, n_padded, axis=1)[:, ahead : ahead + n]


def _spread(width: float) -> FloatArray:
    """A quadratic B-spline over three widths, sampled at whole numbers; copies add up to one."""
    reach = int(1.5 * width) + 1
    x = np.abs(np.arange(-reach, reach + 1)) / max(width, 1e-9)
    return np.where(x < 0.5, 0.75 - x**2, 0.5 * np.maximum(1.5 - x, 0.0) ** 2)


def weigh_beforehand(grid: Grid, duration_seconds: float, video_seconds: float) -> FloatArray:
    """(r, o) what speaks for each place before anything is seen: the usual speed, and inside."""
    length = np.maximum(grid.rates * duration_seconds, 1e-9)[:, None]
    before = np.maximum(-grid.offsets[None, :], 0.0)
    behind = np.maximum(grid.offsets[None, :] + length - video_seconds, 0.0)
    outside = np.minimum((before + behind) / length, 1.0)
    is_other = grid.rates != 1
    nats: FloatArray = -OUTSIDE * outside - OTHER_RATE * is_other[:, None]
    return nats
