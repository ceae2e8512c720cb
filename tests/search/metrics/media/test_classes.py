"""Posteriors over time brought to segments, by hand, and files that cannot be classified."""

from pathlib import Path

import numpy as np
import pytest

from mvsearch.search.metrics.media.classes import (
    ClassOptions,
    average_segments,
    check_posteriors,
    classify_folder,
)
from mvsearch.search.metrics.media.folders import EmbeddingOptions, embed_folder, list_media
from mvsearch.search.metrics.media.posteriors import Posteriors
from mvsearch.store.errors import QueryError
from tests.media import cut_off, make_pattern


def make_posteriors(spans: list[tuple[float, float]], rows: list[list[float]]) -> Posteriors:
    starts, ends = np.array(spans).T
    return Posteriors(starts, ends, np.array(rows, np.float32))


def test_a_row_counts_by_how_long_it_is_on() -> None:
    # The second frame is on from 1 s to 12 s: for 9 s of the first segment, 2 s of the next.
    found = make_posteriors([(0, 1), (1, 12), (12, 14)], [[1, 0], [0, 1], [1, 0]])
    numbers, rows = average_segments(found, 10)
    assert numbers == (0, 1)
    np.testing.assert_allclose(rows, [[0.1, 0.9], [0.5, 0.5]])


def test_a_rest_and_a_gap_are_no_segments() -> None:
    found = make_posteriors([(0, 10), (30, 40.15)], [[1, 0], [0.5, 0.5]])
    numbers, rows = average_segments(found, 10)
    assert numbers == (0, 3)
    np.testing.assert_allclose(rows, [[1, 0], [0.5, 0.5]])


def test_probabilities_pass_and_others_do_not() -> None:
    check_posteriors(np.array([[0.5, 0.5], [1, 0]]), "the samples")
    for bad in ([[0.5, 0.6]], [[-0.5, 1.5]], [[np.nan, 1]], [[]], [0.5, 0.5]):
        with pytest.raises(QueryError, match="posteriors of the samples"):
            check_posteriors(np.array(bad), "the samples")


@pytest.mark.parametrize("rate", [0, -1, 61, float("nan")])
def test_rates_that_cannot_be_taken_are_refused(rate: float) -> None:
    with pytest.raises(QueryError, match="a second"):
        EmbeddingOptions(frames_per_second=rate)
    with pytest.raises(QueryError, match="a second"):
        ClassOptions(frames_per_second=rate)


@pytest.mark.parametrize("seconds", [0, 0.4, float("nan"), float("inf")])
def test_segments_that_say_nothing_are_refused(seconds: float) -> None:
    with pytest.raises(QueryError, match="a segment is"):
        ClassOptions(segment_seconds=seconds)


def test_half_a_file_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    options = ("-c:v", "mpeg2video", "-b:v", "1M")
    whole = make_pattern(tmp_path / "whole.mkv", 8, size=(96, 64), options=options)
    cut = tmp_path / "cut"
    cut.mkdir()
    cut_off(cut / "half.mkv", whole, 0.5)
    with pytest.raises(QueryError, match=r"cannot use 'half\.mkv': the file is incomplete"):
        classify_folder(cut, list_media(cut), "pictures", ClassOptions("toy-frames"))
    with pytest.raises(QueryError, match=r"'half\.mkv': the file is incomplete.* seconds$"):
        embed_folder(cut, list_media(cut), "frames", EmbeddingOptions("toy"))


def test_a_profile_without_sound_says_so(tmp_path: Path) -> None:
    make_pattern(tmp_path / "a.mp4", 1, size=(96, 64), tone_hertz=440)
    with pytest.raises(QueryError, match="the profile 'paper' has no encoder of audio"):
        embed_folder(tmp_path, list_media(tmp_path), "audio", EmbeddingOptions("paper"))
