"""The dynamic programme over moments against trying all of them."""

from itertools import product

import numpy as np
import pytest

from mvsearch.search.query.query import QueryPart
from mvsearch.search.temporal.best import iter_best
from mvsearch.search.temporal.expression import And, Expression, Leaf, Not, Then, While
from mvsearch.search.temporal.grid import Grid, find_extents, slide_max
from mvsearch.search.temporal.plan import make_plan
from mvsearch.search.temporal.scoring import Curve, place_leaves, score_plan

A, B, C, D = (
    Leaf(QueryPart("text", word), weight)
    for word, weight in zip("abcd", (1, 2, 1, 1), strict=False)
)
# With cells of a second: what is at the same moment is within one, overlap and order are one.
STEP, NEAR, ORDER = 1.0, 1, 1

EXPRESSIONS: list[Expression] = [
    A,
    While((A, B)),
    While((A, Not(B), C)),
    Then(A, B, 3.0),
    Then(A, B),
    Then(Then(A, B, 2.0), C, 4.0),
    Then(A, Then(B, C, 4.0), 2.0),
    Then(While((A, B)), C, 2.0),
    Then(A, While((B, Not(C))), 5.0),
    And((While((A, B)), Then(C, D, 2.0))),
    And((A, Not(B))),
]


def draw_curves(n: int, n_cells: int, seed: int) -> list[Curve]:
    """Segments of random lengths that follow each other, with evidence on some of them."""
    rng = np.random.default_rng(seed)
    curves = []
    for _ in range(n):
        curve = Curve(*(np.zeros((1, n_cells)) for _ in range(2)), np.zeros((1, n_cells), int))
        at = 0
        while at < n_cells:
            length = int(rng.integers(1, 5))
            value = round(float(rng.uniform(0, 9)), 3) * float(rng.random() < 0.4)
            curve.during[0, at : at + length] = curve.begins[0, at] = value
            curve.lengths[0, at] = length
            at += length
        curves.append(curve)
    return curves


def try_all(expression: Expression, curves: list[Curve]) -> float:
    """The best sum of evidence over all cells of all parts, as the records define it."""
    numbers = {leaf: at for at, leaf in enumerate(expression.leaves)}
    n_cells = curves[0].during.shape[1]

    def near(leaf: Leaf, cell: int) -> float:
        row = curves[numbers[leaf]].during[0]
        return max(row[at] for at in range(n_cells) if abs(at - cell) <= NEAR)

    def at_moment(part: Expression, cell: int, is_alone: bool) -> tuple[float, int]:
        """Its evidence, and the first cell in which what follows may begin."""
        if isinstance(part, Leaf):
            curve = curves[numbers[part]]
            if is_alone:
                return curve.during[0, cell], cell
            return curve.begins[0, cell], max(cell + curve.lengths[0, cell] - ORDER, cell + ORDER)
        assert isinstance(part, While)
        values = [-near(p.part, cell) if isinstance(p, Not) else near(p, cell) for p in part.parts]
        return sum(values), cell + ORDER

    def list_chain(part: Expression) -> tuple[list[Expression], list[float | None]]:
        if not isinstance(part, Then):
            return [part], []
        first, gaps = list_chain(part.first)
        second, more = list_chain(part.second)
        return [*first, *second], [*gaps, part.within_seconds, *more]

    def best_chain(part: Expression) -> float:
        elements, gaps = list_chain(part)
        best = -np.inf
        for cells in product(range(n_cells), repeat=len(elements)):
            found = [
                at_moment(*pair, len(elements) == 1) for pair in zip(elements, cells, strict=False)
            ]
            fits = all(
                end <= begin and (gap is None or begin <= end + gap + ORDER)
                for (_, end), begin, gap in zip(found, cells[1:], gaps, strict=False)
            )
            best = max(best, sum(value for value, _ in found)) if fits else best
        return best if np.isfinite(best) else 0.0

    if isinstance(expression, And):
        return sum(
            -curves[numbers[part.part]].during.max() if isinstance(part, Not) else best_chain(part)
            for part in expression.parts
        )
    return best_chain(expression)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=range(len(EXPRESSIONS)))
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_trying_all_moments(expression, seed) -> None:
    n_cells = 12
    plan, grid = make_plan(expression), Grid(n_cells, STEP)
    curves = draw_curves(len(expression.leaves), n_cells, seed)
    assert score_plan(plan, curves, grid)[0] == pytest.approx(try_all(expression, curves))


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_places_of_the_parts_have_the_evidence_of_the_score(expression) -> None:
    n_cells = 40
    plan, grid = make_plan(expression), Grid(n_cells, STEP)
    curves = draw_curves(len(expression.leaves), n_cells, 7)
    cells = place_leaves(plan, curves, grid)
    total = sum(
        (-1 if leaf in plan.unwanted else 1) * curves[leaf].during[0, cell]
        for leaf, cell in cells.items()
    )
    assert sorted(cells) == list(range(len(expression.leaves)))
    assert total == pytest.approx(score_plan(plan, curves, grid)[0])


def test_videos_of_a_block_do_not_change_each_other() -> None:
    plan = make_plan(Then(While((A, B)), C, 3.0))
    short, long = draw_curves(3, 9, 1), draw_curves(3, 30, 2)
    both = []
    for one, other in zip(short, long, strict=False):
        rows = [np.full((2, 30), -np.inf) for _ in range(2)]
        for row, of in zip(rows, ("during", "begins"), strict=False):
            row[0, :9], row[1] = getattr(one, of)[0], getattr(other, of)[0]
        lengths = np.zeros((2, 30), int)
        lengths[0, :9], lengths[1] = one.lengths[0], other.lengths[0]
        both.append(Curve(*rows, lengths))
    alone = [score_plan(plan, curves, Grid(n, STEP))[0] for curves, n in ((short, 9), (long, 30))]
    assert score_plan(plan, both, Grid(30, STEP)) == pytest.approx(alone)


def test_a_video_too_short_for_what_follows_has_no_evidence() -> None:
    plan = make_plan(Then(A, B))
    curves = draw_curves(2, 1, 0)
    assert score_plan(plan, curves, Grid(1, STEP))[0] == 0
    assert place_leaves(plan, curves, Grid(1, STEP)) == {}


def test_the_best_come_in_the_order_of_all_scores_and_few_are_scored() -> None:
    rng = np.random.default_rng(3)
    scores = rng.gamma(1.0, size=500).round(1)  # with many ties
    bounds = scores + rng.gamma(0.2, size=500)
    ids = [f"{at:03}" for at in rng.permutation(500)]
    seen: list[int] = []

    def score(some: np.ndarray) -> np.ndarray:
        seen.extend(some.tolist())
        return scores[some]

    found = iter_best(bounds, ids, score)
    order = sorted(range(500), key=lambda at: (-scores[at], ids[at]))
    assert [next(found)[0] for _ in range(10)] == order[:10]
    assert len(seen) < 100
    assert [at for at, _ in found] == order[10:]


def test_maxima_of_windows_are_those_of_each_window() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        n_cells, before, after = rng.integers(1, 30), *rng.integers(0, 40, 2).tolist()
        rows = rng.normal(size=(2, n_cells))
        wanted = [
            [row[max(0, at - before) : at + after + 1].max() for at in range(n_cells)]
            for row in rows
        ]
        assert slide_max(rows, before, after).tolist() == wanted


def test_overlapping_windows_of_sound_stand_for_their_middles() -> None:
    starts, ends = find_extents("audio", np.array([0.0, 5.0, 10.0]), np.array([10.0, 15.0, 20.0]))
    assert starts.tolist() == [0.0, 7.5, 12.5]
    assert ends.tolist() == [7.5, 12.5, 20.0]
