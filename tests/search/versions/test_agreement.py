"""Agreement over time, on planted vectors and against plain loops."""

import numpy as np
import pytest

from mvsearch.search.versions.agreement import (
    Agreement,
    AgreementOptions,
    find_agreement,
    measure_diagonal,
)
from mvsearch.search.versions.diagonals import Timeline

OPTIONS = AgreementOptions(level=0.6, guard_seconds=1.5)


def unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)


def draw(n: int, seed: int, dim: int = 64) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, dim)))


def spoil(vectors: np.ndarray, seed: int, strength: float = 0.5) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=vectors.shape)
    return unit(vectors + strength * noise / np.sqrt(vectors.shape[1]))


def every(n: int, seconds: float = 0.5, first: float = 0.0) -> Timeline:
    starts = first + seconds * np.arange(n, dtype=np.float64)
    return Timeline(starts, starts + seconds)


def compare(one: np.ndarray, other: np.ndarray, *lines: Timeline) -> Agreement | None:
    first, second = lines or (every(len(one)), every(len(other)))
    return find_agreement(one @ other.T, first, second, OPTIONS)


def test_a_copy_agrees_from_end_to_end() -> None:
    one = draw(60, 1)
    found = compare(one, spoil(one, 2))
    assert found is not None
    assert found.offset_seconds == pytest.approx(0, abs=0.05)
    assert (found.speed, found.first_share, found.second_share, found.share) == (1, 1, 1, 1)
    assert found.similarity == pytest.approx(1 / np.hypot(1, 0.5), abs=0.03)
    assert found.background == pytest.approx(0, abs=0.1)
    assert len(found.parts) == 1
    assert found.parts[0].first_seconds == (0, 30)
    assert not found.is_still


@pytest.mark.parametrize("begin", [0, 17, 70])
def test_an_excerpt_says_where_it_was_cut(begin: int) -> None:
    whole = draw(100, 3)
    found = compare(whole, spoil(whole[begin : begin + 30], 4))
    assert found is not None
    assert found.offset_seconds == pytest.approx(-begin / 2, abs=0.1)
    assert (found.first_share, found.second_share) == (0.3, 1)
    assert found.parts[0].first_seconds == (begin / 2, begin / 2 + 15)
    first, second = found.parts[0].example_seconds
    assert first - second == pytest.approx(begin / 2, abs=0.1)


def test_strangers_do_not_agree() -> None:
    for seed in range(20):
        assert compare(draw(80, seed), draw(90, seed + 100)) is None


def test_a_still_picture_agrees_everywhere_which_is_no_evidence() -> None:
    still = np.repeat(draw(1, 5), 60, axis=0)
    found = compare(spoil(still, 6, 0.1), spoil(still, 7, 0.1))
    assert found is not None
    assert found.is_still
    assert found.similarity > 0.95


def test_coarser_sampling_meets_finer() -> None:
    scenes = np.repeat(draw(20, 8), 6, axis=0)  # three seconds each
    found = compare(scenes, scenes[1::4], every(120), every(30, 2.0, 0.5))
    assert found is not None
    assert found.offset_seconds == pytest.approx(0, abs=1)
    assert found.second_share == 1
    assert found.first_share > 0.9


@pytest.mark.parametrize("speed", [0.96, 1.03])
def test_another_speed_is_followed(speed: float) -> None:
    scenes = draw(40, 9)

    def show(seconds: np.ndarray) -> np.ndarray:
        """Scenes of two seconds that fade into each other."""
        at, rest = np.divmod(seconds / 2, 1)
        at = at.astype(int)
        return unit(scenes[at] * (1 - rest)[:, None] + scenes[at + 1] * rest[:, None])

    one, other = every(150), every(int(150 * speed))
    found = compare(show(one.starts), show(other.starts / speed), one, other)
    assert found is not None
    assert found.speed == pytest.approx(speed, abs=0.004)
    assert found.first_share > 0.97
    assert found.locate(60) == pytest.approx(60 * speed, abs=0.3)


def test_a_trailer_is_made_of_parts() -> None:
    film = draw(200, 10)
    pieces = [slice(150, 170), slice(20, 36), slice(90, 104)]
    trailer = np.concatenate([film[piece] for piece in pieces])
    found = compare(film, spoil(trailer, 11))
    assert found is not None
    assert found.second_share == 1
    assert found.first_share == pytest.approx(50 / 200)
    assert [part.first_seconds for part in found.parts] == [(75, 85), (10, 18), (45, 52)]


def test_the_stretch_is_the_one_that_plain_loops_find() -> None:
    rng = np.random.default_rng(12)
    similarities = rng.uniform(0, 0.9, (14, 17)).astype(np.float32)
    similarities[range(3, 9), range(6, 12)] = 0.95
    best = max(
        (sum(float(similarities[row, row + lag]) - 0.6 for row in range(begin, end)), lag, begin)
        for lag in range(-13, 17)
        for begin in range(max(0, -lag), min(14, 17 - lag))
        for end in range(begin + 1, min(14, 17 - lag) + 1)
    )
    found = find_agreement(similarities, every(14), every(17), OPTIONS)
    assert found is not None
    assert found.speed == 1
    assert round(found.offset_seconds * 2) == best[1]
    assert found.parts[0].first_seconds[0] == best[2] / 2


def test_a_line_is_measured_at_an_offset() -> None:
    one = draw(40, 13)
    product = one @ one[10:].T
    sides = (every(40), every(30))
    assert measure_diagonal(product, *sides, OPTIONS, -5.0) == (30, 30)
    assert measure_diagonal(product, *sides, OPTIONS, -5.0, within_seconds=(10.0, 12.0)) == (6, 6)
    n_agreeing, n_met = measure_diagonal(product, *sides, OPTIONS, 0.0)
    assert (n_agreeing, n_met) == (0, 30)


def test_nothing_to_compare_is_no_agreement() -> None:
    nothing = np.empty((0, 5), dtype=np.float32)
    assert find_agreement(nothing, every(0), every(5), OPTIONS) is None
    one = np.ones((1, 1), dtype=np.float32)
    found = find_agreement(one, every(1), every(1), OPTIONS)
    assert found is not None
    assert (found.n_samples, found.background, found.is_still) == (1, None, False)
