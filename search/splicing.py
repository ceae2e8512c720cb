"""Where a clip is an edit: the pieces that lie at different places of a video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.evidence import Grid, Track, find_contrast, find_scale
from search.fusion import FloatArray

# Nats by which two places must fit better than one: at 3, whole clips come apart; at 6, a third of
# the edits of ten seconds are not seen as such. Shorter pieces have no time of their own.
SWITCH = 4.0
MIN_PIECE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a clip, in seconds from its beginning."""

    start_seconds: float
    end_seconds: float


def split_clip(
    tracks: Sequence[Track], grid: Grid, rate: float, duration_seconds: float
) -> list[Piece]:
    """Cut a clip where going on at another place of the video fits better by `SWITCH` nats.

    The best path through places as the clip goes on (Viterbi 1967): staying at an offset is free,
    a jump to any other costs.

    Args:
        tracks: at least one.
        grid: the offsets that are tried.
        rate: the clip's speed.
        duration_seconds: of the clip.

    Returns:
        The whole clip, or two pieces or more in order, each at least `MIN_PIECE_SECONDS` long.
    """
    whole = [Piece(0.0, duration_seconds)]
    nats, times = _weigh_vectors(tracks, grid, rate, duration_seconds)
    if nats.max(axis=1).sum() - nats.sum(axis=0).max() <= SWITCH:
        return whole
    path = _find_path(nats)
    switches = np.flatnonzero(np.diff(path)) + 1
    bounds = [0.0, *((times[switches - 1] + times[switches]) / 2), duration_seconds]
    places = path[[0, *switches]]
    kept: list[tuple[int, Piece]] = []
    for place, start, end in zip(places, bounds[:-1], bounds[1:], strict=True):
        if end - start < MIN_PIECE_SECONDS:
            continue
        if kept and kept[-1][0] == place:
            kept[-1] = (place, Piece(kept[-1][1].start_seconds, float(end)))
        else:
            kept.append((place, Piece(float(start), float(end))))
    return [piece for _, piece in kept] if len(kept) > 1 else whole


def cut_tracks(tracks: Sequence[Track], piece: Piece) -> list[Track]:
    """What the tracks say of a piece, in its own time; those that say nothing are left out."""
    cut: list[Track] = []
    for track in tracks:
        times = track.query_times
        inside = (times >= piece.start_seconds) & (times < piece.end_seconds)
        if inside.any():
            similarities = track.similarities[inside]
            times = times[inside] - piece.start_seconds
            cut.append(replace(track, similarities=similarities, query_times=times))
    return cut


def _weigh_vectors(
    tracks: Sequence[Track], grid: Grid, rate: float, duration_seconds: float
) -> tuple[FloatArray, FloatArray]:
    """(q, o) nats that each vector of the clip gives to each offset, and the (q,) times, rising."""
    rows: list[FloatArray] = []
    for track in tracks:
        contrast = find_contrast(track)
        scale = find_scale(track, contrast, duration_seconds) / len(track.query_times)
        for row, at in zip(contrast * scale, track.query_times, strict=True):
            seconds = grid.offsets + rate * at
            rows.append(np.interp(seconds, track.video_times, row, left=0.0, right=0.0))
    times = np.concatenate([track.query_times for track in tracks])
    order = np.argsort(times, kind="stable")
    return np.stack(rows)[order], times[order]


def _find_path(nats: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """(q,) the offset at which each vector lies, on the best path."""
    best = nats[0]
    came_from = np.empty(nats.shape, dtype=np.intp)
    here = np.arange(nats.shape[1])
    for row, more in enumerate(nats[1:], start=1):
        top = int(best.argmax())
        jumps = best[top] - SWITCH > best
        came_from[row] = np.where(jumps, top, here)
        best = np.where(jumps, best[top] - SWITCH, best) + more
    path = np.empty(len(nats), dtype=np.intp)
    path[-1] = best.argmax()
    for row in range(len(nats) - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path
