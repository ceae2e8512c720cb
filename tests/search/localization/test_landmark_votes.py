"""A copy of peaks votes for its place, speed and pitch; other peaks vote for nothing."""

from collections.abc import Sequence

import numpy as np
import pytest

from mvsearch.search.localization import landmark_votes
from mvsearch.search.localization.landmark_agreement import measure_agreement
from mvsearch.search.localization.landmark_votes import SURE_NATS, LandmarkMatch, find_matches
from mvsearch.store.landmarks.index import LandmarkIndex, add_videos, make_empty
from mvsearch.store.landmarks.pairs import Variant
from mvsearch.store.records.peaks import SoundPeaks

SECONDS = 40.0
VIDEOS: dict[str, SoundPeaks] = {}
for name in range(8):
    drawn = np.random.default_rng(name)
    VIDEOS[f"v{name}"] = SoundPeaks(
        np.sort(drawn.uniform(0, SECONDS, int(25 * SECONDS))),
        drawn.uniform(0, 4, int(25 * SECONDS)),
    )


@pytest.fixture(scope="module")
def index() -> LandmarkIndex:
    return add_videos(make_empty(), VIDEOS.items())


def read(video_ids: Sequence[str]) -> dict[str, SoundPeaks]:
    return {video_id: VIDEOS[video_id] for video_id in video_ids}


def cut(
    video: SoundPeaks, start: float, variant: Variant, share: float = 1.0, n_others: int = 125
) -> SoundPeaks:
    """Five seconds as they are when played at another rate and pitch, among other peaks."""
    rng = np.random.default_rng(99)
    there = video.within(start, start + 5 * variant.rate)
    seconds = (there.seconds - start) / variant.rate
    octaves = there.octaves - np.log2(variant.pitch)
    kept = (octaves >= 0) & (octaves <= 4) & (rng.random(len(octaves)) < share)
    all_seconds = np.concatenate([seconds[kept], rng.uniform(0, 5, n_others)])
    all_octaves = np.concatenate([octaves[kept], rng.uniform(0, 4, n_others)])
    order = np.argsort(all_seconds)
    return SoundPeaks(all_seconds[order], all_octaves[order])


@pytest.mark.parametrize(
    ("variant", "share"),
    [
        (Variant(), 1.0),
        (Variant(), 0.4),
        (Variant(1.25, 1 / 1.25), 0.9),
        (Variant(0.8, 1 / 0.8), 0.9),
        (Variant(1.0, 2 ** (1 / 12)), 0.9),
        (Variant(1.2, 1.0), 0.9),
    ],
)
def test_a_copy_votes_for_its_place(index: LandmarkIndex, variant: Variant, share: float) -> None:
    first, *others = find_matches(cut(VIDEOS["v3"], 17.3, variant, share), 5.0, index, read)
    assert first.video_id == "v3"
    assert abs(first.agreement.start_seconds - 17.3) < 0.1
    assert first.agreement.variant.rate == pytest.approx(variant.rate, rel=0.011)
    assert first.agreement.variant.pitch == pytest.approx(variant.pitch, rel=0.011)
    assert (
        first.agreement.nats > SURE_NATS > 10 > max([m.agreement.nats for m in others], default=0)
    )


def test_what_is_not_there_agrees_with_nothing(index: LandmarkIndex) -> None:
    unknown = SoundPeaks(*_draw(5.0, 250, seed=77))
    assert all(match.agreement.nats < 8 for match in find_matches(unknown, 5.0, index, read))


def test_nothing_is_asked_of_nothing(index: LandmarkIndex) -> None:
    nothing = SoundPeaks(np.zeros(0), np.zeros(0))
    assert find_matches(nothing, 5.0, index, read) == []
    assert find_matches(cut(VIDEOS["v1"], 3, Variant()), 5.0, make_empty(), read) == []


def test_a_video_that_left_meanwhile_is_passed_over(index: LandmarkIndex) -> None:
    assert find_matches(cut(VIDEOS["v3"], 17.3, Variant()), 5.0, index, lambda _: {}) == []


def test_a_long_clip_is_placed_by_its_middle(index: LandmarkIndex) -> None:
    found: LandmarkMatch = find_matches(VIDEOS["v5"], SECONDS, index, read)[0]
    assert found.video_id == "v5"
    assert abs(found.agreement.start_seconds) < 0.05


def test_lasting_tones_and_beats_are_no_evidence() -> None:
    """The same tones and the same beat, but no more than chance in common."""
    grid = np.repeat(np.arange(0, 5, 0.1), 4)
    rng = np.random.default_rng(5)
    tones = np.linspace(0.5, 3.5, 8)
    one, other = (SoundPeaks(grid, rng.choice(tones, len(grid))) for _ in range(2))
    by_chance = measure_agreement(one, other, 0.0, Variant(), 5.0)
    itself = measure_agreement(one, one, 0.0, Variant(), 5.0)
    assert by_chance.n_agreeing > 0.3 * by_chance.n_compared
    assert by_chance.nats < 5
    assert itself.nats > by_chance.nats + 20


def _draw(seconds: float, n_peaks: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, seconds, n_peaks)), rng.uniform(0, 4, n_peaks)


def test_what_lies_in_crowded_cells_is_kept_of_many_offsets() -> None:
    rng = np.random.default_rng(7)
    middles = rng.integers(1 << 20, 1 << 31, 600_000)
    numbers = rng.integers(0, 28, len(middles))
    # One offset of a variant, and the steps around it.
    planted = rng.choice(len(middles), 40, replace=False)
    middles[planted], numbers[planted] = 123_456_784 + rng.integers(-2, 3, 40), 5
    kept = landmark_votes._find_crowded(middles, numbers)
    assert set(planted.tolist()) <= set(kept.tolist())
    assert len(kept) < len(middles) / 4
