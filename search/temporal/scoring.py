"""Scores how well the parts of a query lie in time, by dynamic programming over moments.

Each part has a curve of evidence over the cells of a video. Parts at the same moment are added
where each is within `TOLERANCE_SECONDS` of it; of parts that follow each other, the best path is
found cell by cell, as in the alignment of sequences (Viterbi 1967), in time linear in the cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.temporal.grid import Cells, Grid, slide_max
from mvsearch.search.temporal.plan import Chain, Element, Plan

# What is at the same moment lies within it, on both sides: lines are sung late, times are rough.
TOLERANCE_SECONDS = 1.0
# What follows may begin this much before the other ends, and begins this much after it begins.
OVERLAP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The weighted evidence of a leaf in v videos.

    Attributes:
        during: (v, cells) of what is there in each cell; minus infinity behind a video's end.
        begins: (v, cells) of what begins there, where the leaf stands alone in a chain.
        lengths: (v, cells) cells of that.
    """

    during: FloatArray
    begins: FloatArray
    lengths: Cells


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """The best paths through a chain in v videos.

    Attributes:
        scores: of each element (v, cells), the best of a path that ends with it there.
        ends: of each element but the last (v, cells), the best of a path of which it ends there.
    """

    scores: list[FloatArray]
    ends: list[FloatArray]


def score_plan(plan: Plan, curves: Sequence[Curve], grid: Grid) -> FloatArray:
    """The sum of the evidence (v,) of videos, at the best moments.

    Args:
        plan: of the query.
        curves: of each leaf.
        grid: of the curves.
    """
    total = np.zeros(len(curves[0].during))
    for chain in plan.chains:
        best = _find_path(chain, curves, grid).scores[-1].max(axis=1)
        total += np.where(np.isfinite(best), best, 0.0)  # no room for the chain is no evidence
    for leaf in plan.against:
        total -= np.maximum(curves[leaf].during.max(axis=1), 0.0)
    return total


def place_leaves(plan: Plan, curves: Sequence[Curve], grid: Grid) -> dict[int, int]:
    """The cell of each leaf in the best solution of one video; a chain without room has none."""
    cells: dict[int, int] = {}
    for chain in plan.chains:
        path = _find_path(chain, curves, grid)
        for element, cell in zip(chain.elements, _trace(chain, curves, grid, path), strict=False):
            for leaf in (*element.wanted, *element.unwanted):
                alone = element.leaf is not None
                cells[leaf] = cell if alone else _find_near(curves[leaf].during[0], cell, grid)
    for leaf in plan.against:
        cells[leaf] = int(curves[leaf].during[0].argmax())
    return cells


def _find_near(row: FloatArray, cell: int, grid: Grid) -> int:
    """The best cell of those at the same moment; of equal ones the nearest."""
    n = grid.count(TOLERANCE_SECONDS)
    near = np.arange(max(0, cell - n), min(len(row), cell + n + 1))
    return int(near[np.lexsort((np.abs(near - cell), -row[near]))[0]])


def _find_path(chain: Chain, curves: Sequence[Curve], grid: Grid) -> _Path:
    scores = [_score_element(chain, 0, curves, grid)]
    ends: list[FloatArray] = []
    for at in range(1, len(chain.elements)):
        reach = _get_reach(chain.elements[at - 1], curves, grid)
        ends.append(_move_to_ends(scores[-1], reach))
        before = _slide_back(ends[-1], _count_window(chain, at, grid))
        scores.append(_score_element(chain, at, curves, grid) + before)
    return _Path(scores, ends)


def _score_element(chain: Chain, at: int, curves: Sequence[Curve], grid: Grid) -> FloatArray:
    """The evidence (v, cells) of an element at each cell, or that begins there in a chain."""
    element = chain.elements[at]
    if element.leaf is not None:
        curve = curves[element.leaf]
        return curve.begins if len(chain.elements) > 1 else curve.during
    n = grid.count(TOLERANCE_SECONDS)
    total = np.zeros_like(curves[0].during)
    for leaf in element.wanted:
        total += slide_max(curves[leaf].during, n, n)
    for leaf in element.unwanted:
        total -= np.maximum(slide_max(curves[leaf].during, n, n), 0.0)
    # The neighbourhood of the last cell reaches behind the end.
    return np.where(np.isneginf(curves[element.wanted[0]].during), -np.inf, total)


def _get_reach(element: Element, curves: Sequence[Curve], grid: Grid) -> Cells:
    """The cells (v, cells) from the begin of an element to where the next may begin."""
    n = grid.count(OVERLAP_SECONDS)
    if element.leaf is None:
        return np.full(curves[0].during.shape, n, dtype=np.int64)
    return np.maximum(curves[element.leaf].lengths - n, n)


def _count_window(chain: Chain, at: int, grid: Grid) -> int:
    """The number of cells in which an element may begin, besides the first."""
    within = chain.within_seconds[at - 1]
    return grid.n_cells if within is None else grid.count(within) + grid.count(OVERLAP_SECONDS)


def _slide_back(rows: FloatArray, n: int) -> FloatArray:
    return np.maximum.accumulate(rows, axis=1) if n >= rows.shape[1] else slide_max(rows, n, 0)


def _move_to_ends(scores: FloatArray, reach: Cells) -> FloatArray:
    """The best (v, cells) of what reaches each cell, from the cells where it begins."""
    n_cells = scores.shape[1]
    ends = np.full(scores.shape, -np.inf)
    goal = np.arange(n_cells) + reach
    rows, cells = np.nonzero(goal < n_cells)
    np.maximum.at(ends, (rows, goal[rows, cells]), scores[rows, cells])
    return ends


def _trace(chain: Chain, curves: Sequence[Curve], grid: Grid, path: _Path) -> list[int]:
    """The cells of the elements of one video's best path; none where there is no room."""
    last = path.scores[-1][0]
    if not np.isfinite(last.max()):
        return []
    cells = [int(last.argmax())]
    for at in range(len(chain.elements) - 1, 0, -1):
        first = max(0, cells[0] - _count_window(chain, at, grid))
        end = first + int(path.ends[at - 1][0, first : cells[0] + 1].argmax())
        goal = np.arange(len(last)) + _get_reach(chain.elements[at - 1], curves, grid)[0]
        cells.insert(0, int(np.where(goal == end, path.scores[at - 1][0], -np.inf).argmax()))
    return cells
