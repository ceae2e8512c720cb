"""Aligns a clip with a video and estimates the probability of each position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvsearch.search.localization.offset_votes import (
    OffsetGrid,
    SimilarityTrack,
    compute_prior,
    find_interval,
    find_median,
    make_offset_grid,
    subsample,
    vote_offsets,
)
from mvsearch.search.localization.segmentation import MAX_PIECE_VECTORS, cut_tracks, split_clip
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Modality

# Range of rates, in seconds of video per second of clip.
SLOWEST, FASTEST = 0.85, 1.18
# Positions within this distance are one.
TOLERANCE_SECONDS = 1.0
# Share of the best position's nats that another position needs.
MIN_PEAK_SHARE = 0.9
# Below it, no time is given.
MIN_SUPPORT = 0.5


@dataclass(frozen=True, slots=True)
class Alignment:
    """The time range of a video that matches a clip; without times if it is uncertain.

    Attributes:
        start_seconds, end_seconds: None if the support is too low.
        support: the estimated probability, 0 to 1, that the clip lies here and not at a position
            that is not listed.
        modality: the one with the most evidence.
        similarity: mean cosine of the clip's vectors with those of the video at the same time.
        rate: seconds of video in a second of the clip.
    """

    start_seconds: float | None
    end_seconds: float | None
    support: float
    modality: Modality
    similarity: float
    rate: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """The evidence for the position of a clip.

    Attributes:
        nats: for each track, (r, o) log likelihoods.
        total: (r, o) sum over all tracks and the prior.
        posterior: (r, o) probabilities with a sum of one.
    """

    tracks: Sequence[SimilarityTrack]
    grid: OffsetGrid
    nats: Sequence[FloatArray]
    total: FloatArray
    posterior: FloatArray
    duration_seconds: float


class _Peak(NamedTuple):
    """A maximum of the evidence; `mass` is the probability within the tolerance around it."""

    column: int
    start_seconds: float
    end_seconds: float
    rate: float
    mass: float


def align(
    tracks: Sequence[SimilarityTrack],
    duration_seconds: float,
    video_seconds: float,
    n_alignments: int = 3,
) -> list[Alignment]:
    """Find the positions of a clip in a video, best first; several if it occurs several times.

    The tracks together give the likelihood of each offset and speed (`offset_votes.vote_offsets`).
    A track that is similar everywhere, such as a still picture, adds no evidence. A clip that is an
    edit has the positions of each of its pieces.

    Args:
        tracks: at least one, each with q >= 1 and n >= 1.
        duration_seconds: of the clip.
        video_seconds: of the video.
        n_alignments: maximum number for each piece of a clip.

    Returns:
        At least one alignment, limited to the video. If none has enough support, one without times
        and with the support of the most likely position.
    """
    # Pieces of a long clip need more vectors than the clip as a whole.
    tracks = [subsample(track, MAX_PIECE_VECTORS) for track in tracks]
    subsampled = [subsample(track) for track in tracks]
    evidence = _compute_evidence(subsampled, duration_seconds, video_seconds)
    peaks = _find_peaks(evidence, n_alignments)
    # A clip that is not from this video has no pieces either.
    if _combine_trust(tracks) >= MIN_SUPPORT:
        pieces = split_clip(tracks, evidence.grid, peaks[0].rate, duration_seconds)
        apart = []
        for piece in pieces if len(pieces) > 1 else []:
            seconds = piece.end_seconds - piece.start_seconds
            own = [subsample(track) for track in cut_tracks(tracks, piece)]
            part = _compute_evidence(own, seconds, video_seconds)
            apart.append(_make_alignments(part, _find_peaks(part, n_alignments), video_seconds))
        supported = [found for found in apart if found[0].start_seconds is not None]
        if len(supported) > 1:
            return [alignment for found in supported for alignment in found]
    return _make_alignments(evidence, peaks, video_seconds)


def _combine_trust(tracks: Sequence[SimilarityTrack]) -> float:
    """The probability that any of the tracks belongs to the video."""
    return 1.0 - float(np.prod([1.0 - track.trust for track in tracks]))


def _compute_evidence(
    tracks: Sequence[SimilarityTrack],
    duration_seconds: float,
    video_seconds: float,
) -> _Evidence:
    grid = make_offset_grid(tracks, duration_seconds, SLOWEST, FASTEST)
    nats = [vote_offsets(track, grid, duration_seconds) for track in tracks]
    total = sum(nats, compute_prior(grid, duration_seconds, video_seconds))
    likelihood = np.exp(total - total.max())
    return _Evidence(tracks, grid, nats, total, likelihood / likelihood.sum(), duration_seconds)


def _find_peaks(evidence: _Evidence, n_alignments: int) -> list[_Peak]:
    """The most likely positions, at least a clip length apart; the last may be too weak."""
    grid = evidence.grid
    tops = evidence.total.max(axis=0)
    typical = float(find_median(tops))
    intervals = [find_interval(track.video_times) for track in evidence.tracks]
    reach = int(max(evidence.duration_seconds, *intervals) / grid.step_seconds) + 1
    peaks: list[_Peak] = []
    floor = -np.inf
    while len(peaks) < n_alignments:
        at = int(tops.argmax())
        if tops[at] - typical < floor:
            break
        if not peaks:
            floor = MIN_PEAK_SHARE * float(tops[at] - typical)
        peaks.append(_refine_peak(evidence, at))
        tops[max(0, at - reach) : at + reach + 1] = -np.inf
    return peaks


def _refine_peak(evidence: _Evidence, at: int) -> _Peak:
    """The mean position around a maximum: finer than the grid, and the middle of a plateau."""
    grid = evidence.grid
    reach = int(TOLERANCE_SECONDS / grid.step_seconds)
    near = slice(max(0, at - reach), at + reach + 1)
    is_usual = grid.rates == 1
    rows = is_usual if is_usual[evidence.total[:, at].argmax()] else ~is_usual
    weights = evidence.posterior[rows, near]
    weights = weights / max(float(weights.sum()), 1e-300)
    start = float((weights * grid.offsets[near]).sum())
    rate = float((weights * grid.rates[rows, None]).sum()) if rows is not is_usual else 1.0
    end = start + rate * evidence.duration_seconds
    return _Peak(at, start, end, rate, float(evidence.posterior[:, near].sum()))


def _make_alignments(
    evidence: _Evidence,
    peaks: Sequence[_Peak],
    video_seconds: float,
) -> list[Alignment]:
    """Alignments with enough support; one without times if there are none."""
    elsewhere = max(0.0, 1.0 - sum(peak.mass for peak in peaks))
    trust = _combine_trust(evidence.tracks)
    found: list[Alignment] = []
    for peak in peaks:
        support = trust * peak.mass / max(peak.mass + elsewhere, 1e-300)
        found.append(_make_alignment(evidence, peak, support, video_seconds))
    supported = [a for a in found if a.support >= MIN_SUPPORT]
    if supported:
        return supported
    best = max(found, key=lambda alignment: alignment.support)
    return [Alignment(None, None, best.support, best.modality, best.similarity)]


def _make_alignment(
    evidence: _Evidence, peak: _Peak, support: float, video_seconds: float
) -> Alignment:
    row = int(evidence.total[:, peak.column].argmax())
    gains = [float(nats[row, peak.column]) for nats in evidence.nats]
    track = evidence.tracks[int(np.argmax(gains))]
    start = min(max(0.0, peak.start_seconds), video_seconds)
    end = min(max(start, peak.end_seconds), video_seconds)
    similarity = _similarity_at(track, peak.start_seconds, peak.rate)
    return Alignment(start, end, min(support, 1.0), track.modality, similarity, peak.rate)


def _similarity_at(track: SimilarityTrack, offset_seconds: float, rate: float) -> float:
    """Mean cosine of the query's vectors with those of the video at the same time."""
    times = rate * track.query_times + offset_seconds
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
    """Find the runs of segments that match best.

    A segment matches if its similarity is within `depth` of the best. Segments that touch or
    overlap are one run; segments without times are runs of their own.

    Args:
        similarities: (n,) in time order.
        starts: (n,) seconds, NaN for no time.
        ends: (n,) seconds, NaN for no time.
        depth: allowed distance to the best, as a share of the distance from the median to the best.
        n_moments: maximum number of runs.

    Returns:
        At most `n_moments` (first, last) positions, best first, then in time order.
    """
    best = float(similarities.max())
    cut = best - depth * (best - float(find_median(similarities)))
    hits = np.flatnonzero(similarities >= cut)
    touches = (np.diff(hits) == 1) & (starts[hits[1:]] <= ends[hits[:-1]] + 1e-3)
    heads = np.concatenate([[True], ~touches])
    firsts = hits[heads]
    lasts = hits[np.concatenate([~touches, [True]])]
    tops = np.maximum.reduceat(similarities[hits], np.flatnonzero(heads))
    order = np.argsort(-tops, kind="stable")[:n_moments]
    return [(int(firsts[i]), int(lasts[i])) for i in order]
