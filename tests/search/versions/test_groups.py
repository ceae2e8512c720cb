"""Groups: complete linkage, against scipy's."""

from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from mvsearch.search.versions.groups import group_relations
from mvsearch.search.versions.relations import Kind, Relation
from mvsearch.store.records import Video

VIDEOS = [Video(f"{at:08d}", Path(f"/m/{at}.mp4"), f"Song {at}") for at in range(12)]


def pair(one: int, other: int, kind: Kind = "duplicate", confidence: float = 0.9) -> Relation:
    return Relation(kind, VIDEOS[one], VIDEOS[other], 0.0, confidence, {})


def groups(relations: list[Relation]) -> list[tuple[str, list[int]]]:
    found = group_relations(relations, VIDEOS)
    return [(one.kind, [int(video.id) for video in one.videos]) for one in found]


def test_a_chain_is_no_group() -> None:
    assert groups([pair(0, 1, confidence=0.9), pair(1, 2, confidence=0.8)]) == [
        ("duplicate", [0, 1])
    ]


def test_every_pair_makes_a_group_as_sure_as_the_least() -> None:
    relations = [pair(0, 1), pair(1, 2, confidence=0.7), pair(0, 2)]
    assert groups(relations) == [("duplicate", [0, 1, 2])]
    assert group_relations(relations, VIDEOS)[0].confidence == 0.7


def test_copies_join_groups_of_a_wider_sense_which_are_given_only_when_wider() -> None:
    relations = [pair(0, 1), pair(0, 2, "same-sound"), pair(1, 2, "same-sound"), pair(4, 5)]
    assert groups(relations) == [
        ("duplicate", [0, 1]), ("duplicate", [4, 5]), ("same-sound", [0, 1, 2]),
    ]  # fmt: skip


def test_an_excerpt_joins_nothing() -> None:
    assert groups([pair(0, 1, "excerpt")]) == []


def test_the_groups_are_those_of_complete_linkage() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        confidence = np.triu(rng.uniform(0.5, 1, (12, 12)), 1)
        is_known = np.triu(rng.random((12, 12)) < 0.6, 1)
        relations = [
            pair(i, j, confidence=float(confidence[i, j]))
            for i, j in combinations(range(12), 2)
            if is_known[i, j]
        ]
        # Pairs that are not related are as far from each other as can be.
        distances = np.where(is_known, 1 - confidence, 10.0)
        full = np.triu(distances, 1) + np.triu(distances, 1).T
        labels = fcluster(linkage(squareform(full), "complete"), 1.0, "distance")
        for _, members in groups(relations):
            assert all(is_known[i, j] for i, j in combinations(members, 2))
        n_joined = len(labels) - len(set(labels))
        own = sum(len(members) - 1 for _, members in groups(relations))
        assert own >= 0.7 * n_joined
