"""Answers from one state of a library in PostgreSQL, which changes while they are prepared."""

import numpy as np
import pytest

from mvsearch.store.library import Library
from tests.store.examples import FRAMES, SPACES, fill_song

pytestmark = pytest.mark.postgres


def test_a_library_that_changes_all_the_time_is_asked_once(postgres_address: str) -> None:
    with (
        Library.open(postgres_address, create=True) as library,
        Library.open(postgres_address) as writer,
    ):
        library.catalog.adopt_profile("toy", SPACES)
        fill_song(library.catalog, "a0", 1)
        prepared: list[tuple[bool, tuple[str, ...]]] = []
        asked: list[tuple[str, ...]] = []

        def prepare(is_first: bool) -> int:
            prepared.append((is_first, library.index(FRAMES).video_ids))
            if is_first:
                fill_song(writer.catalog, f"b{len(asked)}", 2)
            return len(prepared)

        def ask(number: int) -> int:
            fill_song(writer.catalog, f"c{len(asked)}", 3)
            asked.append(library.index(FRAMES).video_ids)
            assert set(asked[-1]) == library.catalog.video_ids()
            return number

        assert library.answer(prepare, ask) == 2
        assert prepared == [(True, ("a0",)), (False, ("a0", "b0"))]
        assert asked == [("a0", "b0")]
        assert library.answer(prepare, ask) == 4
        assert asked[1:] == [("a0", "b0", "b1", "c0")]


def test_what_another_process_measured_is_seen(postgres_address: str) -> None:
    with (
        Library.open(postgres_address, create=True) as library,
        Library.open(postgres_address) as other,
    ):
        library.catalog.adopt_profile("toy", SPACES)
        fill_song(library.catalog, "a0", 1)
        ours, theirs = library.index(FRAMES), other.index(FRAMES)
        assert library.measured(ours, "level") is None
        for value in (1.0, 2.0):
            other.keep_measured(theirs, "level", {"all": np.array([value])})
            found = library.measured(ours, "level")
            assert found is not None
            assert found["all"].tolist() == [value]
            assert library.measured(ours, "level") is found
