"""Planted clips: where they were cut is the answer."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvsearch.search.localization.alignment import MIN_SUPPORT, Alignment, align, merge_hits
from mvsearch.search.localization.offset_votes import MAX_VECTORS, SimilarityTrack, find_median

STEP = 0.05
NAN = float("nan")


def film(rng: np.random.Generator, seconds: float, shot_seconds: float = 3.0) -> np.ndarray:
    """Unit vectors every 0.05 s: shots with cuts between them and motion within."""
    n = round(seconds / STEP)
    out, at = np.empty((n, 48)), 0
    while at < n:
        length = max(12, round(rng.exponential(shot_seconds) / STEP))
        motion = np.cumsum(rng.normal(size=(length, 48)) * 0.4 * np.sqrt(STEP), axis=0)
        shot = rng.normal(size=48) + motion
        out[at : at + length] = shot[: n - at]
        at += length
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def sample(content: np.ndarray, times: np.ndarray) -> np.ndarray:
    return content[np.clip(np.rint(times / STEP).astype(int), 0, len(content) - 1)]


def track(
    content: np.ndarray, clip: np.ndarray, rate: float, modality: str = "frames", phase: float = 0.0
) -> SimilarityTrack:
    video_times = np.arange(phase, len(content) * STEP, 1 / rate)
    query_times = np.arange(0, len(clip) * STEP, 0.5)
    similarities = sample(clip, query_times) @ sample(content, video_times).T
    return SimilarityTrack(modality, similarities.astype(np.float32), query_times, video_times)


def cut(content: np.ndarray, start: float, seconds: float = 5.0) -> np.ndarray:
    return content[round(start / STEP) : round((start + seconds) / STEP)]


@pytest.mark.parametrize(("rate", "median", "worst"), [(2, 0.15, 1), (1, 0.25, 1), (0.5, 0.5, 2)])
def test_a_clip_cut_anywhere_is_found(rate: float, median: float, worst: float) -> None:
    rng = np.random.default_rng(3)
    errors, ends = [], []
    for _ in range(60):
        content = film(rng, 120)
        start = rng.uniform(0, 114)
        noisy = cut(content, start) + 0.05 * rng.normal(size=cut(content, start).shape)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        best = align([track(content, noisy, rate)], 5, 120)[0]
        assert best.end_seconds - best.start_seconds == pytest.approx(5 * best.rate, abs=0.01)
        errors.append(best.start_seconds - start)
        ends.append(best.end_seconds - start - 5)
    for off in (errors, ends):
        assert np.median(np.abs(off)) < median
        assert np.quantile(np.abs(off), 0.9) < worst
    assert np.mean(np.isclose(np.subtract(ends, errors), 0, atol=0.01)) > 0.8, "its own speed"
    assert abs(np.mean(errors)) < median / 2, "neither early nor late on the whole"


def test_a_clip_that_occurs_twice_gives_both_places() -> None:
    rng = np.random.default_rng(4)
    content = film(rng, 120)
    content[round(80 / STEP) : round(85 / STEP)] = cut(content, 20)
    found = align([track(content, cut(content, 20), 2)], 5, 120)
    assert sorted(round(a.start_seconds) for a in found) == [20, 80]
    only = align([track(content, cut(content, 20), 2)], 5, 120, n_alignments=1)
    assert len(only) == 1


def test_a_clip_that_occurs_once_gives_one_place() -> None:
    rng = np.random.default_rng(5)
    for _ in range(10):
        content = film(rng, 120)
        assert len(align([track(content, cut(content, 50), 2)], 5, 120)) == 1


def test_sound_places_a_picture_that_stands_still() -> None:
    rng = np.random.default_rng(6)
    still = np.tile(film(rng, STEP), (2400, 1))
    sound = film(rng, 120, shot_seconds=1.0)
    picture = track(still, cut(still, 60), 2)
    alone = align([picture], 5, 120)
    both = align([picture, track(sound, cut(sound, 60), 1, "audio")], 5, 120)[0]
    assert [(a.start_seconds, a.end_seconds) for a in alone] == [(None, None)]
    assert alone[0].support < 0.05
    assert both.support > 0.9
    assert both.start_seconds == pytest.approx(60, abs=0.5)
    assert both.modality == "audio"


def test_frames_and_sound_are_one_piece_of_evidence() -> None:
    """The picture occurs at 20 and at 80 s, the sound at 40 and at 80 s: only 80 s has both."""
    rng = np.random.default_rng(8)
    picture, sound = film(rng, 120), film(rng, 120)
    picture[round(20 / STEP) : round(25 / STEP)] = cut(picture, 80)
    sound[round(40 / STEP) : round(45 / STEP)] = cut(sound, 80)
    tracks = [
        track(picture, cut(picture, 80), 2),
        track(sound, cut(sound, 80), 0.4, "audio", phase=1.25),
    ]
    found = align(tracks, 5, 120)
    assert len(found) == 1
    assert found[0].start_seconds == pytest.approx(80, abs=0.5)


def test_places_stay_within_the_video() -> None:
    rng = np.random.default_rng(9)
    content = film(rng, 60)
    longer = np.concatenate([film(rng, 10), content, film(rng, 10)])
    around = align([track(content, longer, 2)], 80, 60)[0]
    assert (around.start_seconds, around.end_seconds) == (0, 60)
    tail = align([track(content, cut(content, 57), 2)], 5, 60)[0]
    assert tail.start_seconds == pytest.approx(57, abs=0.3)
    assert tail.end_seconds == 60


def test_one_vector_on_either_side_is_enough() -> None:
    one = np.ones((1, 1), dtype=np.float32)
    found = align([SimilarityTrack("audio", one, np.array([2.5]), np.array([2.5]))], 5, 5)
    assert found[0].start_seconds == pytest.approx(0, abs=0.1)
    assert found[0].end_seconds == 5
    assert found[0].similarity == 1
    line = np.array([[0.1, 0.2, 0.9, 0.2, 0.1]], dtype=np.float32)
    found = align([SimilarityTrack("frames", line, np.array([0.0]), np.arange(5.0) * 2)], 1, 10)
    assert found[0].start_seconds == pytest.approx(4, abs=0.05)


def test_unequal_neighbours_pull_the_peak_as_a_parabola_does() -> None:
    y = np.array([0.0, 0.5, 0.9, 0.7, 0.0])
    vertex = 2 + 0.5 * (y[3] - y[1]) / (2 * y[2] - y[1] - y[3])
    one = SimilarityTrack("audio", y[None].astype(np.float32), np.array([0.0]), np.arange(5.0))
    assert vertex > 2.1
    assert align([one], 1, 5)[0].start_seconds == pytest.approx(vertex, abs=0.03)


def test_the_similarity_is_that_of_the_place() -> None:
    similarities = np.array([[0.2, 0.9, 0.1], [0.1, 0.3, 0.7]], dtype=np.float32)
    found = align(
        [SimilarityTrack("frames", similarities, np.array([0.0, 1.0]), np.arange(3.0))], 2, 3
    )
    assert found[0].start_seconds == pytest.approx(1, abs=0.1)
    assert found[0].similarity == pytest.approx((0.9 + 0.7) / 2)


def play(content: np.ndarray, start: float, seconds: float, rate: float) -> np.ndarray:
    """A stretch of `seconds` of a video, played `rate` times as fast."""
    times = start + rate * STEP * np.arange(round(seconds / rate / STEP))
    return sample(content, times)


def worst_error(found: Alignment, start: float, seconds: float) -> float:
    assert found.start_seconds is not None
    assert found.end_seconds is not None
    return max(abs(found.start_seconds - start), abs(found.end_seconds - start - seconds))


@pytest.mark.parametrize("rate", [0.9, 1.1])
@pytest.mark.parametrize(("seconds", "median", "speed"), [(5, 0.4, 0.11), (20, 0.4, 0.02)])
def test_a_clip_at_another_speed(rate: float, seconds: int, median: float, speed: float) -> None:
    rng = np.random.default_rng(11)
    errors, rates = [], []
    for _ in range(12):
        content = film(rng, 120)
        start = rng.uniform(0, 118 - seconds)
        clip = play(content, start, seconds, rate)
        best = align([track(content, clip, 2)], seconds / rate, 120)[0]
        errors.append(worst_error(best, start, seconds))
        rates.append(best.rate)
        length = (best.end_seconds or 0) - (best.start_seconds or 0)
        assert length == pytest.approx(seconds / rate * best.rate, abs=0.01)
    assert np.median(errors) < median
    assert np.quantile(errors, 0.9) < 1
    assert np.median(rates) == pytest.approx(rate, abs=speed)


def test_a_clip_at_its_own_speed_is_not_taken_for_another() -> None:
    rng = np.random.default_rng(12)
    rates = []
    for seconds in [3, 5, 10, 20] * 6:
        content = film(rng, 90)
        clip = cut(content, rng.uniform(0, 68), seconds)
        noisy = clip + 0.1 * rng.normal(size=clip.shape)
        rates.append(align([track(content, noisy, 1)], seconds, 90)[0].rate)
    assert rates.count(1.0) >= 22


def test_a_scene_that_does_not_change_has_no_moment_in_it() -> None:
    """A clip from a shot of 40 s in which nothing moves may be from anywhere in it."""
    rng = np.random.default_rng(13)
    content = film(rng, 120)
    content[round(50 / STEP) : round(90 / STEP)] = film(rng, STEP)[0]
    found = align([track(content, cut(content, 70), 2)], 5, 120)
    assert found[0].start_seconds is None
    assert found[0].support < 0.3
    # Its edge is a moment: the cut tells where it is.
    edge = align([track(content, cut(content, 48), 2)], 5, 120)[0]
    assert edge.start_seconds == pytest.approx(48, abs=0.3)


def test_a_loop_with_many_rounds_has_no_one_moment() -> None:
    rng = np.random.default_rng(14)
    content = np.tile(film(rng, 6), (20, 1))
    found = align([track(content, cut(content, 60.7), 2)], 5, 120)
    assert [a.start_seconds for a in found] == [None]
    sound = film(rng, 120, shot_seconds=1.0)
    tracks = [
        track(content, cut(content, 60.7), 2),
        track(sound, cut(sound, 60.7), 1, "audio"),
    ]
    told = align(tracks, 5, 120)
    assert len(told) == 1
    assert told[0].start_seconds == pytest.approx(60.7, abs=0.3)


def test_both_moments_of_a_piece_that_occurs_twice_are_certain() -> None:
    rng = np.random.default_rng(15)
    picture, sound = film(rng, 120), film(rng, 120, shot_seconds=1.0)
    for content in (picture, sound):
        content[round(80 / STEP) : round(86 / STEP)] = cut(content, 20, 6)
    tracks = [
        track(picture, cut(picture, 20.5), 2),
        track(sound, cut(sound, 20.5), 0.8, "audio"),
    ]
    found = align(tracks, 5, 120)
    assert sorted(round(a.start_seconds or 0, 1) for a in found) == pytest.approx(
        [20.5, 80.5], abs=0.3
    )
    assert min(a.support for a in found) > 0.9


def test_sound_that_repeats_under_other_pictures_is_placed_by_the_picture() -> None:
    rng = np.random.default_rng(16)
    picture, sound = film(rng, 120), film(rng, 120, shot_seconds=1.0)
    sound[round(80 / STEP) : round(90 / STEP)] = cut(sound, 20, 10)
    tracks = [
        track(picture, cut(picture, 82), 2),
        track(sound, cut(sound, 82), 0.8, "audio"),
    ]
    assert [a.start_seconds for a in align(tracks, 5, 120)] == [pytest.approx(82, abs=0.3)]
    only_heard = align(tracks[1:], 5, 120)
    assert sorted(round(a.start_seconds or 0) for a in only_heard) == [22, 82]


def test_a_clip_over_a_cut_is_one_moment() -> None:
    rng = np.random.default_rng(17)
    content = np.concatenate([film(rng, 60, 1000), film(rng, 60, 1000)])
    found = align([track(content, cut(content, 57.3), 2)], 5, 120)
    assert [worst_error(a, 57.3, 5) < 0.5 for a in found] == [True]


def test_an_edit_of_two_places_gives_the_moment_of_each() -> None:
    rng = np.random.default_rng(18)
    for _ in range(8):
        content = film(rng, 120)
        first, second = rng.uniform(0, 50), rng.uniform(60, 110)
        clip = np.concatenate([cut(content, second, 4), cut(content, first, 6)])
        found = align([track(content, clip, 2)], 10, 120)
        assert len(found) == 2
        assert worst_error(found[0], second, 4) < 0.75
        assert worst_error(found[1], first, 6) < 0.75


@pytest.mark.parametrize("seconds", [20, 40, 80, 160, 320])
def test_each_piece_of_an_edit_is_found_however_long_the_edit_is(seconds: int) -> None:
    rng = np.random.default_rng(seconds)
    content = film(rng, 400)
    starts = rng.uniform(0, 394, seconds // 5)
    edit = np.concatenate([cut(content, start) for start in starts])
    edit = edit + 0.05 * rng.normal(size=edit.shape)
    edit /= np.linalg.norm(edit, axis=1, keepdims=True)
    found = [a.start_seconds for a in align([track(content, edit, 2)], seconds, 400)]
    assert None not in found
    near = [min(abs(one - start) for one in found) < 1 for start in starts]
    assert np.mean(near) >= 0.95
    true = [min(abs(one - start) for start in starts) < 5 for one in found]
    assert np.mean(true) >= 0.95


def settings_film(rng: np.random.Generator, settings: np.ndarray, seconds: float) -> np.ndarray:
    """Shots of 2 to 6 s, each in one of a few settings, and much like the others there."""
    shots: list[np.ndarray] = []
    while sum(map(len, shots)) * STEP < seconds:
        n = round(rng.uniform(2, 6) / STEP)
        shot = settings[rng.integers(len(settings))] + 0.6 * rng.normal(size=48)
        motion = np.cumsum(rng.normal(size=(n, 48)) * 0.25 * np.sqrt(STEP), axis=0)
        shots.append(shot + motion)
    content = np.concatenate(shots)[: round(seconds / STEP)]
    return content / np.linalg.norm(content, axis=1, keepdims=True)


def test_the_pieces_of_an_edit_are_found_in_a_video_of_few_settings() -> None:
    rng = np.random.default_rng(31)
    n_near = n = 0
    for _ in range(8):
        content = settings_film(rng, 1.7 * rng.normal(size=(3, 48)), 200)
        starts = rng.uniform(0, 194, 8)
        edit = np.concatenate([cut(content, start) for start in starts])
        edit = edit + 0.05 * rng.normal(size=edit.shape)
        edit /= np.linalg.norm(edit, axis=1, keepdims=True)
        found = [a.start_seconds for a in align([track(content, edit, 2)], 40, 200)]
        given = [one for one in found if one is not None]
        n_near += sum(any(abs(one - start) < 1.2 for one in given) for start in starts)
        n += len(starts)
    assert n_near / n >= 0.95


@pytest.mark.parametrize("seconds", [20, 40, 80])
def test_another_video_of_the_same_settings_is_not_taken_for_an_edit(seconds: int) -> None:
    rng = np.random.default_rng(seconds)
    n_apart = 0
    for _ in range(12):
        settings = rng.normal(size=(3, 48))
        content = settings_film(rng, settings, 100)
        clip = settings_film(rng, settings, seconds)
        n_apart += len(align([track(content, clip, 2)], seconds, 100)) > 1
    assert n_apart <= 1


@pytest.mark.parametrize("seconds", [40, 160, 320])
def test_a_long_clip_in_one_piece_has_one_moment(seconds: int) -> None:
    rng = np.random.default_rng(seconds)
    content = film(rng, 500)
    clip = cut(content, 77.7, seconds)
    clip = clip + 0.08 * rng.normal(size=clip.shape)
    clip /= np.linalg.norm(clip, axis=1, keepdims=True)
    for rate in (2, 0.5):
        (found,) = align([track(content, clip, rate)], seconds, 500)
        assert found.start_seconds == pytest.approx(77.7, abs=1)
        assert found.end_seconds == pytest.approx(77.7 + seconds, abs=2)


def test_a_clip_that_is_shorter_than_its_own_vectors_has_no_piece_without_vectors() -> None:
    rng = np.random.default_rng(4)
    content = film(rng, 120)
    edit = np.concatenate([cut(content, start, 20) for start in (10, 70)])
    whole = track(content, edit, 2)
    # A frame every two seconds; the header ends where the first of the second piece begins.
    few = replace(
        whole, similarities=whole.similarities[::4], query_times=whole.query_times[::4] + 0.1
    )
    for found in align([few], 20.1, 120):
        assert found.start_seconds is None or 0 <= found.start_seconds <= found.end_seconds


def test_a_clip_that_is_half_of_another_video_keeps_its_other_half() -> None:
    rng = np.random.default_rng(19)
    content = film(rng, 120)
    clip = np.concatenate([cut(content, 40, 5), film(rng, 5)])
    found = align([track(content, clip, 2)], 10, 120)
    assert found[0].start_seconds == pytest.approx(40, abs=0.5)


def test_what_is_not_trusted_has_no_say_and_gives_no_time() -> None:
    rng = np.random.default_rng(20)
    picture, sound = film(rng, 120), film(rng, 120, shot_seconds=1.0)
    seen = track(picture, cut(picture, 30), 2)
    heard = track(sound, cut(sound, 90), 1, "audio")
    assert align([seen, replace(heard, trust=0.0)], 5, 120)[0].start_seconds == pytest.approx(
        30, abs=0.3
    )
    assert align([replace(seen, trust=0.0), heard], 5, 120)[0].start_seconds == pytest.approx(
        90, abs=0.3
    )
    neither = align([replace(seen, trust=0.1), replace(heard, trust=0.2)], 5, 120)
    assert [a.start_seconds for a in neither] == [None]
    assert neither[0].support <= 1 - 0.9 * 0.8


def test_a_clip_of_another_video_mostly_has_no_moment() -> None:
    rng = np.random.default_rng(21)
    found = [
        align([track(film(rng, 120), cut(film(rng, 60), 20), 2)], 5, 120)[0] for _ in range(30)
    ]
    assert sum(a.start_seconds is not None for a in found) <= 6


def test_a_long_clip_takes_no_longer_for_having_many_vectors() -> None:
    rng = np.random.default_rng(22)
    content = film(rng, 300)
    long = track(content, play(content, 40, 220, 1.04), 2)
    assert len(long.query_times) > 4 * MAX_VECTORS
    best = align([long], 220 / 1.04, 300)[0]
    assert worst_error(best, 40, 220) < 1
    assert best.rate == pytest.approx(1.04, abs=0.005)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_query=st.integers(1, 12),
    n_video=st.integers(1, 40),
    every=st.floats(0.04, 3),
    duration=st.floats(0, 8),
    trust=st.floats(0, 1),
    is_flat=st.booleans(),
)
def test_whatever_comes_in_what_comes_out_is_a_stretch_of_the_video_or_none(
    seed: int,
    n_query: int,
    n_video: int,
    every: float,
    duration: float,
    trust: float,
    is_flat: bool,
) -> None:
    rng = np.random.default_rng(seed)
    similarities = np.zeros if is_flat else lambda shape: rng.uniform(-1, 1, shape)
    made = similarities((n_query, n_video)).astype(np.float32)
    times = np.sort(rng.uniform(0, duration, n_query))
    one = SimilarityTrack("frames", made, times, every * np.arange(float(n_video)), trust)
    end = every * n_video
    found = align([one], duration, end)
    assert found
    for place in found:
        assert 0 <= place.support <= 1
        assert -1.001 <= place.similarity <= 1.001
        assert 0.8 < place.rate < 1.25
        if place.start_seconds is None or place.end_seconds is None:
            assert place.end_seconds is place.start_seconds is None
            assert len(found) == 1
        else:
            assert 0 <= place.start_seconds <= place.end_seconds <= end
            assert place.support >= MIN_SUPPORT
            assert math.isfinite(place.rate)


def hits(similarities: list[float], **options: float) -> list[tuple[int, int]]:
    starts = np.arange(float(len(similarities)))
    return merge_hits(np.array(similarities, np.float32), starts, starts + 1, **options)


def test_hits_that_touch_are_one_moment_best_first() -> None:
    assert hits([0.1, 0.9, 0.89, 0.1, 0.1, 0.95, 0.1, 0.1]) == [(5, 5), (1, 2)]


def test_a_gap_in_time_parts_hits() -> None:
    starts = np.array([0.0, 1.0, 9.0, 10.0, 11.0])
    found = merge_hits(np.array([0.1, 0.9, 0.9, 0.1, 0.1], np.float32), starts, starts + 1)
    assert found == [(1, 1), (2, 2)]


def test_lines_without_times_stand_alone() -> None:
    none = np.full(4, NAN)
    found = merge_hits(np.array([0.9, 0.9, 0.1, 0.1], np.float32), none, none)
    assert found == [(0, 0), (1, 1)]


def test_at_most_so_many_moments() -> None:
    assert len(hits([0.9, 0.1] * 3 + [0.1] * 5, n_moments=2)) == 2


def test_where_all_is_alike_all_of_it_answers() -> None:
    assert hits([0.5] * 6) == [(0, 5)]
    assert hits([0.5]) == [(0, 0)]


@pytest.mark.parametrize("shape", [(1,), (8,), (9,), (3, 8), (3, 9)])
def test_the_median_is_numpys(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    assert float(find_median(values)) == pytest.approx(float(np.median(values)), abs=1e-6)
    along = np.median(values, axis=-1, keepdims=True)
    np.testing.assert_allclose(find_median(values, axis=values.ndim - 1), along, atol=1e-6)


def test_the_median_loads_no_masked_arrays() -> None:
    code = (
        "import sys, numpy as np;"
        "from mvsearch.search.localization.offset_votes import find_median;"
        "find_median(np.ones(4)); print('numpy.ma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr
