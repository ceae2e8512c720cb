"""Prepares a query in time: its leaves with all that each is compared by."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.weights import Weights
from mvsearch.search.query.words.languages import find_hidden
from mvsearch.search.retrieval.retrieve import IndexQuery
from mvsearch.search.retrieval.video_table import VideoTable
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.temporal.leaves import ComparedLeaf
from mvsearch.search.temporal.plan import make_plan
from mvsearch.search.temporal.reasons import choose_limit
from mvsearch.search.temporal.search import TemporalSearch
from mvsearch.search.temporal.tracks import Source
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Modality

Placed = Sequence[tuple[EncodedPart, IndexQuery]]


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The videos that are searched.

    Attributes:
        table: of the indexes of the query.
        within: ids of the videos; None for all.
        left_out: ids of videos that are not searched.
    """

    table: VideoTable
    within: Collection[str] | None
    left_out: Collection[str]


def prepare_search(
    calibrator: Calibrator, query: Query, parts: Placed, weights: Weights, scope: Scope
) -> TemporalSearch:
    """Prepare a query in time.

    Args:
        calibrator: of the library.
        query: with an expression.
        parts: its encoded parts in their indexes.
        weights: of the modalities.
        scope: the videos that are searched.

    Raises:
        QueryError: the library holds nothing that a part can be compared with.
    """
    assert query.expression is not None
    library, table = calibrator.library, scope.table
    plan = make_plan(query.expression)
    is_open = ~table.mark(scope.left_out)
    if scope.within is not None:
        is_open &= table.mark(scope.within)
    n_videos = library.catalog.n_videos() if scope.within is None else len(scope.within)
    sources = _make_sources(library, calibrator, parts, table)
    leaves = []
    for part, weight in zip(query.parts, plan.weights.tolist(), strict=True):
        found = _choose_sources(part, sources)
        leaves.append(ComparedLeaf(found, _share(found, weights), weight, choose_limit(n_videos)))
    return TemporalSearch(library, plan, leaves, table, np.flatnonzero(is_open), n_videos)


def _make_sources(
    library: Library, calibrator: Calibrator, parts: Placed, table: VideoTable
) -> list[Source]:
    different = list({id(part): (part, placed) for part, placed in parts}.values())
    hidden = find_hidden(library.catalog, [part for part, _ in different], table.video_ids)
    held = np.array([table.is_held[table.row_of(placed.index)] for _, placed in different])
    sources = []
    for row, (part, placed) in enumerate(different):
        null = calibrator.obtain_for(part, placed.index)
        rivals = [
            at
            for at, (other, _) in enumerate(different)
            if other.part == part.part and other.modality == part.modality
        ]
        has_another = (held[rivals] & ~hidden[rivals]).any(axis=0)
        levels = null.level_of(table.video_ids)
        sources.append(Source(part, placed, levels, null.scale, hidden[row] & has_another))
    return sources


def _choose_sources(part: QueryPart, sources: Sequence[Source]) -> dict[Modality, list[Source]]:
    found: dict[Modality, list[Source]] = defaultdict(list)
    for source in sources:
        if source.part.part == part:
            found[source.part.modality].append(source)
    if not found:
        raise QueryError(
            f"--{part.kind} {part.value[:60]!r} cannot be compared: the library lacks what it"
            " reaches, or the weights leave it out"
        )
    return dict(found)


def _share(modalities: Collection[Modality], weights: Weights) -> dict[Modality, float]:
    total = sum(weights[modality] for modality in modalities)
    return {modality: weights[modality] / total for modality in modalities}
