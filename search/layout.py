"""Lays the videos of a library out on a plane, so that similar ones lie near each other.

The principal components (Pearson 1901) of the mean vector of each video. Each axis is compressed
from the middle outwards, which keeps the order and leaves room between the many near the middle.
By mood, the plane is that of valence and arousal itself.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mvsearch.search.query.contents import open_indexes
from mvsearch.search.retrieval.mean_vectors import average_videos
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Modality
from mvsearch.store.vectors.index import VectorIndex

# By a modality, or by the mood of a video as a whole.
LayoutBy = Modality | Literal["mood"]
Points = npt.NDArray[np.float64]

MAX_CORNERS = 200
# Layouts that are remembered: of three modalities, before and after a change.
MAX_KNOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where videos lie.

    Attributes:
        video_ids: n of them, those with vectors of the modality, or with a mood, sorted.
        points: (n, 2) from 0 to 1; by mood, valence and 1 − arousal, so that the excited are above.
        explained: the share of the variance that the two axes show, 0 to 1.
    """

    modality: LayoutBy
    video_ids: tuple[str, ...]
    points: Points
    explained: float

    def inside(self, region: "Region") -> tuple[str, ...]:
        """The ids of the videos in a part of it, sorted."""
        held = region.holds(self.points)
        return tuple(one for one, is_in in zip(self.video_ids, held, strict=True) if is_in)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a layout, as it is drawn.

    Attributes:
        corners: (x, y) of a polygon, at least three; it may cross itself.
    """

    modality: LayoutBy
    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Check the number of corners."""
        if not 3 <= len(self.corners) <= MAX_CORNERS:
            raise QueryError(f"a region of the map has 3 to {MAX_CORNERS} corners")

    def holds(self, points: Points) -> npt.NDArray[np.bool_]:
        """Which of (n, 2) points lie inside, by the even-odd rule."""
        x, y = points[:, 0], points[:, 1]
        inside = np.zeros(len(points), dtype=bool)
        for (x0, y0), (x1, y1) in zip(self.corners, self._next_corners(), strict=True):
            if y0 != y1:
                crosses = (y0 > y) != (y1 > y)
                inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        return inside

    def _next_corners(self) -> tuple[tuple[float, float], ...]:
        return (*self.corners[1:], self.corners[0])


class Layouts:
    """Computes layouts, and remembers them until their index changes; for several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int], Layout] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, library: Library, modality: LayoutBy) -> Layout:
        """The layout of a library by one modality, or by mood.

        Raises:
            QueryError: no video has vectors of it, or a mood.
        """
        if modality == "mood":
            return lay_out_moods(library)
        index = open_indexes(library).get(modality)
        if index is None or not index.video_ids:
            raise QueryError(f"the library holds no {modality} to lay out")
        key = index.space.key, index.generation
        with self._lock:
            if key not in self._known:
                self._known[key] = compute_layout(library, modality, index)
                while len(self._known) > MAX_KNOWN:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return self._known[key]


def compute_layout(library: Library, modality: Modality, index: VectorIndex) -> Layout:
    """Lay out all videos of an index of a library."""
    means = average_videos(library, index, lambda one: one.mean(axis=0, dtype=np.float64))
    points, explained = project(means.astype(np.float64, copy=False))
    return Layout(modality, tuple(index.video_ids), spread(points), explained)


def lay_out_moods(library: Library) -> Layout:
    """Lay out all videos with a mood on the plane of valence and arousal.

    Raises:
        QueryError: there are none.
    """
    video_ids, moods = library.catalog.mood_plane()
    if not video_ids:
        raise QueryError("no video has a mood yet: index its folder again")
    return Layout("mood", video_ids, np.abs(moods - (0.0, 1.0)), 1.0)


def project(rows: Points) -> tuple[Points, float]:
    """The first two principal components of (n, d) rows, and the share of variance they explain.

    Each axis points to where its largest weight is positive, so that equal rows give equal signs.
    """
    centred = rows - rows.mean(axis=0)
    # The smaller of both products has the same eigenvalues.
    if len(rows) <= rows.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        lengths = np.sqrt(values.clip(0))[::-1][:2]
        points = vectors[:, ::-1][:, :2] * lengths
        axes = centred.T @ vectors[:, ::-1][:, :2]
    else:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, ::-1][:, :2]
        points = centred @ axes
    signs = np.where(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])] < 0, -1.0, 1.0)
    placed: Points = np.pad(points * signs, ((0, 0), (0, 2 - points.shape[1])))
    whole = float(values.clip(0).sum())
    explained = float(values[::-1][:2].clip(0).sum()) / whole if whole > 0 else 0.0
    return placed, explained


def spread(points: Points) -> Points:
    """Compress each axis around its median into 0 to 1; the order on each axis is kept."""
    far = points - np.median(points, axis=0)
    scale = np.maximum(np.median(np.abs(far), axis=0), 1e-9)
    squashed = far / (np.abs(far) + 2 * scale)
    low, high = squashed.min(axis=0), squashed.max(axis=0)
    whole = np.maximum(high - low, 1e-12)
    placed: Points = np.where(high > low, (squashed - low) / whole, 0.5)
    return placed
