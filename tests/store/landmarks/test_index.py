"""The index of landmarks against pairs and keys counted by hand."""

import math

import numpy as np
import pytest

from mvsearch.store.landmarks.index import GAP_STEPS, add_videos, drop_videos, make_empty
from mvsearch.store.landmarks.pairs import (
    N_INTERVALS,
    N_KEYS,
    N_TIMES,
    Variant,
    compute_keys,
    iter_likely_keys,
    pair_peaks,
)
from mvsearch.store.records.peaks import SoundPeaks

STEP = 0.016


def make_peaks(*peaks: tuple[int, float]) -> SoundPeaks:
    steps, octaves = zip(*peaks, strict=True)
    return SoundPeaks(np.array(steps) * STEP, np.array(octaves, dtype=np.float64))


def draw_peaks(seed: int, seconds: float = 20.0) -> SoundPeaks:
    rng = np.random.default_rng(seed)
    steps = np.sort(rng.integers(0, int(seconds / STEP), int(25 * seconds)))
    return SoundPeaks(steps * STEP, rng.uniform(0, 4, len(steps)))


def test_peaks_are_paired_with_the_first_within_reach() -> None:
    # 2 steps are too near, 1.5 octaves and 126 steps too far.
    peaks = make_peaks((0, 1.0), (2, 1.0), (10, 2.5), (20, 1.5), (30, 1.9), (146, 1.5))
    for n_each, wanted in (
        (1, {(0, 3), (1, 3), (2, 4), (3, 4), (4, 5)}),
        (2, {(0, 3), (1, 3), (2, 4), (3, 4), (4, 5), (0, 4), (1, 4)}),
    ):
        pairs = pair_peaks(peaks, n_each)
        found = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
        # (2, 3) spans exactly an octave, which is out of reach.
        assert found == wanted


def test_a_key_is_what_its_formula_says() -> None:
    peaks = make_peaks((100, 1.51), (141, 2.265))
    (key,) = compute_keys(peaks, pair_peaks(peaks, 1)).tolist()
    frequency, interval, time = math.floor(1.51 * 32), math.floor(1.755 * 64), 41 // 2
    assert key == (frequency * N_INTERVALS + interval) * N_TIMES + time < N_KEYS


def test_a_changed_query_has_the_keys_of_the_original() -> None:
    peaks = draw_peaks(1)
    pairs = pair_peaks(peaks, 1)
    keys = compute_keys(peaks, pairs)
    # Played 1.25 × as fast, all times are shorter; what is asked for is what it was.
    faster = SoundPeaks(peaks.seconds / 1.25, peaks.octaves)
    likely: dict[int, set[int]] = {}
    lower = SoundPeaks(peaks.seconds, np.maximum(peaks.octaves - 0.1, 0))
    is_whole = peaks.octaves[pairs.first] > 0.1
    (low, numbers), *_ = iter_likely_keys(lower, pairs, Variant(pitch=2**0.1))
    agree = low[is_whole[numbers]] == keys[numbers[is_whole[numbers]]]
    assert agree.mean() > 0.9  # but for those whose second peak was cut off, or for rounding
    for some, numbers in iter_likely_keys(faster, pairs, Variant(rate=1.25)):
        for key, number in zip(some.tolist(), numbers.tolist(), strict=True):
            likely.setdefault(number, set()).add(key)
    assert all(int(key) in likely[number] for number, key in enumerate(keys))


def test_every_place_of_a_key_is_found() -> None:
    videos = {f"v{n}": draw_peaks(n) for n in range(4)}
    index = add_videos(make_empty(), videos.items())
    wanted: dict[int, list[int]] = {}
    begin = 0
    for peaks in videos.values():
        pairs = pair_peaks(peaks, 1)
        steps = np.rint(peaks.seconds / STEP).astype(int)
        for key, first in zip(compute_keys(peaks, pairs).tolist(), pairs.first, strict=True):
            wanted.setdefault(key, []).append(begin + int(steps[first]))
        begin += int(steps[-1]) + 1 + GAP_STEPS
    asked = np.array([*wanted, 0, N_KEYS - 1], dtype=np.int64)
    begins, counts = index.look_up(asked)
    for key, first, count in zip(asked.tolist(), begins, counts, strict=True):
        assert sorted(index.places[first : first + count].tolist()) == sorted(wanted.get(key, []))


def test_adding_one_by_one_and_dropping_is_as_if_made_at_once() -> None:
    videos = {f"v{n}": draw_peaks(n, 5.0) for n in range(5)}
    whole = add_videos(make_empty(), videos.items())
    index = make_empty()
    for video in videos.items():
        index = add_videos(index, [video])
    assert index.video_ids == whole.video_ids
    np.testing.assert_array_equal(index.firsts, whole.firsts)
    np.testing.assert_array_equal(index.ends, whole.ends)
    for key in range(N_KEYS)[:: N_KEYS // 50]:
        begin, end = (int(whole.ends[key - 1]) if key else 0), int(whole.ends[key])
        assert sorted(index.places[begin:end]) == sorted(whole.places[begin:end])
    fewer = drop_videos(index, ["v1", "v4", "not there"])
    assert fewer.video_ids == ("v0", "v2", "v3")
    n_pairs = sum(len(pair_peaks(videos[one], 1).first) for one in fewer.video_ids)
    assert len(fewer.places) == fewer.ends[-1] == n_pairs
    owners = fewer.find_videos(fewer.places.astype(np.int64))
    assert np.bincount(owners).tolist() == [
        len(pair_peaks(videos[one], 1).first) for one in fewer.video_ids
    ]


def test_an_index_of_nothing_finds_nothing() -> None:
    begins, counts = make_empty().look_up(np.array([0, 7], dtype=np.int64))
    assert begins.tolist() == counts.tolist() == [0, 0]


def test_a_video_without_peaks_is_there() -> None:
    index = add_videos(make_empty(), [("v", SoundPeaks(np.zeros(0), np.zeros(0)))])
    assert index.video_ids == ("v",)
    assert len(index.places) == 0


@pytest.mark.parametrize("n_videos", [1, 3])
def test_places_belong_to_their_video(n_videos: int) -> None:
    index = add_videos(make_empty(), [(f"v{n}", draw_peaks(n, 3.0)) for n in range(n_videos)])
    assert index.find_videos(index.firsts[:-1]).tolist() == list(range(n_videos))
