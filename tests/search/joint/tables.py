"""Joint spaces whose places are known."""

from collections.abc import Sequence

import numpy as np

from mvsearch.search.joint.places import Places
from mvsearch.search.joint.tables import JointTable, compare_directions
from mvsearch.store.records import Embeddings, Matrix, Side


def first_vector(side: Side, made: Sequence[Embeddings]) -> Matrix | None:
    return made[0].vectors[0] if made else None


def make_table(
    pictures: dict[str, list[float]],
    sounds: dict[str, list[float]],
    unseen: frozenset[str] | None = None,
    name: str = "trained",
) -> JointTable:
    sides = [
        Places(tuple(side), np.array([*side.values()], np.float32, ndmin=2))
        for side in (pictures, sounds)
    ]
    return JointTable(name, *sides, compare_directions, first_vector, unseen)
