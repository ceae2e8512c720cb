"""Numbers of rows and names of collections; no server is needed."""

import numpy as np
import pytest

from mvsearch.store.vectors.milvus.rows import (
    MAX_SEGMENTS,
    choose_handles,
    name_collection,
    name_library,
    number_rows,
    read_placement,
    split_rows,
)
from tests.store.examples import FRAMES, WORDS


@pytest.mark.parametrize(("handle", "n"), [(0, 0), (1, 3), (7, MAX_SEGMENTS), ((1 << 43) - 1, 5)])
def test_rows_are_numbered_by_video_and_segment(handle: int, n: int) -> None:
    rows = number_rows(handle, n)
    assert rows.shape == (n,)
    assert (rows >= 0).all()
    handles, segments = split_rows(rows)
    assert (handles == handle).all()
    np.testing.assert_array_equal(segments, np.arange(n))


@pytest.mark.parametrize(("handle", "n"), [(-1, 1), (1 << 43, 1), (1, MAX_SEGMENTS + 1)])
def test_what_would_get_the_number_of_another_row_is_refused(handle: int, n: int) -> None:
    with pytest.raises(ValueError, match="numbered"):
        number_rows(handle, n)


def test_expressions_hold_numbers_alone() -> None:
    assert choose_handles([3, np.int64(1)]) == "handle in [3, 1]"
    assert choose_handles([5], are_left_out=True) == "handle not in [5]"
    with pytest.raises(ValueError, match="invalid literal"):
        choose_handles(["1] or row > 0 or handle in [1"])  # type: ignore[list-item]


def test_libraries_spaces_and_placements_have_collections_of_their_own() -> None:
    centres = [np.zeros(8, np.float32), np.ones(8, np.float32)]
    names = {
        name_collection(library, space, placement, centre)
        for library in ("a", "b")
        for space in (FRAMES.key, WORDS.key)
        for placement in (1, 2)
        for centre in centres
    }
    assert len(names) == 16
    assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
    assert sum(name.startswith(name_library("a")) for name in names) == 8


def test_collections_of_others_are_none_of_the_library() -> None:
    own = name_collection("one", FRAMES.key, 26, np.zeros(8, dtype=np.float32))
    assert read_placement("one", own) == 26
    assert read_placement("other", own) is None
    for name in ("strangers", name_library("one"), f"{name_library('one')}notes", f"{own}_old"):
        assert read_placement("one", name) is None
