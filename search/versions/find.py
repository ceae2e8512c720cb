"""Finds all relations between the videos of a library: candidates, then comparison."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from mvsearch.indexer.progress import StepCounter
from mvsearch.search.query.contents import list_videos
from mvsearch.search.query.spaces import profile_spaces
from mvsearch.search.versions.candidates import CandidateOptions, find_candidates
from mvsearch.search.versions.compare import Comparison
from mvsearch.search.versions.groups import Group, group_relations
from mvsearch.search.versions.relations import KINDS, Relation
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import Video

Pair = tuple[str, str]

# Videos related to the same video are compared with each other, up to this number.
MAX_TRANSITIVE = 40


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions in a library.

    Attributes:
        videos: those that were compared, in the catalogue's order.
        relations: by kind, then by descending confidence.
        n_compared: number of compared pairs.
        uncalibrated: encoders without operating points, whose modality is not compared.
    """

    videos: tuple[Video, ...]
    relations: tuple[Relation, ...]
    groups: tuple[Group, ...]
    n_compared: int
    uncalibrated: tuple[str, ...] = ()

    @property
    def identical(self) -> list[Video]:
        """The videos with several files of the same content."""
        return [video for video in self.videos if video.other_paths]

    def to_dict(self) -> dict[str, Any]:
        """The versions in the form of the JSON output."""
        return {
            "videos": len(self.videos),
            "compared": self.n_compared,
            "uncalibrated": list(self.uncalibrated),
            "identical": [video.to_dict() for video in self.identical],
            "relations": [relation.to_dict() for relation in self.relations],
            "groups": [group.to_dict() for group in self.groups],
        }


def open_comparison(library: Library) -> Comparison:
    """Open a comparison of the videos of a library, in all of its modalities."""
    spaces = profile_spaces(library)
    return Comparison({m: library.index(space) for m, space in spaces.items()})


def find_versions(
    library: Library,
    options: CandidateOptions | None = None,
    progress: StepCounter | None = None,
    filter: Filter = Filter(),
) -> Versions:
    """Find which videos of a library are versions of each other.

    The indexes give candidates, a bounded number per video and modality, and only these are
    compared in detail. Videos that are related to the same video are compared as well.

    Args:
        library: with at least one video.
        options: of the candidate search; None for the default.
        progress: called with the number of compared pairs and of all candidates.
        filter: only videos that pass are compared with each other.

    Raises:
        MvsearchError: the library is empty.
    """
    videos = list_videos(library, filter)
    comparison = open_comparison(library)
    order = {video.id: at for at, video in enumerate(videos)}
    todo = {
        _order_pair(pair, order)
        for modality, index in comparison.indexes.items()
        if comparison.points_of(modality) is not None
        for pair in find_candidates(index, options or CandidateOptions(), order)
    }
    found: dict[Pair, Relation | None] = {}
    n_all = len(todo)
    while todo:
        for one, other in sorted(todo, key=lambda pair: (order[pair[0]], order[pair[1]])):
            found[one, other] = comparison.relate(videos[order[one]], videos[order[other]])
            # The number of transitive pairs is small, and unknown beforehand.
            if progress is not None and len(found) <= n_all:
                progress(len(found), n_all)
        todo = {_order_pair(pair, order) for pair in _find_transitive_pairs(found)} - found.keys()
    relations = [relation for relation in found.values() if relation is not None]
    relations.sort(key=lambda r: _rank(r, order))
    groups = group_relations(relations, videos)
    uncalibrated = tuple(comparison.find_uncalibrated().values())
    return Versions(videos, tuple(relations), tuple(groups), len(found), uncalibrated)


def _order_pair(pair: Pair, order: dict[str, int]) -> Pair:
    one, other = pair
    return (one, other) if order[one] < order[other] else (other, one)


def _find_transitive_pairs(found: dict[Pair, Relation | None]) -> Iterable[Pair]:
    """The pairs of videos that are related to the same video."""
    related: dict[str, list[str]] = {}
    for (one, other), relation in found.items():
        if relation is not None:
            related.setdefault(one, []).append(other)
            related.setdefault(other, []).append(one)
    for known in related.values():
        yield from combinations(sorted(known)[:MAX_TRANSITIVE], 2)


def _rank(relation: Relation, order: dict[str, int]) -> tuple[int, float, int, int]:
    kind_rank = KINDS.index(relation.kind)
    return (
        kind_rank, -round(relation.confidence, 6), order[relation.first.id],
        order[relation.second.id]
    )  # fmt: skip
