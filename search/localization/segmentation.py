"""Splits an edited clip into pieces from different places of a video (Viterbi)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.search.localization.offset_votes import (
    OffsetGrid,
    SimilarityTrack,
    find_contrast,
    find_interval,
    find_scale,
)
from mvsearch.search.scoring.fusion import FloatArray

# Nats by which two positions must fit better than one. With 3, whole clips are split; with 6, a
# third of the edits of ten seconds are missed.
JUMP_NATS = 4.0
# The same in a clip that is known to be an edit, where cuts are likely.
JUMP_NATS_IN_EDIT = 2.0
# Nats a second by which the pieces of an edit must fit better than those of the same clip played
# backwards: of another video, both fit equally well.
MIN_ORDER_GAIN = 0.12
MIN_PIECE_SECONDS = 1.0
# From this length on, evidence grows linearly with the length of a clip. A single vector counts for
# at most MAX_VECTOR_SECONDS: in a clip with few vectors, one at a cut of the video must not decide.
LINEAR_SECONDS = 10.0
MAX_VECTOR_SECONDS = 1.5
# Maximum number of vectors of a track, and of pairs of a vector and an offset.
MAX_PIECE_VECTORS = 640
MAX_PAIRS = 1 << 22
# A clip with this share at one offset is not an edit.
MIN_WHOLE_SHARE = 0.8

OffsetIndexes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a clip, in seconds from its start."""

    start_seconds: float
    end_seconds: float


def split_clip(
    tracks: Sequence[SimilarityTrack], grid: OffsetGrid, rate: float, duration_seconds: float
) -> list[Piece]:
    """Split a clip where another position in the video fits better by `JUMP_NATS` nats.

    Finds the best path through the offsets (Viterbi 1967): staying at an offset is free, a jump has
    a cost, which is lower once the clip is known to be an edit. The speed of an edit as a whole
    means little, so the normal speed is tried as well. A clip that fits as well in reverse order is
    not an edit of this video.

    Args:
        tracks: at least one.
        grid: the tested offsets.
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
        nats, times = _compute_vector_nats(tracks, offsets, tried, duration_seconds)
        found.append((*_find_path(nats, JUMP_NATS), tried, nats, times))
    path, _, tried, nats, times = max(found, key=lambda one: one[1])
    if not _is_edit(_split_path(path, times, duration_seconds), duration_seconds):
        return whole
    path, gain = _find_path(nats, JUMP_NATS_IN_EDIT)
    backwards = [_reverse_track(track, times[0] + times[-1]) for track in tracks]
    nats, _ = _compute_vector_nats(backwards, offsets, tried, duration_seconds)
    _, gain_backwards = _find_path(nats, JUMP_NATS_IN_EDIT)
    if gain - gain_backwards < MIN_ORDER_GAIN * duration_seconds:
        return whole
    return [piece for _, piece in _split_path(path, times, duration_seconds)]


def _is_edit(pieces: Sequence[tuple[int, Piece]], duration_seconds: float) -> bool:
    """Whether a clip has several offsets, and none for `MIN_WHOLE_SHARE` of its length."""
    seconds: dict[int, float] = {}
    for offset, piece in pieces:
        length = piece.end_seconds - piece.start_seconds
        seconds[offset] = seconds.get(offset, 0.0) + length
    longest = max(seconds.values(), default=0.0)
    return len(pieces) > 1 and longest < MIN_WHOLE_SHARE * duration_seconds


def _reverse_track(track: SimilarityTrack, end_seconds: float) -> SimilarityTrack:
    """The same vectors in reverse order."""
    return replace(
        track,
        similarities=track.similarities[::-1],
        query_times=end_seconds - track.query_times[::-1],
    )


def _split_path(
    path: OffsetIndexes, times: FloatArray, duration_seconds: float
) -> list[tuple[int, Piece]]:
    """The pieces of a path, each with its offset; too short ones are left out."""
    switches = np.flatnonzero(np.diff(path)) + 1
    # The header may give an end before the last frame; each piece needs vectors.
    end_seconds = max(duration_seconds, float(np.nextafter(times[-1], np.inf)))
    bounds = [0.0, *((times[switches - 1] + times[switches]) / 2), end_seconds]
    kept: list[tuple[int, Piece]] = []
    for offset, start, end in zip(
        path[[0, *switches]].tolist(), bounds[:-1], bounds[1:], strict=True
    ):
        if end - start < MIN_PIECE_SECONDS:
            continue
        if kept and kept[-1][0] == offset:
            kept[-1] = (offset, Piece(kept[-1][1].start_seconds, float(end)))
        else:
            kept.append((offset, Piece(float(start), float(end))))
    return kept


def cut_tracks(tracks: Sequence[SimilarityTrack], piece: Piece) -> list[SimilarityTrack]:
    """The tracks of a piece, with times from its start; tracks without vectors are left out."""
    cut: list[SimilarityTrack] = []
    for track in tracks:
        times = track.query_times
        inside = (times >= piece.start_seconds) & (times < piece.end_seconds)
        if inside.any():
            similarities = track.similarities[inside]
            times = times[inside] - piece.start_seconds
            cut.append(replace(track, similarities=similarities, query_times=times))
    return cut


def _compute_vector_nats(
    tracks: Sequence[SimilarityTrack], offsets: FloatArray, rate: float, duration_seconds: float
) -> tuple[FloatArray, FloatArray]:
    """(q, o) nats of each vector of the clip for each offset, and its (q,) times, ascending."""
    rows: list[FloatArray] = []
    for track in tracks:
        contrast = find_contrast(track)
        nats = contrast * _scale_vector(track, contrast, duration_seconds)
        for row, at in zip(nats, track.query_times, strict=True):
            seconds = offsets + rate * at
            rows.append(np.interp(seconds, track.video_times, row, left=0.0, right=0.0))
    times = np.concatenate([track.query_times for track in tracks])
    order = np.argsort(times, kind="stable")
    return np.stack(rows)[order], times[order]


def _scale_vector(track: SimilarityTrack, contrast: FloatArray, duration_seconds: float) -> float:
    """Nats of one vector for a contrast of one.

    The evidence of a piece does not depend on the rest of the clip: from `LINEAR_SECONDS` on,
    evidence grows with the length of a clip and not with its root.
    """
    unit = max(min(duration_seconds, LINEAR_SECONDS), 1e-9)
    n_vectors = len(track.query_times)
    seconds = max(duration_seconds, 1e-9) / n_vectors
    if n_vectors > 1:
        seconds = min(seconds, max(find_interval(track.query_times), 1e-9))
    return find_scale(track, contrast, unit) * min(seconds, MAX_VECTOR_SECONDS) / unit


def _find_path(nats: FloatArray, switch: float) -> tuple[OffsetIndexes, float]:
    """(q,) the offset of each vector on the best path, and the nats of this path."""
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
