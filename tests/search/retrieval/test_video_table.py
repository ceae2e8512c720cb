"""Pools of videos against sets of ids."""

from typing import Any

import numpy as np

from mvsearch.search.retrieval.video_table import gather_pool


def test_a_pool_holds_every_video_once_and_knows_who_has_it(
    plant: Any, spaces: Any, conftest_spans: Any
) -> None:
    rng = np.random.default_rng(1)
    held = {"aa": ["frames", "audio"], "cc": ["audio"], "bb": ["frames"], "dd": ["lyrics"]}
    content = {
        video_id: {
            spaces[m]: (rng.normal(size=(2, spaces[m].dim)), conftest_spans(2)) for m in names
        }
        for video_id, names in held.items()
    }
    library = plant(content)
    audio, frames = library.index(spaces["audio"]), library.index(spaces["frames"])
    pool = gather_pool([audio, frames, audio])
    assert pool.video_ids == ("aa", "bb", "cc")
    assert pool.indexes == (audio, frames)
    assert pool.row_of(frames) == 1
    for index, places, is_held in zip(pool.indexes, pool.places, pool.is_held, strict=True):
        assert pool.pick(places) == index.video_ids
        assert {v for v, has in zip(pool.video_ids, is_held, strict=True) if has} == set(
            index.video_ids
        )
    assert gather_pool([frames]).video_ids is frames.video_ids
