import numpy as np
import pytest

from mvsearch.indexer.audiovisual.windows import (
    VideoWindows,
    mark_windows,
    pair_windows,
    weigh_windows,
)
from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Embeddings, Modality, Segment, Space
from tests.indexer.training.audiovisual.planted import make_videos


def embed(modality: Modality, spans: list[tuple[float, float]]) -> Embeddings:
    vectors = np.zeros((len(spans), 8), np.float32)
    vectors[np.arange(len(spans)), np.arange(len(spans)) % 8] = 1.0
    segments = tuple(Segment(*span) for span in spans)
    return Embeddings(Space(modality, "toy", "1", 8), segments, vectors)


def test_a_window_has_the_mean_of_the_frames_that_begin_in_it() -> None:
    frames = embed("frames", [(0, 1), (1, 2), (2, 3), (6, 7)])
    sound = embed("audio", [(0, 2), (2, 4), (4, 6), (6, 8)])
    found = pair_windows("id", "source", frames, sound)

    assert found is not None
    assert found.starts_seconds.tolist() == [0, 2, 6]  # from 4 to 6 s there is no frame
    expected = np.zeros((3, 8), np.float32)
    expected[0, :2] = 0.5
    expected[1, 2] = expected[2, 3] = 1.0
    np.testing.assert_allclose(found.pictures, expected)
    np.testing.assert_array_equal(found.sounds, sound.vectors[[0, 1, 3]])
    assert pair_windows("id", "source", embed("frames", [(9, 10)]), sound) is None


def test_of_a_long_video_windows_at_regular_places_are_taken() -> None:
    spans = [(float(second), float(second + 1)) for second in range(100)]
    found = pair_windows("id", "source", embed("frames", spans), embed("audio", spans), most=4)
    assert found is not None
    assert found.starts_seconds.tolist() == [0, 25, 50, 75]


def test_each_source_weighs_the_same() -> None:
    one, two = make_videos(2, n_windows=3, copies=2)[:2], make_videos(2, n_windows=5)[1:]
    weights = weigh_windows([*one, *two])
    assert weights.sum() == pytest.approx(1)
    assert weights[:6].sum() == weights[6:].sum() == pytest.approx(0.5)


def test_the_fingerprint_is_of_everything() -> None:
    videos = make_videos(3)
    marks = {mark_windows(videos), mark_windows(videos[:2]), mark_windows(make_videos(3, seed=2))}
    assert len(marks) == 3
    assert mark_windows(make_videos(3)) in marks


@pytest.mark.parametrize("side", ["pictures", "sounds"])
def test_what_is_not_finite_is_refused(side: str) -> None:
    parts = {name: np.ones((2, 3), np.float32) for name in ("pictures", "sounds")}
    parts[side][1, 1] = np.nan
    with pytest.raises(TrainingError, match="not finite"):
        VideoWindows("id", "source", np.arange(2, dtype=np.float32), **parts)
