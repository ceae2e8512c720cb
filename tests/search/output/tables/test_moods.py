"""Moods as tables and lines."""

import numpy as np
import pytest

from mvsearch.search.output.tables.moods import describe_mood, draw_curve
from mvsearch.store.records import Mood, MoodCurve, VideoMood


def make_curve(valences: list[float]) -> MoodCurve:
    points = np.array([(one, 1 - one, 0.5) for one in valences], dtype=np.float32).reshape(-1, 3)
    return MoodCurve(np.arange(len(valences), dtype=np.float32), points)


@pytest.mark.parametrize(
    ("valences", "n_letters", "valence", "arousal"),
    [
        ([], 40, "", ""),
        ([0.0], 40, "▁", "█"),
        ([0.0, 0.5, 1.0], 40, "▁▅█", "█▅▁"),
        ([at / 15 for at in range(16)], 8, "▁▂▃▄▅▆▇█", "█▇▆▅▄▃▂▁"),
    ],
)
def test_a_curve_is_drawn_from_low_to_high(valences, n_letters, valence, arousal) -> None:
    drawn = draw_curve(make_curve(valences), n_letters)
    assert drawn[0] == valence
    assert len(drawn[1]) == len(arousal)
    assert n_letters == 8 or drawn[1] == arousal


def test_a_mood_is_told_in_a_line() -> None:
    both = VideoMood(Mood(0.25, 0.75, 0.5), Mood(0.75, 0.75, 0.5))
    assert describe_mood(both) == (
        "tense, energetic: valence 0.47, arousal 0.78; picture and sound are 0.35 apart"
    )
    assert describe_mood(VideoMood(Mood(0.75, 0.25, 0.5))) == "calm: valence 0.75, arousal 0.25"
    assert describe_mood(VideoMood()) == ""
