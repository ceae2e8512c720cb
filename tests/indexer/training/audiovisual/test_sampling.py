import numpy as np

from mvsearch.indexer.training.audiovisual.sampling import draw_batch, draw_windows
from tests.indexer.training.audiovisual.planted import make_videos


def test_windows_of_a_video_begin_some_time_apart() -> None:
    starts = np.arange(0, 20, 0.5, dtype=np.float32)
    for seed in range(20):
        rows = draw_windows(starts, 3, 2.0, np.random.default_rng(seed))
        assert len(rows) == 3
        assert np.diff(np.sort(starts[rows])).min() >= 2.0
    short = draw_windows(starts[:3], 3, 2.0, np.random.default_rng(0))
    assert len(short) == 1  # no two of them are 2 s apart


def test_a_batch_has_one_video_of_each_source_with_its_own_sound() -> None:
    videos = make_videos(6, copies=2)
    batch = draw_batch(videos, ["4", "0"], 3, 1.0, np.random.default_rng(0))

    assert batch.sources.tolist() == [0, 0, 0, 1, 1, 1]
    for number, source in enumerate(("4", "0")):
        rows = np.flatnonzero(batch.sources == number)
        (own,) = [
            video
            for video in videos
            if all((batch.pictures[row] == video.pictures).all(axis=1).any() for row in rows)
        ]
        assert own.source == source
        for row in rows:
            place = (own.pictures == batch.pictures[row]).all(axis=1)
            np.testing.assert_array_equal(own.sounds[place][0], batch.sounds[row])
