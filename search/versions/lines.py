"""Matches the lines of two lyrics in order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix


@dataclass(frozen=True, slots=True)
class SharedLines:
    """The common lines of two lyrics.

    Attributes:
        pairs: line numbers in the first and the second, ascending in both.
        n_distinct: number of distinct lines; a refrain counts once.
        first_share, second_share: of the distinct lines of each, those that are shared.
        similarity: mean cosine of the pairs.
        offset_seconds: median delay in the second; None without times.
    """

    pairs: tuple[tuple[int, int], ...]
    n_distinct: int
    first_share: float
    second_share: float
    similarity: float
    offset_seconds: float | None


def match_lines(
    similarities: Matrix,
    starts: tuple[FloatArray, FloatArray],
    level: float = 0.75,
    kinds: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None = None,
) -> SharedLines | None:
    """Match the lines of two lyrics in order, as the longest common subsequence does.

    A pair counts with its similarity above the level, so that of several similar lines the most
    similar are matched.

    Args:
        similarities: (n, m) cosines of the first's lines with the second's.
        starts: (n,) and (m,) seconds, NaN for lines without a time.
        level: minimum cosine of two lines that count as the same.
        kinds: (n,) and (m,) equal numbers for equal lines of one lyrics; None if all differ.

    Returns:
        None if no line is shared.
    """
    n, m = similarities.shape
    gains = np.where(similarities >= level, similarities - level + 0.1, 0.0)
    totals = np.zeros((n + 1, m + 1))
    for row in range(n):
        best = np.maximum(totals[row, 1:], totals[row, :-1] + gains[row])
        totals[row + 1, 1:] = np.maximum.accumulate(best)
    pairs = _trace(totals, gains)
    if not pairs:
        return None
    rows, columns = (np.array(places) for places in zip(*pairs, strict=True))
    of_first, of_second = kinds or (np.arange(n), np.arange(m))
    n_first, n_second = (len(np.unique(k)) for k in (of_first[rows], of_second[columns]))
    lags = starts[1][columns] - starts[0][rows]
    lags = lags[~np.isnan(lags)]
    return SharedLines(
        tuple(pairs),
        min(n_first, n_second),
        n_first / len(np.unique(of_first)),
        n_second / len(np.unique(of_second)),
        float(similarities[rows, columns].mean()),
        float(np.median(lags)) if len(lags) else None,
    )


def _trace(totals: FloatArray, gains: FloatArray) -> list[tuple[int, int]]:
    """The pairs of the best path, in order."""
    row, column = (size - 1 for size in totals.shape)
    pairs: list[tuple[int, int]] = []
    while row and column:
        if totals[row, column] == totals[row - 1, column]:
            row -= 1
        elif totals[row, column] == totals[row, column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]
