import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.features.repeated_frames import RepeatedFrames, differs

GREY = np.full((64, 48, 3), 100, np.uint8)


def paint(frame: npt.NDArray[np.uint8], row: int, column: int, by: int) -> npt.NDArray[np.uint8]:
    """A copy with an 8 × 8 square that is brighter or darker."""
    painted = frame.astype(np.int16)
    painted[row : row + 8, column : column + 8] += by
    return painted.astype(np.uint8)


@pytest.mark.parametrize("by", [2, -2, 100])
@pytest.mark.parametrize(("row", "column"), [(0, 0), (32, 16), (56, 40)])
def test_a_change_of_one_block_is_another_frame(row: int, column: int, by: int) -> None:
    assert differs(paint(GREY, row, column, by), GREY)
    assert not differs(paint(GREY, row, column, by // abs(by)), GREY)


def test_noise_of_one_level_is_a_repetition_and_a_point_of_a_large_one_not() -> None:
    rng = np.random.default_rng(1)
    assert not differs(GREY + rng.integers(0, 2, GREY.shape, np.uint8), GREY)
    point = GREY.copy()
    point[10, 10] = 255
    assert differs(point, GREY)


def test_a_slow_fade_is_encoded_whenever_it_has_changed_enough() -> None:
    fade = np.stack([GREY + np.uint8(level) for level in range(10)])
    assert RepeatedFrames().choose(fade).tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("sizes", [[10], [1] * 10, [3, 3, 4], [2, 8]])
@pytest.mark.parametrize("delay", [0, 1, 9])
def test_each_frame_gets_the_vectors_of_the_frame_that_it_repeats(
    sizes: list[int], delay: int
) -> None:
    levels = [5, 5, 5, 90, 90, 5, 40, 40, 40, 40]
    frames = np.stack([np.full((16, 16, 3), level, np.uint8) for level in levels])
    repeated, waiting, seen = RepeatedFrames(), [], []
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        batch = frames[end - size : end]
        chosen = repeated.choose(batch)
        if len(chosen):
            waiting.append(batch[chosen, 0, 0, :1])
        while len(waiting) > delay:
            seen += [part for (part,) in repeated.spread((waiting.pop(0),))]
    for encoded in waiting:
        seen += [part for (part,) in repeated.spread((encoded,))]
    seen += [part for (part,) in repeated.spread_rest()]
    assert np.concatenate(seen)[:, 0].tolist() == levels
