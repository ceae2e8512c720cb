import pytest

from mvsearch.indexer.training.audiovisual.splitting import fold_sources, join_sources, split_videos
from mvsearch.store.errors import TrainingError
from tests.indexer.training.audiovisual.planted import make_videos


def test_no_source_is_in_two_parts() -> None:
    videos = make_videos(20, copies=2)
    for seed in range(5):
        split = split_videos(videos, 0.2, 0.3, seed)
        parts = (split.trained, split.validated, split.tested)
        sources = [{video.source for video in part} for part in parts]
        assert [len(part) for part in sources] == [10, 4, 6]
        assert len(set.union(*sources)) == 20
        ids = [video.video_id for part in parts for video in part]
        assert sorted(ids) == sorted(video.video_id for video in videos)
    assert split_videos(videos, 0.2, 0.3, 1) == split_videos(videos, 0.2, 0.3, 1)
    assert split_videos(videos, 0.2, 0.3, 1) != split_videos(videos, 0.2, 0.3, 2)


def test_a_part_without_a_share_is_empty() -> None:
    split = split_videos(make_videos(8), 0.0, 0.0, 1)
    assert (len(split.trained), split.validated, split.tested) == (8, (), ())


@pytest.mark.parametrize(("n", "share"), [(1, 0.1), (5, 0.1), (8, 0.5)])
def test_too_few_videos_are_refused(n: int, share: float) -> None:
    with pytest.raises(TrainingError, match=r"videos have picture and sound|too few videos"):
        split_videos(make_videos(n, copies=3), share, share, 0)


def test_groups_that_share_a_video_are_one_source() -> None:
    joined = join_sources({"a": ["1", "2"], "b": ["3", "4"], "c": ["2", "3"], "d": ["5"], "e": []})
    assert joined["1"] == joined["2"] == joined["3"] == joined["4"] != joined["5"]
    assert set(joined) == {"1", "2", "3", "4", "5"}


def test_each_source_is_in_one_fold() -> None:
    folds = fold_sources([str(n) for n in range(11)] * 2, 3, 4)
    assert sorted(map(len, folds)) == [3, 4, 4]
    assert sorted(source for fold in folds for source in fold) == sorted(map(str, range(11)))
