"""Planted clips: where they were cut is the answer."""

import numpy as np
import pytest

from search.alignment import AlignmentOptions, Track, align, merge_hits

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
) -> Track:
    video_times = np.arange(phase, len(content) * STEP, 1 / rate)
    query_times = np.arange(0, len(clip) * STEP, 0.5)
    similarities = sample(clip, query_times) @ sample(content, video_times).T
    return Track(modality, similarities.astype(np.float32), query_times, video_times)


def cut(content: np.ndarray, start: float, seconds: float = 5.0) -> np.ndarray:
    return content[round(start / STEP) : round((start + seconds) / STEP)]


@pytest.mark.parametrize(("rate", "median", "worst"), [(2, 0.15, 1), (1, 0.25, 1), (0.5, 0.5, 2)])
def test_a_clip_cut_anywhere_is_found(rate: float, median: float, worst: float) -> None:
    rng = np.random.default_rng(3)
    errors = []
    for _ in range(60):
        content = film(rng, 120)
        start = rng.uniform(0, 114)
        noisy = cut(content, start) + 0.05 * rng.normal(size=cut(content, start).shape)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        best = align([track(content, noisy, rate)], 5, 120)[0]
        assert best.end_seconds - best.start_seconds == pytest.approx(5)
        errors.append(best.start_seconds - start)
    assert np.median(np.abs(errors)) < median
    assert np.quantile(np.abs(errors), 0.9) < worst
    assert abs(np.mean(errors)) < median / 2, "neither early nor late on the whole"


def test_a_clip_that_occurs_twice_gives_both_places() -> None:
    rng = np.random.default_rng(4)
    content = film(rng, 120)
    content[round(80 / STEP) : round(85 / STEP)] = cut(content, 20)
    found = align([track(content, cut(content, 20), 2)], 5, 120)
    assert sorted(round(a.start_seconds) for a in found) == [20, 80]
    only = align([track(content, cut(content, 20), 2)], 5, 120, AlignmentOptions(n_alignments=1))
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
    alone = align([picture], 5, 120)[0]
    both = align([picture, track(sound, cut(sound, 60), 1, "audio")], 5, 120)[0]
    assert alone.support < 0.05
    assert both.support > 0.5
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
    found = align([Track("audio", one, np.array([2.5]), np.array([2.5]))], 5, 5)
    assert (found[0].start_seconds, found[0].end_seconds) == (0, 5)
    assert found[0].similarity == 1
    line = np.array([[0.1, 0.2, 0.9, 0.2, 0.1]], dtype=np.float32)
    found = align([Track("frames", line, np.array([0.0]), np.arange(5.0) * 2)], 1, 10)
    assert found[0].start_seconds == pytest.approx(4, abs=0.05)


def test_unequal_neighbours_pull_the_peak_as_a_parabola_does() -> None:
    y = np.array([0.0, 0.5, 0.9, 0.7, 0.0])
    vertex = 2 + 0.5 * (y[3] - y[1]) / (2 * y[2] - y[1] - y[3])
    one = Track("audio", y[None].astype(np.float32), np.array([0.0]), np.arange(5.0))
    assert vertex > 2.1
    assert align([one], 1, 5)[0].start_seconds == pytest.approx(vertex, abs=0.03)


def test_the_similarity_is_that_of_the_place() -> None:
    similarities = np.array([[0.2, 0.9, 0.1], [0.1, 0.3, 0.7]], dtype=np.float32)
    found = align([Track("frames", similarities, np.array([0.0, 1.0]), np.arange(3.0))], 2, 3)
    assert found[0].start_seconds == pytest.approx(1, abs=0.1)
    assert found[0].similarity == pytest.approx((0.9 + 0.7) / 2)


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
