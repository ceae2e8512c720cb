"""Where in a video a clip lies: the offset that most of its frames and windows agree on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.fusion import FloatArray
from store.records import Matrix, Modality

# Cosines of unrelated moments differ by about this much; contrast below it is no evidence.
NOISE = 0.05
# A frame is one point in time: its very best matches say most about when it is. Windows overlap,
# so their similarity falls evenly to both sides, which a parabola follows only unsharpened.
SHARPNESS: dict[Modality, int] = {"frames": 2, "audio": 0, "lyrics": 0}


@dataclass(frozen=True, slots=True)
class AlignmentOptions:
    """How finely offsets are told apart.

    Attributes:
        step_seconds: width of a bin of the histogram of offsets.
        echo: share of the best peak's height above the typical offset that another peak needs.
        n_alignments: at most so many.
    """

    step_seconds: float = 0.05
    echo: float = 0.9
    n_alignments: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One modality's evidence of where a clip lies in a video.

    Attributes:
        similarities: (q, n) cosines of the clip's vectors with the video's.
        query_times: (q,) seconds from the clip's beginning.
        video_times: (n,) seconds from the video's beginning, rising.
    """

    modality: Modality
    similarities: Matrix
    query_times: FloatArray
    video_times: FloatArray


@dataclass(frozen=True, slots=True)
class Alignment:
    """A stretch of a video that a clip fits.

    Attributes:
        support: share of the evidence that agrees on it, 0 to 1; low for pictures that never
            change, which fit everywhere.
        modality: the one that supports it most.
        similarity: mean cosine of the clip's vectors with what they fall on.
    """

    start_seconds: float
    end_seconds: float
    support: float
    modality: Modality
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class _Profile:
    """How well each offset fits one track, and how much that says.

    Attributes:
        shares: (offsets,) share of the attainable contrast, about 0 to 1.
        reliability: near 0 where everything looks alike, near 1 where the best match stands out.
    """

    track: Track
    shares: FloatArray
    reliability: float


def align(
    tracks: Sequence[Track],
    duration_seconds: float,
    video_seconds: float,
    options: AlignmentOptions = AlignmentOptions(),
) -> list[Alignment]:
    """Find where a clip lies in a video, best first; several places where it occurs several times.

    Every pair of a query vector and a video's vector votes for the offset between their times,
    with the similarity above what is typical of the query vector in this video. Votes are spread
    by a quadratic B-spline as wide as the video's sampling: neighbouring samples then share a
    peak as a parabola through them would, and finer than they lie apart. Frames and windows
    are taken as points in time, because a frame is as like the moment before it as after it: to
    count it as lasting until the next would place clips half a sampling interval late.

    Args:
        tracks: at least one, each with q >= 1 and n >= 1.
        duration_seconds: of the clip.
        video_seconds: of the video.
        options: how finely, and how many.

    Returns:
        At least one alignment, cut to the video.
    """
    step = options.step_seconds
    first = -max(float(track.query_times.max()) for track in tracks)
    last = max(float(track.video_times.max()) for track in tracks)
    offsets: FloatArray = first + step * np.arange(int((last - first) / step) + 2, dtype=np.float64)
    profiles = [_profile(track, offsets, step) for track in tracks]
    trust = max(sum(profile.reliability for profile in profiles), 1e-9)
    evidence = sum((p.shares * p.reliability for p in profiles), np.zeros(len(offsets))) / trust
    reach = max(duration_seconds, max(_interval(track.video_times) for track in tracks))
    peaks = _find_peaks(evidence, int(reach / step) + 1, options)
    certainty = max(profile.reliability for profile in profiles)
    return [
        _place(profiles, evidence, offsets, at, (duration_seconds, video_seconds), certainty)
        for at in peaks
    ]


def _interval(times: FloatArray) -> float:
    """The typical distance of samples; one second for a single sample."""
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0


def _profile(track: Track, offsets: FloatArray, step: float) -> _Profile:
    contrast = track.similarities - np.median(track.similarities, axis=1, keepdims=True)
    best = np.maximum(contrast.max(axis=1, keepdims=True), 1e-9)
    attainable = float(best.mean())
    contrast = contrast * np.maximum(contrast / best, 0.0) ** SHARPNESS[track.modality]
    lags = track.video_times[None, :] - track.query_times[:, None] - offsets[0]
    bins = np.rint(lags / step).astype(np.int64)
    votes = np.bincount(bins.ravel(), weights=contrast.ravel(), minlength=len(offsets))
    kernel = _spread(_interval(track.video_times) / step)
    smooth = np.convolve(votes, kernel)[len(kernel) // 2 :][: len(offsets)]
    shares = smooth / (len(track.query_times) * attainable)
    return _Profile(track, shares, attainable**2 / (attainable**2 + NOISE**2))


def _spread(width: float) -> FloatArray:
    """A quadratic B-spline over three widths, sampled at whole numbers; copies add up to one."""
    reach = int(1.5 * width) + 1
    x = np.abs(np.arange(-reach, reach + 1)) / max(width, 1e-9)
    return np.where(x < 0.5, 0.75 - x**2, 0.5 * np.maximum(1.5 - x, 0.0) ** 2)


def _find_peaks(evidence: FloatArray, reach: int, options: AlignmentOptions) -> list[int]:
    """The best offsets, at least `reach` bins apart, as high as the options ask."""
    typical = float(np.median(evidence))
    padded = np.pad(evidence, 1, constant_values=-np.inf)
    is_top = (evidence >= padded[:-2]) & (evidence >= padded[2:])
    left = np.where(is_top, evidence, -np.inf)
    peaks: list[int] = []
    while len(peaks) < options.n_alignments:
        at = int(left.argmax())
        floor = options.echo * (float(evidence[peaks[0]]) - typical) if peaks else -np.inf
        if left[at] - typical <= floor:
            break
        peaks.append(_middle_of_top(evidence, at))
        left[max(0, at - reach) : at + reach + 1] = -np.inf
    return peaks


def _middle_of_top(evidence: FloatArray, at: int) -> int:
    """The middle of a flat top that begins at `at`."""
    below = np.flatnonzero(evidence[at:] < evidence[at] - 1e-9)
    width = int(below[0]) if below.size else len(evidence) - at
    return at + (width - 1) // 2


def _place(
    profiles: Sequence[_Profile],
    evidence: FloatArray,
    offsets: FloatArray,
    at: int,
    durations_seconds: tuple[float, float],
    certainty: float,
) -> Alignment:
    duration, video_end = durations_seconds
    best = max(profiles, key=lambda profile: float(profile.shares[at]) * profile.reliability)
    start = min(max(0.0, float(offsets[at])), video_end)
    end = min(max(start, float(offsets[at]) + duration), video_end)
    return Alignment(
        start_seconds=start,
        end_seconds=end,
        support=min(max(float(evidence[at]), 0.0), 1.0) * certainty,
        modality=best.track.modality,
        similarity=_similarity_at(best.track, float(offsets[at])),
    )


def _similarity_at(track: Track, offset_seconds: float) -> float:
    """Mean cosine of the query's vectors with the nearest in time, at this offset."""
    times = track.query_times + offset_seconds
    last = len(track.video_times) - 1
    after = np.clip(np.searchsorted(track.video_times, times), min(1, last), last)
    before = np.maximum(after - 1, 0)
    is_after = track.video_times[after] - times < times - track.video_times[before]
    nearest = np.where(is_after, after, before)
    return float(track.similarities[np.arange(len(times)), nearest].mean())


def merge_hits(
    similarities: npt.NDArray[np.float32],
    starts: FloatArray,
    ends: FloatArray,
    *,
    depth: float = 0.15,
    n_moments: int = 3,
) -> list[tuple[int, int]]:
    """Find the runs of segments that answer, each with the best of its kind at its head.

    A segment answers when it comes within `depth` of the best, measured from the typical
    similarity to the best. Segments that touch or overlap are one run; those without times stand
    alone.

    Args:
        similarities: (n,) in time order.
        starts: (n,) seconds, NaN where there are none.
        ends: (n,) seconds, NaN where there are none.
        depth: how far below the best, as a share of the best's height above the typical.
        n_moments: at most so many.

    Returns:
        At most `n_moments` (first, last) positions, best first, then in time order.
    """
    best = float(similarities.max())
    cut = best - depth * (best - float(np.median(similarities)))
    hits = np.flatnonzero(similarities >= cut)
    touches = (np.diff(hits) == 1) & (starts[hits[1:]] <= ends[hits[:-1]] + 1e-3)
    heads = np.concatenate([[True], ~touches])
    firsts = hits[heads]
    lasts = hits[np.concatenate([~touches, [True]])]
    tops = np.maximum.reduceat(similarities[hits], np.flatnonzero(heads))
    order = np.argsort(-tops, kind="stable")[:n_moments]
    return [(int(firsts[i]), int(lasts[i])) for i in order]
