"""Finds all relations between the videos of a library: candidates, then comparison."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from mvsearch.search.query.encode import own_spaces
from mvsearch.search.versions.candidates import CandidateOptions, find_candidates
from mvsearch.search.versions.compare import Comparison
from mvsearch.search.versions.groups import Group, group_relations
from mvsearch.search.versions.relations import KINDS, Relation
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Video

Progress = Callable[[int, int], None]
Pair = tuple[str, str]

# Friends of friends are compared too, but no crowd with itself.
MAX_CROWD = 40


@dataclass(frozen=True, slots=True)
class Versions:
    """What was found in a library.

    Attributes:
        videos: all of the library, in the catalogue's order.
        relations: by kind, the surest first.
        n_compared: pairs that were compared in detail.
        uncalibrated: encoders whose modality was not looked at, because nobody has found out at
            which cosines their vectors are the same.
    """

    videos: tuple[Video, ...]
    relations: tuple[Relation, ...]
    groups: tuple[Group, ...]
    n_compared: int
    uncalibrated: tuple[str, ...] = ()

    @property
    def identical(self) -> list[Video]:
        """The videos whose content lies in several files."""
        return [video for video in self.videos if video.other_paths]

    def to_dict(self) -> dict[str, Any]:
        """What was found, as the JSON contract has it."""
        return {
            "videos": len(self.videos),
            "compared": self.n_compared,
            "uncalibrated": list(self.uncalibrated),
            "identical": [video.to_dict(has_copies=True) for video in self.identical],
            "relations": [relation.to_dict() for relation in self.relations],
            "groups": [group.to_dict() for group in self.groups],
        }


def open_comparison(library: Library) -> Comparison:
    """Compares the videos of a library, in the modalities that it holds."""
    spaces = own_spaces(library)
    return Comparison({m: library.index(space) for m, space in spaces.items()})


def find_versions(
    library: Library,
    options: CandidateOptions | None = None,
    progress: Progress | None = None,
) -> Versions:
    """Find which videos of a library are versions of each other.

    The indexes name candidates, a bounded number for each video and modality, and only these are
    compared second by second. What both are related to a third is compared as well.

    Args:
        library: with anything in it.
        options: how hard candidates are looked for; None for the default.
        progress: called with the number of pairs compared, and of all candidates.

    Raises:
        MvsearchError: the library is empty.
    """
    videos = tuple(library.catalog.videos())
    if not videos:
        raise MvsearchError("the library holds no videos yet: fill it with `mvsearch index FOLDER`")
    comparison = open_comparison(library)
    order = {video.id: at for at, video in enumerate(videos)}
    todo = {
        _arrange(pair, order)
        for modality, index in comparison.indexes.items()
        if comparison.points_of(modality) is not None
        for pair in find_candidates(index, options or CandidateOptions())
        if pair[0] in order and pair[1] in order
    }
    found: dict[Pair, Relation | None] = {}
    n_all = len(todo)
    while todo:
        for one, other in sorted(todo, key=lambda pair: (order[pair[0]], order[pair[1]])):
            found[one, other] = comparison.relate(videos[order[one]], videos[order[other]])
            # Friends of friends are few, and not known before.
            if progress is not None and len(found) <= n_all:
                progress(len(found), n_all)
        todo = {_arrange(pair, order) for pair in _find_friends(found)} - found.keys()
    relations = [relation for relation in found.values() if relation is not None]
    relations.sort(key=lambda r: _rank(r, order))
    groups = group_relations(relations, videos)
    uncalibrated = tuple(comparison.find_uncalibrated().values())
    return Versions(videos, tuple(relations), tuple(groups), len(found), uncalibrated)


def _arrange(pair: Pair, order: dict[str, int]) -> Pair:
    one, other = pair
    return (one, other) if order[one] < order[other] else (other, one)


def _find_friends(found: dict[Pair, Relation | None]) -> Iterable[Pair]:
    """The pairs of videos that are related to the same video."""
    friends: dict[str, list[str]] = {}
    for (one, other), relation in found.items():
        if relation is not None:
            friends.setdefault(one, []).append(other)
            friends.setdefault(other, []).append(one)
    for known in friends.values():
        yield from combinations(sorted(known)[:MAX_CROWD], 2)


def _rank(relation: Relation, order: dict[str, int]) -> tuple[int, float, int, int]:
    place = KINDS.index(relation.kind)
    return (
        place, -round(relation.confidence, 6), order[relation.first.id], order[relation.second.id]
    )  # fmt: skip
