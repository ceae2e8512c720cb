"""Two videos are told only where each is found by one modality and missed by the other."""

import numpy as np
import pytest

from mvsearch.search.scoring.calibration import WeakMarks
from mvsearch.search.scoring.two_sources import find_two_sources, put_first

NAN = float("nan")
# A surprisal of 3 is found; so is a cosine of 0.8.
MARKS = WeakMarks(10, {"frames": 0.8}, {"frames": 3.0, "audio": 3.0}, is_exact=True)
SEEN, HEARD = [0.1, 9.0, 0.5], [8.0, 0.2, 0.3]


def find(frames, audio, marks=MARKS, cosines=(0.1, 0.1, 0.1)):
    surprisals = {"frames": np.array(frames), "audio": np.array(audio)}
    similarities = {"frames": np.array(cosines), "audio": np.full(3, 0.1)}
    return find_two_sources((similarities, surprisals), marks)


def test_picture_and_sound_of_two_videos() -> None:
    assert find(SEEN, HEARD) == {"frames": 1, "audio": 0}
    assert find(SEEN, [8.0, NAN, NAN]) == {"frames": 1, "audio": 0}


@pytest.mark.parametrize(
    ("frames", "audio"),
    [
        ([9.0, 0.1, 0.5], HEARD),  # one video
        ([0.1, 2.9, 0.5], HEARD),  # its picture is not found
        (SEEN, [2.9, 0.2, 0.3]),
        ([3.1, 9.0, 0.5], HEARD),  # the other has this picture, too: a copy
        (SEEN, [8.0, 3.1, 0.3]),
        ([1.1, 3.0, 0.5], HEARD),  # found, but hardly better than the other
        ([NAN, NAN, NAN], HEARD),
    ],
)
def test_what_may_be_of_one_video(frames: list[float], audio: list[float]) -> None:
    assert find(frames, audio) == {}


def test_the_same_picture_is_found_whatever_its_surprisal() -> None:
    assert find([0.0, 2.5, 0.5], HEARD, cosines=(0.1, 0.9, 0.1)) == {"frames": 1, "audio": 0}
    assert find(SEEN, HEARD, cosines=(0.85, 0.9, 0.1)) == {}


def test_other_queries_have_no_sources() -> None:
    assert find(SEEN, HEARD, WeakMarks(10, {}, MARKS.chance)) == {}
    empty = {"frames": np.zeros(0), "audio": np.zeros(0)}
    assert find_two_sources((empty, empty), MARKS) == {}
    assert find_two_sources(({"frames": np.zeros(3)}, {"frames": np.zeros(3)}), MARKS) == {}


def test_chosen_ones_come_first_in_their_order() -> None:
    order = np.array([4, 0, 3, 1, 2])
    assert put_first(order, {"frames": 2, "audio": 0}).tolist() == [0, 2, 4, 3, 1]
    assert put_first(order, {}).tolist() == order.tolist()
