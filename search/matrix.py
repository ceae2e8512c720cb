"""Every video against every other, and the row of one."""

from dataclasses import dataclass

import numpy as np

from search.fusion import FloatArray, Similarities
from store.records import Modality, Video


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMatrix:
    """Every video against every other.

    Attributes:
        videos: n of them, in the catalogue's order.
        scores: (n, n) fused; NaN where two videos share no modality, and on the diagonal.
        similarities: for each modality (n, n) cosines; NaN where one of the two lacks it.
        surprises: of these, as `calibration.find_surprise` gives them.
    """

    videos: tuple[Video, ...]
    scores: FloatArray
    similarities: dict[Modality, FloatArray]
    surprises: dict[Modality, FloatArray]

    def row(self, at: int) -> tuple[Similarities, Similarities]:
        """Similarities and surprises of a video and the others, without itself."""
        similarities = {m: _without(rows[at], at) for m, rows in self.similarities.items()}
        return similarities, {m: _without(rows[at], at) for m, rows in self.surprises.items()}


def _without(row: FloatArray, at: int) -> FloatArray:
    row = row.copy()
    row[at] = np.nan
    return row
