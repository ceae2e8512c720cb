"""Groups videos that are all versions of each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mvsearch.search.versions.relations import Kind, Relation
from mvsearch.store.records import Video

GroupKind = Literal["duplicate", "same-sound", "same-picture", "same-lyrics"]
GROUP_KINDS: tuple[GroupKind, ...] = get_args(GroupKind)

# A duplicate has the same picture and the same sound, so it belongs to both kinds of groups.
_JOINS: dict[GroupKind, tuple[Kind, ...]] = {
    "duplicate": ("duplicate",),
    "same-sound": ("duplicate", "same-sound"),
    "same-picture": ("duplicate", "same-picture"),
    "same-lyrics": ("same-lyrics",),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Videos of which all pairs are related in one kind.

    Attributes:
        videos: at least two, in the catalogue's order.
        confidence: the lowest of all pairs.
    """

    kind: GroupKind
    videos: tuple[Video, ...]
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """The group in the form of the JSON output."""
        return {
            "kind": self.kind,
            "confidence": round(self.confidence, 3),
            "videos": [video.to_dict() for video in self.videos],
        }


def group_relations(relations: Sequence[Relation], videos: Sequence[Video]) -> list[Group]:
    """Put videos into groups by complete linkage: two groups join when all their pairs are related.

    So one wrong pair cannot join two groups; if pairs contradict each other, a group stays split. A
    group of a wider kind is listed only if it has more videos than one of a narrower kind.

    Args:
        relations: at most one per pair of videos.
        videos: the catalogue's order.
    """
    order = {video.id: at for at, video in enumerate(videos)}
    groups: list[Group] = []
    for kind in GROUP_KINDS:
        pairs = {
            frozenset((one.first.id, one.second.id)): one.confidence
            for one in relations
            if _is_joined(one, kind)
        }
        for members in _link(pairs, order):
            if any(members <= {v.id for v in group.videos} for group in groups):
                continue
            chosen = tuple(videos[at] for at in sorted(order[one] for one in members))
            ids = [video.id for video in chosen]
            among = [
                pairs[frozenset((one, other))]
                for at, one in enumerate(ids)
                for other in ids[at + 1 :]
            ]
            groups.append(Group(kind, chosen, min(among)))
    return groups


def _is_joined(relation: Relation, kind: GroupKind) -> bool:
    """Whether two videos are related in this kind; lyrics count beside any other relation."""
    lyrics = relation.evidence.get("lyrics")
    is_sung = kind == "same-lyrics" and lyrics is not None and lyrics.verdict == "agrees"
    return is_sung or relation.kind in _JOINS[kind]


def _link(pairs: dict[frozenset[str], float], order: dict[str, int]) -> list[set[str]]:
    """Complete-linkage clusters, joined in descending order of confidence."""

    def rank(pair: frozenset[str]) -> tuple[float, list[int]]:
        return -pairs[pair], sorted(order[one] for one in pair)

    cluster_of: dict[str, set[str]] = {}
    for pair in sorted(pairs, key=rank):
        left, right = (cluster_of.setdefault(one, {one}) for one in sorted(pair))
        if left is right:
            continue
        if all(frozenset((one, other)) in pairs for one in left for other in right):
            left |= right
            cluster_of |= dict.fromkeys(right, left)
    clusters = {id(cluster): cluster for cluster in cluster_of.values() if len(cluster) > 1}
    return sorted(clusters.values(), key=lambda cluster: min(order[one] for one in cluster))
