"""Joins the evidence of a part over modalities: a bound for each video, and a curve over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.video_table import VideoTable
from mvsearch.search.scoring.fusion import NEUTRAL, FloatArray
from mvsearch.search.temporal.grid import Cells, Grid
from mvsearch.search.temporal.scoring import Curve
from mvsearch.search.temporal.tracks import Source, Track
from mvsearch.store.records import Modality


@dataclass(frozen=True, slots=True, eq=False)
class ComparedLeaf:
    """A leaf with all that it is compared by.

    Attributes:
        sources: by modality; several spaces of lyrics hold the same lines.
        shares: of the modalities, in sum one.
        weight: of the leaf.
        limit: the evidence that counts as certain; more of it counts no more.
    """

    sources: Mapping[Modality, Sequence[Source]]
    shares: Mapping[Modality, float]
    weight: float
    limit: float

    def bound(self, table: VideoTable, positions: Cells) -> FloatArray:
        """The most evidence (v,) that a moment of each video of a table can have."""
        best = {
            modality: _mean_known(np.array([
                np.where(s.is_hidden[positions], np.nan, s.bound(table, positions))
                for s in sources
            ]))
            for modality, sources in self.sources.items()
        }  # fmt: skip
        return self.weigh(self.join(best))

    def draw(
        self,
        video_ids: Sequence[str],
        positions: Cells,
        grid: Grid,
        is_behind: npt.NDArray[np.bool_],
    ) -> Curve:
        """The curve of v videos.

        Args:
            video_ids: v of them.
            positions: in the table.
            grid: of the curve.
            is_behind: (v, cells) what lies behind the end of a video.
        """
        tracks = self.draw_tracks(video_ids, positions, grid)
        during = self.weigh(self.join({m: one.during for m, one in tracks.items()}))
        begins = self.weigh(self.join({m: one.begins for m, one in tracks.items()}))
        values = np.array([self.shares[m] * 10**one.begins for m, one in tracks.items()])
        lengths = np.array([one.lengths for one in tracks.values()])
        best = values.argmax(axis=0)[None]
        length = np.take_along_axis(lengths, best, axis=0)[0]
        during[is_behind] = begins[is_behind] = -np.inf
        return Curve(during, begins, length)

    def draw_tracks(
        self, video_ids: Sequence[str], positions: Cells, grid: Grid
    ) -> dict[Modality, Track]:
        """The evidence by modality, before it is joined; NaN where a video holds nothing."""
        return {
            modality: _join_tracks([s.track(video_ids, positions, grid) for s in sources])
            for modality, sources in self.sources.items()
        }

    def list_sources(self, modality: Modality, video_id: str, position: Cells) -> list[Source]:
        """The sources that a video is compared by, at a (1,) position of the table."""
        return [
            source
            for source in self.sources[modality]
            if source.query.index.count(video_id) and not source.is_hidden[position[0]]
        ]

    def find_modality(self, tracks: Mapping[Modality, Track], cell: int) -> Modality | None:
        """The modality that gives the most evidence in a cell of a video; None if it has none."""
        found: dict[Modality | None, float] = {
            modality: self.shares[modality] * 10 ** float(one.during[0, cell])
            for modality, one in tracks.items()
            if one.is_held[0]
        }
        return max(found, key=lambda modality: found[modality], default=None)

    def join(self, evidence: Mapping[Modality, FloatArray]) -> FloatArray:
        """The evidence of all modalities together; NaN, where one is missing, is neutral.

        The harmonic mean of their p-values, weighted by the shares, which may depend on each other
        (Good 1958; Wilson 2019): one modality is enough, and each of n costs at most log10 n.
        """
        total: FloatArray = np.zeros(())
        for modality, values in evidence.items():
            known = np.where(np.isnan(values), NEUTRAL, values)
            total = total + self.shares[modality] * 10.0**known
        joined: FloatArray = np.log10(total)
        return joined

    def weigh(self, joined: FloatArray) -> FloatArray:
        """The part of the score that evidence of all modalities together gives.

        A copy of a picture reaches far more than a line can; beyond the limit it is certain.
        """
        kept: FloatArray = -self.weight * np.log10(10.0**-joined + 10.0**-self.limit)
        return np.maximum(kept, 0.0)


def _join_tracks(tracks: Sequence[Track]) -> Track:
    """The mean of the tracks that hold a video; NaN where none does."""
    is_held = np.stack([one.is_held for one in tracks])
    n = is_held.sum(axis=0)[:, None]
    with np.errstate(invalid="ignore"):
        during = np.sum([one.during for one in tracks], axis=0) / n
        begins = np.sum([one.begins for one in tracks], axis=0) / n
    lengths = np.max([one.lengths for one in tracks], axis=0)
    return Track(during, begins, lengths, np.any(is_held, axis=0))


def _mean_known(rows: FloatArray) -> FloatArray:
    """The mean over the first axis without NaN; NaN where there is nothing else."""
    known = ~np.isnan(rows)
    with np.errstate(invalid="ignore"):
        mean: FloatArray = np.where(known, rows, 0.0).sum(axis=0) / known.sum(axis=0)
    return mean
