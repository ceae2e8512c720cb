"""Draws the similarity matrix of a library as a heat map with clickable cells."""

import base64
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.output.text import name_video
from mvsearch.search.retrieval.matrix import NearestScores, ScoreMap
from mvsearch.search.scoring.fusion import FloatArray

# The colour of similarity; the value is its opacity, which suits any background.
HUE = (0x2F, 0x6F, 0xB0)
# Maximum number of songs with a name at each row; more are numbered.
MAX_NAMED = 60
# Maximum side of the picture in pixels; with more songs, a pixel shows the best of several scores.
MAX_PAINTED = 1000
# In CSS pixels.
SIDE = 700
MAX_CELL = 52
COUNT_DISTANCE = 36.0


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """The scores of all videos in an order that puts similar videos next to each other.

    Attributes:
        names: of the videos.
        order: positions of the videos from the top, and from the left.
        cells: (song, similar song, score) of the pairs that the page lists.
        picture: a PNG in base64, scaled to the map.
        ramp: the colour scale from `low` to `high` as such a PNG.
        low: the lowest score.
        high: the highest score.
    """

    names: Sequence[str]
    order: Sequence[int]
    cells: Sequence[tuple[int, int, float]]
    picture: str
    ramp: str
    low: float
    high: float

    @property
    def cell(self) -> float:
        """The side of a cell in CSS pixels."""
        return min(MAX_CELL, SIDE / len(self.order))

    @property
    def is_named(self) -> bool:
        """Whether there is room for a name beside each row."""
        return len(self.order) <= MAX_NAMED

    @property
    def places(self) -> Mapping[int, int]:
        """The place of each video in the order."""
        return {song: at for at, song in enumerate(self.order)}

    @property
    def counts(self) -> Sequence[int]:
        """The numbered places if rows have no names: 1, and round numbers."""
        steps = (step * 10**power for power in range(10) for step in (1, 2, 5))
        step = next(step for step in steps if step * self.cell >= COUNT_DISTANCE)
        return () if self.is_named else (1, *range(step, len(self.order) + 1, step))


def build_heatmap(matrix: ScoreMap, pairs: Collection[tuple[int, int]]) -> Heatmap:
    """Order the videos by similarity, and paint the scores.

    Args:
        matrix: n videos, n >= 1.
        pairs: (song, similar song) positions that the page lists.
    """
    order, scores = _arrange(matrix)
    low, high = _scale(scores)
    return Heatmap(
        names=[name_video(video) for video in matrix.videos],
        order=order.tolist(),
        cells=[(*pair, matrix.scores[pair]) for pair in sorted(pairs)],
        picture=encode_png(_paint(scores, low, high)),
        ramp=encode_png(_paint(np.linspace(low, high, 64)[None, :], low, high)),
        low=low,
        high=high,
    )


def _arrange(matrix: ScoreMap) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """The order of the videos, and the scores in this order, NaN if unknown."""
    if not isinstance(matrix, NearestScores):
        order = order_by_likeness(matrix.scores)
        return order, matrix.scores[np.ix_(order, order)]
    n = len(matrix.videos)
    order = chain_by_likeness(n, matrix.scores)
    place = np.empty(n, dtype=np.intp)
    place[order] = np.arange(n)
    side = min(n, MAX_PAINTED)
    painted = np.full((side, side), -np.inf)
    if matrix.scores:
        pairs = place[np.array(list(matrix.scores))] * side // n
        np.maximum.at(painted, (pairs[:, 0], pairs[:, 1]), list(matrix.scores.values()))
    return order, np.where(np.isneginf(painted), np.nan, painted)


def chain_by_likeness(n: int, scores: Mapping[tuple[int, int], float]) -> npt.NDArray[np.intp]:
    """Order videos by similarity if few scores are known: chains are joined, best scores first.

    As Kruskal's spanning tree (1956), but chains are reversed if that brings the two videos of a
    score nearer to each other; about n log n steps.

    Args:
        n: number of videos.
        scores: of some pairs of positions.

    Returns:
        (n,) a permutation.
    """
    chains = {at: [at] for at in range(n)}
    chain_of = list(range(n))
    for (one, other), _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        first, second = chain_of[one], chain_of[other]
        if first == second:
            continue
        if len(chains[first]) < len(chains[second]):
            (one, first), (other, second) = (other, second), (one, first)
        small = chains.pop(second)
        is_at_end = chains[first].index(one) >= len(chains[first]) / 2
        if (small.index(other) >= len(small) / 2) == is_at_end:
            small.reverse()
        chains[first] = [*chains[first], *small] if is_at_end else [*small, *chains[first]]
        for at in small:
            chain_of[at] = first
    return np.array([at for chain in chains.values() for at in chain], dtype=np.intp)


def order_by_likeness(scores: FloatArray) -> npt.NDArray[np.intp]:
    """Order videos by similarity: the leaves of an average-linkage tree, in their optimal order.

    Args:
        scores: (n, n); NaN counts as the least similar.

    Returns:
        (n,) a permutation.
    """
    n = len(scores)
    if n < 3 or not np.isfinite(scores).any():
        return np.arange(n)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    filled = np.where(np.isfinite(scores), scores, np.nanmin(scores))
    distances = filled.max() - (filled + filled.T) / 2
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.intp)


def _scale(scores: FloatArray) -> tuple[float, float]:
    known = scores[np.isfinite(scores)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def _paint(scores: FloatArray, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Scores as (n, n, 4) pixels; unknown scores are transparent."""
    height = np.nan_to_num((scores - low) / max(high - low, 1e-9), nan=0.0)
    opacity = np.where(np.isfinite(scores), 0.06 + 0.94 * height**1.4, 0.0)
    pixels = np.empty((*scores.shape, 4), dtype=np.uint8)
    pixels[..., :3] = HUE
    pixels[..., 3] = np.rint(255 * opacity)
    return pixels


def encode_png(pixels: npt.NDArray[np.uint8]) -> str:
    """Write (height, width, 4) RGBA as a PNG in base64."""
    from PIL import Image

    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode("ascii")
