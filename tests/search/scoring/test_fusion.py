"""Fusion against hand arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mvsearch.search.scoring.fusion import (
    choose_weights,
    fuse_ranks,
    fuse_surprisal,
    fuse_weighted,
    merge_parts,
    order_best_first,
)

NAN = float("nan")
WEIGHTS = {"frames": 0.6, "lyrics": 0.4, "audio": 0.0}


def test_the_published_sum() -> None:
    scores, shares = fuse_weighted({"frames": np.array([0.5]), "lyrics": np.array([0.25])}, WEIGHTS)
    assert scores[0] == pytest.approx(0.6 * 0.5 + 0.4 * 0.25)
    assert shares["frames"][0] == pytest.approx(0.6)
    assert shares["lyrics"][0] == pytest.approx(0.4)


def test_weights_are_renormalised_over_what_the_video_has() -> None:
    similarities = {
        "frames": np.array([0.5, 0.5, NAN, NAN]),
        "lyrics": np.array([NAN, 0.1, 0.3, NAN]),
        "audio": np.array([0.9, 0.9, 0.9, 0.9]),
    }
    scores, shares = fuse_weighted(similarities, {"frames": 3.0, "lyrics": 1.0, "audio": 0.0})
    assert scores[:3] == pytest.approx([0.5, (3 * 0.5 + 0.1) / 4, 0.3])
    assert np.isnan(scores[3])
    assert shares["frames"] == pytest.approx([1, 0.75, 0, 0])
    assert shares["lyrics"] == pytest.approx([0, 0.25, 1, 0])
    assert shares["audio"] == pytest.approx([0, 0, 0, 0])


def test_no_lyrics_is_not_a_zero() -> None:
    scores, _ = fuse_weighted(
        {"frames": np.array([0.8, 0.8]), "lyrics": np.array([NAN, 0.0])}, WEIGHTS
    )
    assert scores[0] == pytest.approx(0.8)
    assert scores[1] == pytest.approx(0.6 * 0.8)


def test_a_negative_cosine_counts() -> None:
    scores, _ = fuse_weighted({"frames": np.array([-0.5])}, WEIGHTS)
    assert scores[0] == pytest.approx(-0.5)


def test_reciprocal_ranks() -> None:
    similarities = {
        "frames": np.array([0.9, 0.1, 0.5, 0.5]),
        "lyrics": np.array([0.2, 0.8, NAN, 0.1]),
    }
    scores, shares = fuse_ranks(similarities, {"frames": 1.0, "lyrics": 1.0})
    assert scores == pytest.approx(
        [(1 / 61 + 1 / 62) / 2, (1 / 64 + 1 / 61) / 2, 1 / 62, (1 / 62 + 1 / 63) / 2]
    )
    assert shares["frames"] == pytest.approx([0.5, 0.5, 1, 0.5])


def test_a_missing_modality_neither_wins_nor_loses() -> None:
    neutral = math.log10(2)
    surprisals = {
        "frames": np.array([4.0, 4.0, 4.0, 4.0, NAN]),
        "audio": np.array([NAN, neutral, 3.0, 0.1, NAN]),
    }
    scores, shares = fuse_surprisal(surprisals, {"frames": 1.0, "audio": 1.0, "lyrics": 5.0})
    assert scores[:4] == pytest.approx([2 + neutral / 2, 2 + neutral / 2, 3.5, 2.05])
    assert np.isnan(scores[4])
    assert shares["audio"] == pytest.approx([0, 0.5, 0.5, 0.5, 0])
    assert shares["frames"] == pytest.approx([0.5, 0.5, 0.5, 0.5, 0])


def test_parts_of_one_modality_are_averaged_over_those_that_count() -> None:
    similarities = np.array([[0.2, NAN], [0.4, 0.4], [0.7, NAN]])
    merged = merge_parts(similarities, ["frames", "frames", "lyrics"])
    assert merged["frames"] == pytest.approx([0.3, 0.4])
    assert merged["lyrics"][0] == pytest.approx(0.7)
    assert np.isnan(merged["lyrics"][1])
    assert "audio" not in merged


def test_default_weights() -> None:
    assert choose_weights(["frames", "lyrics"]) == {"frames": 0.6, "lyrics": 0.4, "audio": 0.0}
    assert sum(choose_weights(["frames", "lyrics", "audio"]).values()) == pytest.approx(1)
    assert choose_weights(["frames", "audio"])["audio"] > 0
    assert sum(choose_weights(["frames"], "calibrated").values()) == pytest.approx(1)
    with_text = choose_weights(["frames", "lyrics", "ocr"], "calibrated")
    assert with_text["ocr"] == with_text["lyrics"]


def test_ties_go_by_id_and_what_has_no_score_is_left_out() -> None:
    scores = np.array([0.5, 0.9, 0.5, NAN, -0.1])
    ids = ["d", "c", "b", "a", "e"]
    assert [ids[i] for i in order_best_first(scores, ids)] == ["c", "b", "d", "e"]


@given(
    hnp.arrays(np.float64, (3, 5), elements=st.one_of(st.just(NAN), st.floats(-1, 1))),
    st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(0.1, 5)),
)
def test_a_weighted_score_lies_between_its_parts(rows: np.ndarray, w: tuple[float, ...]) -> None:
    modalities = ("frames", "lyrics", "audio")
    weights = dict(zip(modalities, w, strict=True))
    scores, shares = fuse_weighted(dict(zip(modalities, rows, strict=True)), weights)
    for column, score in enumerate(scores):
        counted = [rows[i, column] for i in range(3) if w[i] > 0 and not np.isnan(rows[i, column])]
        if not counted:
            assert np.isnan(score)
        else:
            assert min(counted) - 1e-9 <= score <= max(counted) + 1e-9
            assert sum(s[column] for s in shares.values()) == pytest.approx(1)
