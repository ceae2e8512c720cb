"""Plans mixes in which no song is a copy of another one."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mvsearch.search.chain import find_copy_test
from mvsearch.search.query.contents import open_copy_indexes
from mvsearch.search.versions.candidates import CandidateOptions, find_candidates
from mvsearch.store.library import Library
from mvsearch.store.records import Video

Integers = npt.NDArray[np.int64]
Planned = TypeVar("Planned")
# The pairs of copies among some songs, as positions among these.
FindCopies = Callable[[Sequence[int]], list[tuple[int, int]]]

# A mix is planned again without the copies that the last one had, up to so many times.
MAX_PLANS = 6
# Of each song only the most alike are compared in detail: all pairs of a day would take an hour.
CANDIDATES = CandidateOptions(max_partners=3)


def plan_without_copies(
    songs: Integers,
    plan: Callable[[Integers], Planned],
    list_chosen: Callable[[Planned], Sequence[int]],
    find: FindCopies,
) -> Planned:
    """Plan a mix; what turns out to be a copy of another song of it counts as the same song.

    Args:
        songs: (n,) numbers; the same number is the same song.
        plan: makes a mix that repeats no such number.
        list_chosen: the positions of the songs of a mix.
        find: the pairs of copies among some songs, as positions among these.
    """
    for _ in range(MAX_PLANS):
        planned = plan(songs)
        chosen = list_chosen(planned)
        known, songs = songs, songs.copy()
        for one, other in find(chosen):
            songs[songs == songs[chosen[other]]] = songs[chosen[one]]
        if np.array_equal(songs, known):
            break
    return planned


def open_copy_finder(library: Library, videos: Sequence[Video]) -> FindCopies:
    """Open what finds, among chosen videos, those whose sound is alike and which are copies.

    Its test compares each pair once, however often a mix is planned.
    """
    is_copy = find_copy_test(library)
    index = None if is_copy is None else open_copy_indexes(library).get("audio")

    def find(chosen: Sequence[int]) -> list[tuple[int, int]]:
        if is_copy is None or index is None:
            return []
        order = {videos[place].id: at for at, place in enumerate(chosen)}
        pairs = [(order[a], order[b]) for a, b in find_candidates(index, CANDIDATES, order)]
        return [(a, b) for a, b in pairs if is_copy(videos[chosen[a]], videos[chosen[b]])]

    return find
