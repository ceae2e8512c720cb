"""Runs the queries of a benchmark on one library and ranks the right answers."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.closer_look import Viewed, encode_views
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.outcomes import FirstResult, Outcome
from mvsearch.search.evaluation.queries.distortion.distortions import NONE
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.in_time import make_query
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.systems import System, list_systems
from mvsearch.search.options import SearchOptions, choose_fusion
from mvsearch.search.query.analyse import analyse_part
from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.spaces import own_spaces
from mvsearch.search.results import Result
from mvsearch.search.scoring.two_sources import PAIR
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES, Embeddings, Modality, Video


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """The features of a query's file by the encoders of one library; empty for words.

    Attributes:
        error: of the analysis.
    """

    embeddings: tuple[Embeddings, ...] = ()
    error: MediaError | None = None


class QueryRunner:
    """One library with its encoders, and the systems to evaluate.

    Args:
        library: nothing is written to it.
        encoders: of its profile.
        groups: videos that count as right answers for each other.
    """

    def __init__(self, library: Library, encoders: Encoders, groups: Groups) -> None:
        self.library = library
        self.encoders = encoders
        self.groups = groups
        self.engine = Engine(library, encoders, self._read_known, self._encode_views)
        self.holders = find_holders(library)
        held = [m for m in MODALITIES if self.holders.get(m) and encoders.get(m) is not None]
        self.systems = list_systems(self.engine, held)
        self._known: dict[str, Analysed] = {}
        self._viewed: dict[str, Viewed | None] = {}

    def analyse(self, query: KnownQuery, part: QueryPart) -> Analysed:
        """Analyse the file of a query once for all systems; words need no analysis."""
        if query.kind == "lyric":
            return Analysed()
        modalities = [modality for modality in query.modalities if self.holders.get(modality)]
        try:
            return Analysed(tuple(analyse_part(part, self.encoders, modalities)))
        except MediaError as error:
            return Analysed(error=error)

    def run(self, query: KnownQuery, part: QueryPart, analysed: Analysed) -> Iterator[Outcome]:
        """Run a query on every system that has a modality of the query."""
        self._known[part.value] = analysed
        answers = self._find_answers(query) - query.hidden
        for each in self.systems:
            compared = each.modalities & set(query.modalities)
            if not (self._is_in_time(each, compared) if query.line_spans else compared):
                continue
            ranked = frozenset().union(*(self.holders[modality] for modality in compared))
            ranked -= query.hidden
            right = answers & ranked
            try:
                results = self._search(_ask(query, part), each.options, right, query.hidden)
            except QueryError:  # nothing to compare, such as a picture that is too dark: a miss
                results = []
            absent = self._search_absent(query, part, each)
            outcome = replace(_judge(query, each, ranked, right, results), absent=absent)
            has_both = set(PAIR) <= compared
            yield self._judge_sources(query, outcome, results) if has_both else outcome
        del self._known[part.value]
        self._viewed.clear()

    def _is_in_time(self, system: System, compared: Collection[Modality]) -> bool:
        """Whether a system is asked queries in time: it has both parts; all fusions score alike."""
        return len(compared) == 2 and system.name == choose_fusion(self.encoders)

    def _search_absent(
        self, query: KnownQuery, part: QueryPart, system: System
    ) -> FirstResult | None:
        """The first result without the source and all that is related; of undistorted queries."""
        if query.distortion != NONE:
            return None
        hidden = query.hidden.union(*(self._find_family(video) for video in query.videos))
        options = replace(system.options, top=1, n_moments=0)
        try:
            return _describe_first(self.engine.search(_ask(query, part), options, hidden))
        except QueryError:
            return None

    def _encode_views(self, whole: EncodedPart, encoders: Encoders) -> Viewed | None:
        """Encode the views of a query once for all systems."""
        name = whole.part.value
        if name not in self._viewed:
            self._viewed[name] = encode_views(whole, encoders)
        return self._viewed[name]

    def _read_known(
        self, part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
    ) -> Sequence[Embeddings]:
        """Return the precomputed features to the engine."""
        analysed = self._known[part.value]
        if analysed.error is not None:
            raise analysed.error
        return [made for made in analysed.embeddings if made.space.modality in modalities]

    def _search(
        self,
        query: Query,
        options: SearchOptions,
        right: Collection[str],
        hidden: frozenset[str] = frozenset(),
    ) -> Sequence[Result]:
        """The results for a user, extended to all videos if a right answer is missing."""
        results = self.engine.search(query, options, hidden)
        if len(results) < options.top or {result.video.id for result in results} >= set(right):
            return results
        whole = replace(options, top=self.library.catalog.n_videos(), n_moments=0)
        return [*results, *self.engine.search(query, whole, hidden)[len(results) :]]

    def _judge_sources(
        self, query: KnownQuery, outcome: Outcome, results: Sequence[Result]
    ) -> Outcome:
        """Record whether both videos of a mix come first, and whether two are told."""
        told = {result.source_of: result.video.id for result in results if result.source_of}
        if query.heard is None:
            return replace(outcome, is_told_two=bool(told))
        families = [self._find_family(video) for video in query.videos]
        first = [result.video.id for result in results[:2]]
        is_told = [told.get(m) in family for m, family in zip(PAIR, families, strict=True)]
        is_both_first = all(family.intersection(first) for family in families)
        return replace(outcome, is_both_first=is_both_first, is_told_two=all(is_told))

    def _find_family(self, video: Video) -> frozenset[str]:
        """A video and all that is related to it."""
        return self.groups.find_similar(video.id) | {video.id}

    def _find_answers(self, query: KnownQuery) -> frozenset[str]:
        """The right answers: the same for every system."""
        if query.heard is not None:
            return frozenset().union(
                *(
                    self.groups.find_answers(video.id, (modality,)) | {video.id}
                    for video, modality in zip(query.videos, PAIR, strict=True)
                )
            )
        answers = self.groups.find_answers(query.source.id, query.modalities)
        return answers | {query.source.id} if query.is_source_right else answers


def _ask(query: KnownQuery, part: QueryPart) -> Query:
    return make_query(part, query.text) if query.line_spans else Query((part,))


def _judge(
    query: KnownQuery,
    system: System,
    ranked: frozenset[str],
    right: frozenset[str],
    results: Sequence[Result],
) -> Outcome:
    """Record the ranks of the right answers among the comparable videos."""
    source = query.source.id
    found = [result.video.id for result in results]
    if not query.is_source_right:
        ranked -= {source}
        found = [video_id for video_id in found if video_id != source]
    ranks = [rank for rank, video_id in enumerate(found, start=1) if video_id in right]
    is_found = query.is_source_right and source in found
    part_errors = find_part_errors(query, results[: system.options.top])
    return Outcome(
        source=source,
        query=query.label,
        kind=query.kind,
        distortion=query.distortion,
        seconds=query.nominal_seconds,
        system=system.name,
        n_videos=len(ranked),
        n_relevant=len(right),
        relevant_ranks=tuple(ranks),
        source_rank=found.index(source) + 1 if is_found else None,
        moment_error_seconds=(
            _find_largest(part_errors) if part_errors else find_moment_error(query, results)
        ),
        part_errors_seconds=part_errors,
        is_moment_asked=bool(query.spans),
        first=_describe_first(results) if query.is_source_right else None,
    )


def _describe_first(results: Sequence[Result]) -> FirstResult | None:
    if not results:
        return None
    surprisals = [one.calibrated for one in results[0].contributions.values()]
    return FirstResult(max(surprisals, default=0.0), results[0].is_weak)


def find_moment_error(query: KnownQuery, results: Sequence[Result]) -> float | None:
    """The error of the first moment in the source against the nearest true one.

    Only displayed results have moments: a source that is not among them has none.

    Returns:
        The larger of the errors of start and end; None if no moment is expected or given.
    """
    own = [result for result in results if result.video.id == query.source.id]
    given = [
        (moment.start_seconds, moment.end_seconds)
        for result in own
        for moment in result.moments
        if moment.start_seconds is not None and moment.end_seconds is not None
    ]
    if not given or not query.spans:
        return None
    return _measure_error(*given[0], query.spans)


def find_part_errors(query: KnownQuery, results: Sequence[Result]) -> tuple[float | None, ...]:
    """The errors of a query in time: of the place of its still in the source, and of its line.

    Returns:
        For each the error of `find_moment_error`, None if it was not found, or without a time;
        empty for other queries.
    """
    if not query.line_spans:
        return ()
    own = [result for result in results if result.video.id == query.source.id]
    parts = own[0].parts if own else ()
    errors: list[float | None] = [None, None]
    for found, spans in zip(parts, (query.spans, query.line_spans), strict=False):
        start, end = found.start_seconds, found.end_seconds
        if found.is_found and start is not None and end is not None:
            errors[found.part] = _measure_error(start, end, spans)
    return tuple(errors)


def _find_largest(errors: Sequence[float | None]) -> float | None:
    known = [error for error in errors if error is not None]
    return max(known) if len(known) == len(errors) else None


def _measure_error(start: float, end: float, spans: Sequence[tuple[float, float]]) -> float:
    return min(max(abs(start - first), abs(end - last)) for first, last in spans)


def find_holders(library: Library) -> dict[Modality, frozenset[str]]:
    """The videos that have vectors of each modality."""
    videos = library.catalog.videos()
    holders: dict[Modality, frozenset[str]] = {}
    for modality, space in own_spaces(library).items():
        index = library.index(space)
        holders[modality] = frozenset(video.id for video in videos if index.count(video.id))
    return holders
