import numpy as np

from mvsearch.indexer.audiovisual.ranking import average_by_source, rank_own_sound


def test_sources_are_ranked_by_their_best_sound_and_equal_ones_share_places() -> None:
    similarities = np.array(
        [[0.1, 0.9, 0.5, 0.7], [0.2, 0.3, 0.9, 0.8], [0.1, 0.2, 0.4, 0.4], [0.9, 0.8, 0.7, 0.1]],
        np.float32,
    )
    ranks = rank_own_sound(list("abcd"), ["x", "x", "y", "z"], similarities)

    # Of x the best sounds are 0.9, 0.3, 0.2 and 0.9.
    assert [one.rank for one in ranks] == [1.0, 3.0, 1.5, 3.0]
    assert {one.n_ranked for one in ranks} == {3}
    assert average_by_source(ranks) == {"x": 0.5, "y": 0.75, "z": 0.0}
