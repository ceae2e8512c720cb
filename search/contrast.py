"""Ranks videos that are like one thing and unlike another, such as the look of X without its sound.

The score is the surprisal of the similarity to the one minus that of the similarity to the other:
−log10 of the share of unrelated videos that are as similar, once by look and once by sound. Each
counts up to one in a million, beyond which it is extrapolated: a copy has a score near zero. What
is no more similar than unrelated videos are loses next to nothing, so that "unlike" means
unrelated, and not the opposite.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.query.query import Query
from mvsearch.search.query.weights import Weights
from mvsearch.search.ranking import Ranker
from mvsearch.search.results import Contribution
from mvsearch.search.scoring.fusion import FloatArray, Measured, Similarities
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality

NAMES = {"frames": "pictures", "audio": "sound"}
MAX_COUNTED = 6.0


@dataclass(frozen=True, slots=True)
class ContrastRanker(Ranker):
    """Ranks by a contrast; the weights are one and minus one, and a video has both modalities."""

    def _fuse(self, measured: Measured) -> tuple[FloatArray, Similarities, Similarities]:
        counted = {m: np.minimum(surprisals, MAX_COUNTED) for m, surprisals in measured[1].items()}
        points = {m: counted[m] * weight for m, weight in self.weights.items()}
        shares = {m: np.full(len(points[m]), weight) for m, weight in self.weights.items()}
        scores: FloatArray = np.sum(list(points.values()), axis=0)  # NaN where one is unknown
        return scores, shares, points

    def _find_sources(self, measured: Measured) -> dict[Modality, int]:
        return {}

    def _is_weak(self, contributions: Mapping[Modality, Contribution], line: float | None) -> bool:
        """Whether it is no more like the one than chance, or more like the other."""
        is_found = {
            modality: self.marks.is_found(modality, one.similarity, one.calibrated)
            for modality, one in contributions.items()
        }
        return any(is_found[m] != (weight > 0) for m, weight in self.weights.items())


def weigh_contrast(query: Query, held: Sequence[Modality]) -> Weights:
    """The weights of a contrast: one for what is to be like, minus one for what is not.

    Raises:
        QueryError: the library lacks one of the modalities.
    """
    weights: dict[Modality, float] = {}
    for part in query.parts:
        if part.modality is not None and part.role is not None:
            weights[part.modality] = -1.0 if part.role.endswith("unlike") else 1.0
    lacking = [NAMES[modality] for modality in weights if modality not in held]
    if lacking:
        raise QueryError(f"the library holds no {' and no '.join(lacking)} to compare by")
    return weights
