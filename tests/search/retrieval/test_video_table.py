"""Tables of videos against sets of ids."""

from typing import Any

import numpy as np

from mvsearch.search.retrieval.video_table import make_table


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
    table = make_table([audio, frames, audio])
    assert table.video_ids == ("aa", "bb", "cc")
    assert table.indexes == (audio, frames)
    assert table.row_of(frames) == 1
    for index, places, is_held in zip(table.indexes, table.places, table.is_held, strict=True):
        assert table.pick(places) == index.video_ids
        assert {v for v, has in zip(table.video_ids, is_held, strict=True) if has} == set(
            index.video_ids
        )
    assert make_table([frames]).video_ids is frames.video_ids
    assert table.pick(np.array([2, 0, 1])) == ("cc", "aa", "bb")
    assert table.pick(np.arange(3)) == table.video_ids
