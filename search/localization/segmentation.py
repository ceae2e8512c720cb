"""Splits an edited clip into pieces from different places of a video (Viterbi)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.search.localization.offset_votes import (
    Grid,
    Track,
    find_contrast,
    find_interval,
    find_scale,
)
from mvsearch.search.scoring.fusion import FloatArray

# Nats by which two places must fit better than one: at 3, whole clips come apart; at 6, a third of
# the edits of ten seconds are not seen as such. Shorter pieces have no time of their own.
SWITCH = 4.0
# The same within a clip that is known to be an edit, where cuts are to be expected.
SWITCH_IN_EDIT = 2.0
# Nats a second by which the pieces of an edit must fit better than those of the same clip played
# backwards: of another video, both fit equally well.
MIN_GAIN_OF_ORDER = 0.12
MIN_PIECE_SECONDS = 1.0
# A second of a longer clip speaks as loud as one of a clip of so many seconds, and a vector as so
# many seconds at most: where a clip has few, one that meets a cut of the video does not decide.
UNIT_SECONDS = 10.0
MAX_VECTOR_SECONDS = 1.5
# Of a track, so many vectors are looked at; and so many pairs of a vector and a place in all.
MAX_PIECE_VECTORS = 640
MAX_PAIRS = 1 << 22
# A clip that lies at one place by so large a share is not an edit.
MIN_WHOLE_SHARE = 0.8

Places = npt.NDArray[np.intp]


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
    a jump to any other costs, less once the clip is known to be an edit. What fits several pieces
    badly has no speed of its own, so the usual speed is tried as well. The order of what is seen
    and heard must matter: a clip that fits as well backwards is not an edit of this video.

    Args:
        tracks: at least one.
        grid: the offsets that are tried.
        rate: the clip's speed.
        duration_seconds: of the clip.

    Returns:
        The whole clip, or two pieces or more in order, each at least `MIN_PIECE_SECONDS` long.
    """
    n_vectors = sum(len(track.query_times) for track in tracks)
    offsets = grid.offsets[:: max(1, math.ceil(n_vectors * len(grid.offsets) / MAX_PAIRS))]
    whole = [Piece(0.0, duration_seconds)]
    found = []
    for tried in sorted({rate, 1.0}):
        nats, times = _weigh_vectors(tracks, offsets, tried, duration_seconds)
        found.append((*_find_path(nats, SWITCH), tried, nats, times))
    path, _, tried, nats, times = max(found, key=lambda one: one[1])
    if not _is_edit(_cut_path(path, times, duration_seconds), duration_seconds):
        return whole
    path, gain = _find_path(nats, SWITCH_IN_EDIT)
    backwards = [_play_backwards(track, times[0] + times[-1]) for track in tracks]
    nats, _ = _weigh_vectors(backwards, offsets, tried, duration_seconds)
    _, gain_backwards = _find_path(nats, SWITCH_IN_EDIT)
    if gain - gain_backwards < MIN_GAIN_OF_ORDER * duration_seconds:
        return whole
    return [piece for _, piece in _cut_path(path, times, duration_seconds)]


def _is_edit(pieces: Sequence[tuple[int, Piece]], duration_seconds: float) -> bool:
    """Whether a clip lies at several places, and at none by `MIN_WHOLE_SHARE`."""
    seconds: dict[int, float] = {}
    for place, piece in pieces:
        length = piece.end_seconds - piece.start_seconds
        seconds[place] = seconds.get(place, 0.0) + length
    longest = max(seconds.values(), default=0.0)
    return len(pieces) > 1 and longest < MIN_WHOLE_SHARE * duration_seconds


def _play_backwards(track: Track, end_seconds: float) -> Track:
    """What the same vectors would be evidence of in the opposite order, last one first."""
    return replace(
        track,
        similarities=track.similarities[::-1],
        query_times=end_seconds - track.query_times[::-1],
    )


def _cut_path(path: Places, times: FloatArray, duration_seconds: float) -> list[tuple[int, Piece]]:
    """The pieces of a path through places, each with its place; too short ones are left out."""
    switches = np.flatnonzero(np.diff(path)) + 1
    # A header may say that a clip ends before its last frame does; no piece is without vectors.
    end_seconds = max(duration_seconds, float(np.nextafter(times[-1], np.inf)))
    bounds = [0.0, *((times[switches - 1] + times[switches]) / 2), end_seconds]
    kept: list[tuple[int, Piece]] = []
    for place, start, end in zip(
        path[[0, *switches]].tolist(), bounds[:-1], bounds[1:], strict=True
    ):
        if end - start < MIN_PIECE_SECONDS:
            continue
        if kept and kept[-1][0] == place:
            kept[-1] = (place, Piece(kept[-1][1].start_seconds, float(end)))
        else:
            kept.append((place, Piece(float(start), float(end))))
    return kept


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
    tracks: Sequence[Track], offsets: FloatArray, rate: float, duration_seconds: float
) -> tuple[FloatArray, FloatArray]:
    """(q, o) nats that each vector of the clip gives to each offset, and the (q,) times, rising."""
    rows: list[FloatArray] = []
    for track in tracks:
        contrast = find_contrast(track)
        nats = contrast * _find_nats(track, contrast, duration_seconds)
        for row, at in zip(nats, track.query_times, strict=True):
            seconds = offsets + rate * at
            rows.append(np.interp(seconds, track.video_times, row, left=0.0, right=0.0))
    times = np.concatenate([track.query_times for track in tracks])
    order = np.argsort(times, kind="stable")
    return np.stack(rows)[order], times[order]


def _find_nats(track: Track, contrast: FloatArray, duration_seconds: float) -> float:
    """Nats of one vector for a contrast of one.

    A piece is told by its own seconds, however long the rest of the clip is, so that from
    `UNIT_SECONDS` on evidence grows with the length of a clip and not with its root.
    """
    unit = max(min(duration_seconds, UNIT_SECONDS), 1e-9)
    n_vectors = len(track.query_times)
    seconds = max(duration_seconds, 1e-9) / n_vectors
    if n_vectors > 1:
        seconds = min(seconds, max(find_interval(track.query_times), 1e-9))
    return find_scale(track, contrast, unit) * min(seconds, MAX_VECTOR_SECONDS) / unit


def _find_path(nats: FloatArray, switch: float) -> tuple[Places, float]:
    """(q,) the offset at which each vector lies, on the best path, and the nats of this path."""
    best = nats[0]
    came_from = np.empty(nats.shape, dtype=np.int32)
    here = np.arange(nats.shape[1], dtype=np.int32)
    for row, more in enumerate(nats[1:], start=1):
        top = int(best.argmax())
        jumps = best[top] - switch > best
        came_from[row] = np.where(jumps, top, here)
        best = np.where(jumps, best[top] - switch, best) + more
    path = np.empty(len(nats), dtype=np.intp)
    path[-1] = best.argmax()
    for row in range(len(nats) - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path, float(best.max())
