import itertools

import numpy as np
import pytest

from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.indexer.lyrics.whisper.windows import (
    FRAMES_A_SECOND,
    WindowOptions,
    find_voiced_parts,
    plan_sections,
)

GATED = WindowOptions(max_gap_seconds=20.0, margin_seconds=5.0)


def activity(*intervals: tuple[float, float], length: float) -> VoiceActivity:
    return VoiceActivity(intervals, length)


def spans(found: VoiceActivity, options: WindowOptions) -> list[tuple[float, float]]:
    n_frames = round(found.duration_seconds * FRAMES_A_SECOND)
    return [
        (clip.start_frame / FRAMES_A_SECOND, clip.end_frame / FRAMES_A_SECOND)
        for clip in plan_sections(found, n_frames, options)
    ]


@pytest.mark.parametrize("length", [0.5, 30.01, 207.3])
def test_a_track_is_one_section(length: float) -> None:
    found = spans(activity((1.0, 40.0), length=length), WindowOptions())
    assert found == [(0.0, pytest.approx(length, abs=0.005))]


def test_long_gaps_are_left_out_less_the_margins() -> None:
    found = activity((30.0, 40.0), (55.0, 60.0), (100.0, 110.0), length=200.0)
    assert find_voiced_parts(found, GATED) == [(25.0, 65.0), (95.0, 115.0)]
    assert find_voiced_parts(found, WindowOptions()) == [(0.0, 200.0)]
    assert find_voiced_parts(activity(length=50.0), GATED) == []
    assert find_voiced_parts(activity(length=15.0), GATED) == [(0.0, 15.0)]


def test_a_gap_at_an_end_is_left_out_by_its_own_length() -> None:
    assert find_voiced_parts(activity((19.0, 40.0), length=59.0), GATED) == [(0.0, 59.0)]
    assert find_voiced_parts(activity((21.0, 40.0), length=61.0), GATED) == [(16.0, 45.0)]


def test_what_fits_into_one_window_goes_into_one() -> None:
    options = WindowOptions(max_gap_seconds=3.0, margin_seconds=0.0)
    found = activity((0.0, 5.0), (10.0, 12.0), (20.0, 29.0), (40.0, 45.0), length=45.0)
    assert spans(found, options) == [(0.0, 29.0), (40.0, 45.0)]


@pytest.mark.parametrize("seed", range(20))
def test_what_has_a_voice_is_heard_with_its_margins(seed: int) -> None:
    """Every moment within a margin of a voice lies in a clip, and no moment in two."""
    draw = np.random.default_rng(seed)
    marks = np.sort(draw.uniform(0, 400, 2 * int(draw.integers(1, 8))))
    intervals = tuple((float(a), float(b)) for a, b in marks.reshape(-1, 2))
    options = WindowOptions(
        max_gap_seconds=float(draw.uniform(11, 60)), margin_seconds=float(draw.uniform(0, 5))
    )
    found = spans(activity(*intervals, length=400.0), options)
    assert all(one[1] <= other[0] + 0.011 for one, other in itertools.pairwise(found))
    for moment in np.arange(0.05, 400, 0.1):
        near = min(max(a - moment, moment - b, 0) for a, b in intervals)
        if near <= options.margin_seconds - 0.02:
            assert any(start <= moment <= end for start, end in found)
