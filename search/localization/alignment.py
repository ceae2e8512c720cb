"""Aligns a clip with a video and estimates the probability of each position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvsearch.search.localization.offset_votes import (
    Grid,
    Track,
    find_interval,
    find_median,
    lay_grid,
    thin,
    weigh_beforehand,
    weigh_places,
)
from mvsearch.search.localization.segmentation import MAX_PIECE_VECTORS, cut_tracks, split_clip
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Modality


@dataclass(frozen=True, slots=True)
class AlignmentOptions:
    """What counts as a place.

    Attributes:
        slowest, fastest: seconds of video in a second of the clip; both 1 for no other speed.
        tolerance_seconds: places so near to each other are one.
        echo: share of the best place's nats that another place needs.
        min_support: below it, no time is given.
        n_alignments: at most so many, of each piece of a clip.
    """

    slowest: float = 0.85
    fastest: float = 1.18
    tolerance_seconds: float = 1.0
    echo: float = 0.9
    min_support: float = 0.5
    n_alignments: int = 3


@dataclass(frozen=True, slots=True)
class Alignment:
    """A stretch of a video that a clip fits, or that there is none which can be told.

    Attributes:
        start_seconds, end_seconds: None where the evidence supports no time.
        support: the probability, as far as the evidence goes, that the clip lies here and not
            anywhere else that is not listed, 0 to 1.
        modality: the one that supports it most.
        similarity: mean cosine of the clip's vectors with what they fall on.
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
    """All that is known of where a clip lies.

    Attributes:
        nats: for each track, (r, o) log likelihoods.
        total: (r, o) of all tracks and of what is known beforehand.
        posterior: (r, o) probabilities that add up to one.
    """

    tracks: Sequence[Track]
    grid: Grid
    nats: Sequence[FloatArray]
    total: FloatArray
    posterior: FloatArray
    duration_seconds: float


class _Place(NamedTuple):
    """A top of the evidence; `mass` is the probability within the tolerance of it."""

    column: int
    start_seconds: float
    end_seconds: float
    rate: float
    mass: float


def align(
    tracks: Sequence[Track],
    duration_seconds: float,
    video_seconds: float,
    options: AlignmentOptions = AlignmentOptions(),
) -> list[Alignment]:
    """Find where a clip lies in a video, best first; several places where it occurs several times.

    Each offset and speed is as likely as the tracks together say (`evidence.weigh_places`), so
    that one which is alike everywhere, such as a picture that never changes, says nothing beside
    one which is not. A clip that is an edit of several places gives the places of each piece.

    Args:
        tracks: at least one, each with q >= 1 and n >= 1.
        duration_seconds: of the clip.
        video_seconds: of the video.
        options: what counts as a place, and how many.

    Returns:
        At least one alignment, cut to the video. Where no time is supported there is one without
        times, whose support is that of the likeliest.
    """
    # A piece of a long clip has few vectors; what is seen of it as a whole needs no more.
    tracks = [thin(track, MAX_PIECE_VECTORS) for track in tracks]
    thinned = [thin(track) for track in tracks]
    evidence = _weigh(thinned, duration_seconds, video_seconds, options)
    places = _find_places(evidence, options)
    # A clip that is not from this video has no pieces either.
    if _trust(tracks) >= options.min_support:
        pieces = split_clip(tracks, evidence.grid, places[0].rate, duration_seconds)
        apart = []
        for piece in pieces if len(pieces) > 1 else []:
            seconds = piece.end_seconds - piece.start_seconds
            own = [thin(track) for track in cut_tracks(tracks, piece)]
            part = _weigh(own, seconds, video_seconds, options)
            apart.append(_judge(part, _find_places(part, options), video_seconds, options))
        supported = [found for found in apart if found[0].start_seconds is not None]
        if len(supported) > 1:
            return [alignment for found in supported for alignment in found]
    return _judge(evidence, places, video_seconds, options)


def _trust(tracks: Sequence[Track]) -> float:
    """The probability that any of the tracks belongs to the video."""
    return 1.0 - float(np.prod([1.0 - track.trust for track in tracks]))


def _weigh(
    tracks: Sequence[Track],
    duration_seconds: float,
    video_seconds: float,
    options: AlignmentOptions,
) -> _Evidence:
    grid = lay_grid(tracks, duration_seconds, options.slowest, options.fastest)
    nats = [weigh_places(track, grid, duration_seconds) for track in tracks]
    total = sum(nats, weigh_beforehand(grid, duration_seconds, video_seconds))
    likelihood = np.exp(total - total.max())
    return _Evidence(tracks, grid, nats, total, likelihood / likelihood.sum(), duration_seconds)


def _find_places(evidence: _Evidence, options: AlignmentOptions) -> list[_Place]:
    """The likeliest places, at least a clip's length apart; the last one may be too weak."""
    grid = evidence.grid
    tops = evidence.total.max(axis=0)
    typical = float(find_median(tops))
    intervals = [find_interval(track.video_times) for track in evidence.tracks]
    reach = int(max(evidence.duration_seconds, *intervals) / grid.step_seconds) + 1
    places: list[_Place] = []
    floor = -np.inf
    while len(places) < options.n_alignments:
        at = int(tops.argmax())
        if tops[at] - typical < floor:
            break
        if not places:
            floor = options.echo * float(tops[at] - typical)
        places.append(_look_around(evidence, at, options.tolerance_seconds))
        tops[max(0, at - reach) : at + reach + 1] = -np.inf
    return places


def _look_around(evidence: _Evidence, at: int, tolerance_seconds: float) -> _Place:
    """The mean place near a top: finer than the grid, and the middle of what is flat."""
    grid = evidence.grid
    reach = int(tolerance_seconds / grid.step_seconds)
    near = slice(max(0, at - reach), at + reach + 1)
    is_usual = grid.rates == 1
    rows = is_usual if is_usual[evidence.total[:, at].argmax()] else ~is_usual
    weights = evidence.posterior[rows, near]
    weights = weights / max(float(weights.sum()), 1e-300)
    start = float((weights * grid.offsets[near]).sum())
    rate = float((weights * grid.rates[rows, None]).sum()) if rows is not is_usual else 1.0
    end = start + rate * evidence.duration_seconds
    return _Place(at, start, end, rate, float(evidence.posterior[:, near].sum()))


def _judge(
    evidence: _Evidence,
    places: Sequence[_Place],
    video_seconds: float,
    options: AlignmentOptions,
) -> list[Alignment]:
    """Places with their support; one without times where none has enough."""
    elsewhere = max(0.0, 1.0 - sum(place.mass for place in places))
    trust = _trust(evidence.tracks)
    found: list[Alignment] = []
    for place in places:
        support = trust * place.mass / max(place.mass + elsewhere, 1e-300)
        found.append(_make_alignment(evidence, place, support, video_seconds))
    supported = [a for a in found if a.support >= options.min_support]
    if supported:
        return supported
    best = max(found, key=lambda alignment: alignment.support)
    return [Alignment(None, None, best.support, best.modality, best.similarity)]


def _make_alignment(
    evidence: _Evidence, place: _Place, support: float, video_seconds: float
) -> Alignment:
    row = int(evidence.total[:, place.column].argmax())
    gains = [float(nats[row, place.column]) for nats in evidence.nats]
    track = evidence.tracks[int(np.argmax(gains))]
    start = min(max(0.0, place.start_seconds), video_seconds)
    end = min(max(start, place.end_seconds), video_seconds)
    similarity = _similarity_at(track, place.start_seconds, place.rate)
    return Alignment(start, end, min(support, 1.0), track.modality, similarity, place.rate)


def _similarity_at(track: Track, offset_seconds: float, rate: float) -> float:
    """Mean cosine of the query's vectors with the nearest in time, at this place."""
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
    cut = best - depth * (best - float(find_median(similarities)))
    hits = np.flatnonzero(similarities >= cut)
    touches = (np.diff(hits) == 1) & (starts[hits[1:]] <= ends[hits[:-1]] + 1e-3)
    heads = np.concatenate([[True], ~touches])
    firsts = hits[heads]
    lasts = hits[np.concatenate([~touches, [True]])]
    tops = np.maximum.reduceat(similarities[hits], np.flatnonzero(heads))
    order = np.argsort(-tops, kind="stable")[:n_moments]
    return [(int(firsts[i]), int(lasts[i])) for i in order]
