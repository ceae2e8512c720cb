"""Ranks videos exactly by a score that is slow to compute, from upper bounds that are quick."""

import heapq
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.temporal.grid import Cells

# Videos whose curves are computed at once: at first few, as the first answers are often enough.
FIRST_BLOCK, MAX_BLOCK = 16, 256
# Bounds and scores are summed in different orders.
ROUNDING = 1e-3


def iter_best(
    bounds: FloatArray,
    video_ids: Sequence[str],
    score: Callable[[Cells], FloatArray],
    at_most: int | None = None,
) -> Iterator[tuple[int, float]]:
    """The videos with their scores, best first, ties by id.

    A video is scored only when its bound reaches the best of those that are scored (the threshold
    algorithm; Fagin, Lotem and Naor 2003), so the order is that of scoring all.

    Args:
        bounds: (v,) no score is above.
        video_ids: (v,) of them.
        score: of videos at some positions.
        at_most: as many are scored, those with the highest bounds; None for all.
    """
    order = np.argsort(-bounds, kind="stable")[:at_most]
    scored: list[tuple[float, str, int]] = []
    begin, size = 0, FIRST_BLOCK
    while begin < len(order) or scored:
        while begin < len(order) and not _is_settled(scored, bounds[order[begin]]):
            some = order[begin : begin + size]
            for at, value in zip(some.tolist(), score(some).tolist(), strict=True):
                heapq.heappush(scored, (-value, video_ids[at], at))
            begin, size = begin + size, min(2 * size, MAX_BLOCK)
        value, _, at = heapq.heappop(scored)
        yield at, -value


def _is_settled(scored: Sequence[tuple[float, str, int]], bound: float) -> bool:
    """Whether no video with this bound or a lower one comes before the best that is scored."""
    return bool(scored) and -scored[0][0] > bound + ROUNDING
