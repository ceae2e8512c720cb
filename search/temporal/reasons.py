"""Tells where each part of a query in time is in a video, and if that is better than chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.localization.moments import read_texts
from mvsearch.search.query.language.printing import describe_part
from mvsearch.search.query.query import QueryPart
from mvsearch.search.results import Contribution, Moment
from mvsearch.search.scoring.calibration import find_same_levels, is_chance
from mvsearch.search.temporal.found import FoundPart
from mvsearch.search.temporal.grid import Cells, Grid
from mvsearch.search.temporal.leaves import ComparedLeaf
from mvsearch.search.temporal.plan import Plan
from mvsearch.search.temporal.scoring import Curve, place_leaves
from mvsearch.search.temporal.tracks import Source
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Video

# A part is certain if one in so many libraries has an unrelated video with as much of it.
SURE = 100.0
# A part is found if one in a hundred unrelated videos has as much of it; all parts together are
# judged by `is_chance`.
MIN_FOUND = 2.0


def choose_limit(n_videos: int) -> float:
    """The evidence that is as good as certain among so many videos."""
    return math.log10(max(1, n_videos) * SURE)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a video beside its score; see `Result`."""

    parts: tuple[FoundPart, ...]
    moments: tuple[Moment, ...]
    contributions: dict[Modality, Contribution]
    is_weak: bool


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Tells where the parts of one query are.

    Attributes:
        query_parts: of the query.
        plan: of the query.
        leaves: of the query, in order.
        n_videos: that are searched.
    """

    library: Library
    query_parts: Sequence[QueryPart]
    plan: Plan
    leaves: Sequence[ComparedLeaf]
    n_videos: int

    def tell(
        self, video: Video, position: Cells, grid: Grid, curves: Sequence[Curve], n_moments: int
    ) -> Told:
        """Where each part is in a video.

        Args:
            video: a result.
            position: (1,) of the video in the table.
            grid: of the curves.
            curves: of the leaves in this video.
            n_moments: maximum number for each modality.
        """
        cells = place_leaves(self.plan, curves, grid)
        judged = [
            self._find_part(number, video, position, grid, cells.get(number))
            for number in range(len(self.leaves))
        ]
        parts = tuple(part for part, _ in judged)
        return Told(
            parts,
            _list_moments(video, parts, n_moments),
            self._list_contributions(parts),
            self._is_weak(judged),
        )

    def _find_part(
        self, number: int, video: Video, position: Cells, grid: Grid, cell: int | None
    ) -> tuple[FoundPart, bool]:
        """A part, and whether it is the same picture or sound, however many videos have it."""
        leaf, is_against = self.leaves[number], number in self.plan.unwanted
        name = describe_part(self.query_parts[number])
        if cell is None:
            nothing = (None, None, None, None, 0.0, 0.0)
            found = FoundPart(number, name, *nothing, is_against=is_against, is_found=False)
            return found, False
        tracks = leaf.draw_tracks([video.id], position, grid)
        modality = leaf.find_modality(tracks, cell)
        joined = leaf.join({m: one.during[0, cell : cell + 1] for m, one in tracks.items()})
        evidence = float(joined[0])
        points = float(leaf.weigh(joined)[0]) / self.plan.total_weight
        points = -points if is_against else points
        if modality is None:
            nothing = (None, None, None, None, evidence, points)
            found = FoundPart(number, name, *nothing, is_against=is_against, is_found=False)
            return found, False
        held = [
            (source, *_locate(source, self.library, video, cell, grid))
            for source in leaf.list_sources(modality, video.id, position)
        ]
        source, start, end, similarity, text = max(held, key=lambda one: one[3])
        same = find_same_levels([source.part.space], [modality] if source.is_still else [])
        is_same = similarity >= same.get(modality, math.inf)
        is_found = is_same or evidence >= MIN_FOUND
        place = (number, name, modality, start, end, similarity, evidence, points)
        return FoundPart(*place, is_against, is_found, text), is_same

    def _list_contributions(self, parts: Sequence[FoundPart]) -> dict[Modality, Contribution]:
        """What each modality gives to the score by the parts that are wanted."""
        found: dict[Modality, list[FoundPart]] = {}
        for part in parts:
            if part.modality is not None and not part.is_against:
                found.setdefault(part.modality, []).append(part)
        return {
            modality: Contribution(
                max(part.similarity or 0.0 for part in some),
                sum(self.leaves[part.part].weight for part in some) / self.plan.total_weight,
                float(np.mean([part.evidence for part in some])),
                sum(part.points for part in some),
            )
            for modality, some in found.items()
        }

    def _is_weak(self, judged: Sequence[tuple[FoundPart, bool]]) -> bool:
        """Whether a part is not found, or all together are no better than chance.

        The p-value of their sum is that of independent tests (Fisher 1932). What is the same
        picture or sound is certain, as in a plain search.
        """
        wanted = [(part, is_same) for part, is_same in judged if not part.is_against]
        if not all(part.is_found for part, _ in wanted):
            return True
        sure = choose_limit(self.n_videos)
        evidence = [max(part.evidence, sure if is_same else 0.0) for part, is_same in wanted]
        total = math.log(10) * sum(evidence)
        series = sum(total**k / math.factorial(k) for k in range(len(wanted)))
        joined = (total - math.log(series)) / math.log(10)
        return is_chance(joined, self.n_videos)


def _locate(
    source: Source, library: Library, video: Video, cell: int, grid: Grid
) -> tuple[float | None, float | None, float, str]:
    """Start, end, similarity and text of what a source finds in a cell."""
    if not source.is_still:
        return *source.find_pattern(video.id, cell, grid), ""
    at, similarity = source.find_segment(video.id, cell, grid)
    spans = source.query.index.spans(video.id)
    texts = read_texts(library, video.id, source.part.space)
    text = texts[at] if texts else ""
    if not np.isfinite(spans.starts[at]):
        return None, None, similarity, text
    return float(spans.starts[at]), float(spans.ends[at]), similarity, text


def _list_moments(video: Video, parts: Sequence[FoundPart], n_moments: int) -> tuple[Moment, ...]:
    """The places of what is wanted and found, in the order of time."""
    found = [part for part in parts if part.is_found and not part.is_against and part.modality]
    found.sort(key=lambda part: math.inf if part.start_seconds is None else part.start_seconds)
    counts: dict[Modality, int] = {}
    moments = []
    for part in found:
        assert part.modality is not None
        counts[part.modality] = counts.get(part.modality, 0) + 1
        if counts[part.modality] <= n_moments:
            place = (part.start_seconds, part.end_seconds, part.similarity or 0.0)
            moments.append(Moment(video.id, part.modality, *place, text=part.text))
    return tuple(moments)
