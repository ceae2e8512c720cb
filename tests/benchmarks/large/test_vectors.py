"""The generated vectors against what their options say of them, by numpy."""

import numpy as np
import pytest

from benchmarks.large.vectors import LINES, PICTURES, SOUND, WORDS, Likeness, VectorMaker, make_rows


@pytest.mark.parametrize(
    ("likeness", "dim", "adjacent", "between"),
    [(PICTURES, 1280, 0.92, 0.29), (WORDS, 384, 0.94, 0.32), (SOUND, 394, 0.82, 0.0)],
)
def test_cosines_are_those_that_were_measured(likeness, dim, adjacent, between):
    made = list(VectorMaker(dim, likeness, seed=5).iterate(30, 60))
    next_to = np.concatenate([np.sum(one[1:] * one[:-1], axis=1) for one in made])
    apart = np.concatenate(
        [(one @ other.T).ravel() for one, other in zip(made, made[7:], strict=False)]
    )
    assert np.median(next_to) == pytest.approx(adjacent, abs=0.03)
    assert np.median(apart) == pytest.approx(between, abs=0.06)


def test_vectors_have_length_one_and_float32():
    made = VectorMaker(1280).make(3, 20)
    assert (made.shape, made.dtype) == ((20, 1280), np.float32)
    assert np.allclose(np.linalg.norm(made.astype(np.float64), axis=1), 1, atol=1e-6)


def test_the_same_seed_makes_the_same_video_alone_as_among_others():
    alone = VectorMaker(64, seed=4).make(2, 9)
    assert np.array_equal(alone, list(VectorMaker(64, seed=4).iterate(3, 9))[2])
    assert not np.allclose(alone, VectorMaker(64, seed=5).make(2, 9))
    assert not np.allclose(alone, VectorMaker(64, seed=4).make(3, 9))


def test_a_video_is_nearer_to_itself_than_to_others_and_a_scene_than_both():
    still = Likeness(0.2, 0.2, 0.1, 0.3, 0.1, n_directions=60, mean_run=5, n_scenes=2)
    made = VectorMaker(512, still, seed=1)
    first, second = made.make(0, 400), made.make(1, 400)
    own = first @ first.T
    assert np.mean(own) > np.mean(first @ second.T) + 0.2
    # Of two scenes each pair of vectors shares one or none: cosines have two heights.
    far = np.array([own[row, (row + 200) % 400] for row in range(400)])
    assert (far > 0.7).any()
    assert (far < 0.5).any()


def test_lines_repeat_and_are_otherwise_strangers():
    lines = VectorMaker(384, LINES, seed=2).make(0, 300)
    cosines = (lines @ lines.T)[np.triu_indices(300, 1)]
    assert 0.01 < np.mean(cosines > 0.9) < 0.08
    assert np.median(cosines) < 0.3


def test_rows_come_video_by_video_until_there_are_enough():
    maker = VectorMaker(16, seed=3)
    rows = list(make_rows(maker, 25, 10))
    assert [len(one) for one in rows] == [10, 10, 5]
    assert np.array_equal(rows[1], maker.make(1, 10))


def test_shares_leave_something_for_noise():
    with pytest.raises(ValueError, match=r"sum up to 1\.1"):
        Likeness(0.5, 0.2, 0.2, 0.1, 0.1, n_directions=10)
