import math

import numpy as np
import pytest

from mvsearch.store.records import MOOD_REGIONS, Mood, MoodCurve, MoodTrack, VideoMood

QUADRANTS = ("calm", "happy", "sad", "tense")


@pytest.mark.parametrize(
    ("valence", "arousal", "names"),
    [
        (0.9, 0.1, ("calm",)),
        (0.9, 0.55, ("happy",)),
        (0.9, 0.9, ("happy", "energetic")),
        (0.1, 0.1, ("sad",)),
        (0.1, 0.6, ("tense", "energetic")),
        (0.1, 1.0, ("tense", "energetic")),
        (0.5, 0.5, ("happy",)),
        (1.0, 0.0, ("calm",)),
    ],
)
def test_points_of_the_plane_have_names(valence, arousal, names):
    assert Mood(valence, arousal, 1.0).names == names


def test_every_point_lies_in_one_quadrant():
    for valence, arousal in np.random.default_rng(0).uniform(size=(200, 2)):
        held = [one for one in QUADRANTS if MOOD_REGIONS[one].holds(valence, arousal)]
        assert len(held) == 1


def test_the_typical_point_of_a_region_lies_in_it():
    for region in MOOD_REGIONS.values():
        assert region.holds(*region.typical)


def test_a_video_has_the_mean_of_its_sides_seen_from_the_mean_picture():
    mood = VideoMood(Mood(0.2, 0.4, 0.25), Mood(0.6, 0.8, 0.75))
    assert mood.whole.valence == pytest.approx((0.2 - 0.056 + 0.6) / 2)
    assert mood.whole.arousal == pytest.approx((0.4 + 0.056 + 0.8) / 2)
    assert mood.whole.confidence == 0.5
    assert mood.gap == pytest.approx(0.4 * math.sqrt(2) / math.sqrt(2))
    assert VideoMood().whole is None
    assert VideoMood(mood.picture).whole is mood.picture
    assert VideoMood(Mood(0, 1, 0), Mood(0, 1, 0)).whole == Mood(0, 1, 0)
    assert VideoMood(Mood(0, 0, 0)).gap is None
    assert VideoMood(Mood(0, 0, 0), Mood(1, 1, 0)).gap == 1.0


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf])
def test_moods_are_from_zero_to_one(value):
    with pytest.raises(ValueError, match="from 0 to 1"):
        Mood(0.5, value, 0.5)


@pytest.mark.parametrize(
    ("seconds", "points"),
    [
        ([0, 1], [[0.5] * 3]),
        ([1, 0], [[0.5] * 3] * 2),
        ([-1, 0], [[0.5] * 3] * 2),
        ([0, math.nan], [[0.5] * 3] * 2),
        ([0, math.inf], [[0.5] * 3] * 2),
        ([0], [[0.5, math.nan, 0.5]]),
        ([0], [[0.5, 1.5, 0.5]]),
        ([0], [[0.5, 0.5]]),
        (range(1001), [[0.5] * 3] * 1001),
    ],
)
def test_curves_are_checked(seconds, points):
    with pytest.raises(ValueError, match=r"curve|from 0 to 1"):
        MoodCurve(np.array(seconds, np.float32), np.array(points, np.float32))


def test_a_track_has_a_side_and_a_finite_joint_vector():
    curve = MoodCurve(np.zeros(1, np.float32), np.full((1, 3), 0.5, np.float32))
    mood, joint = Mood(0.5, 0.5, 0.5), np.ones(2, np.float32)
    assert MoodTrack("sound", "1", mood, curve, joint).to_dict()["curve"]["valence"] == [0.5]
    for side, head, vector in (
        ("lyrics", "1", joint),
        ("sound", "", joint),
        ("sound", "1", joint * np.nan),
    ):
        with pytest.raises(ValueError, match=r"mood of|joint vector"):
            MoodTrack(side, head, mood, curve, vector)
