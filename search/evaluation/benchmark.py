"""Asks a library queries with known answers, as a user would, and notes how they rank."""

import os
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.cuts import cut_clip, cut_frame
from indexer.distortions import DISTORTIONS
from indexer.encoders import Encoders
from indexer.parallel import map_in_threads
from search.encode import analyse_part, own_spaces
from search.engine import Engine, SearchOptions
from search.evaluation.evaluation import Evaluation
from search.evaluation.groups import Groups
from search.evaluation.likeness import rank_similar
from search.evaluation.means import Means, list_means
from search.evaluation.outcomes import Outcome
from search.evaluation.queries import KnownQuery, SampleOptions, sample_queries
from search.query import Query, QueryPart
from store.errors import MediaError, QueryError
from store.library import Library
from store.records import MODALITIES, Embeddings, Modality, Result

Tell = Callable[[str, int, int], None]
Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """How a library is evaluated.

    Attributes:
        sample: which queries.
        workers: clips cut and analysed at once; None for one a core.
    """

    sample: SampleOptions = field(default_factory=SampleOptions)
    workers: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A query ready to be asked, or why it could not be made."""

    query: KnownQuery
    part: QueryPart
    embeddings: tuple[Embeddings, ...] = ()
    analysis_error: MediaError | None = None
    cut_error: MediaError | None = None


def run_benchmark(
    library: Library,
    encoders: Encoders,
    groups: Groups,
    options: BenchmarkOptions,
    tell: Tell = lambda stage, n_done, n_all: None,
    announce: Announce = lambda line: None,
) -> Evaluation:
    """Sample queries from a library, ask them by every means, and gather what came of it.

    Args:
        library: the one evaluated; nothing is written to it.
        encoders: of its profile.
        groups: videos that answer for one another.
        options: which queries, and how many at once.
        tell: called with the stage, the number of its steps done, and of all.
        announce: called with a line on what will be done.

    Raises:
        MvsearchError: the library is empty, or cannot be asked with these encoders.
    """
    with _Benchmark(library, encoders, groups) as benchmark:
        return benchmark.run(options, tell, announce)


@dataclass(slots=True, eq=False)
class _Benchmark:
    """One run over one library."""

    library: Library
    encoders: Encoders
    groups: Groups
    engine: Engine = field(init=False)
    holders: Mapping[Modality, frozenset[str]] = field(init=False)
    _known: dict[str, _Prepared] = field(init=False, default_factory=dict)
    _folder: tempfile.TemporaryDirectory[str] = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.library, self.encoders, self._read_known)
        self.holders = _find_holders(self.library)

    def __enter__(self) -> "_Benchmark":
        self._folder = tempfile.TemporaryDirectory(prefix="mvsearch-")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def run(self, options: BenchmarkOptions, tell: Tell, announce: Announce) -> Evaluation:
        """Ask everything."""
        n_videos = self.library.catalog.n_videos()
        held = [m for m in MODALITIES if self.holders.get(m) and self.encoders.get(m) is not None]
        means = list_means(self.engine, held)
        queries = sample_queries(self.library, held, self.groups, options.sample)
        announce(f"{len(queries)} queries from {n_videos} videos, each by {len(means)} means")
        outcomes, failed = self._ask_all(queries, means, options.workers, tell)
        hubness = None
        if "similar" in options.sample.kinds and n_videos > 1:
            similar, hubness = rank_similar(self.engine, means, self.groups, tell)
            outcomes += similar
        profile = self.library.catalog.profile() or self.encoders.name
        notes = [*self.groups.notes, *_count_failures(failed)]
        return Evaluation(
            library=self.library.folder.name,
            profile=profile,
            seed=options.sample.seed,
            n_videos=n_videos,
            outcomes=tuple(outcomes),
            hubness=hubness,
            notes=tuple(notes),
            fusion=SearchOptions().fusion,
        )

    def _ask_all(
        self, queries: Sequence[KnownQuery], means: Sequence[Means], workers: int | None, tell: Tell
    ) -> tuple[list[Outcome], list[MediaError]]:
        """Cut and analyse in threads, search in this one; the order is that of the queries."""
        answered: dict[int, list[Outcome]] = {}
        failed: list[MediaError] = []
        n_workers = workers or os.cpu_count() or 1
        numbered = enumerate(queries)
        for n_done, (number, ready) in enumerate(
            map_in_threads(self._prepare, numbered, n_workers, threading.Event()), start=1
        ):
            if ready.cut_error is not None:
                failed.append(ready.cut_error)
            else:
                answered[number] = list(self._ask(ready, means))
            self._known.pop(ready.part.value, None)
            if ready.query.kind != "lyric":
                ready.part.path.unlink(missing_ok=True)
            tell("queries", n_done, len(queries))
        return [outcome for number in sorted(answered) for outcome in answered[number]], failed

    def _prepare(self, numbered: tuple[int, KnownQuery]) -> tuple[int, _Prepared]:
        """Make the file of a query and analyse it once, for all means."""
        number, query = numbered
        if query.kind == "lyric":
            return number, _Prepared(query, QueryPart("lyric", query.text))
        out = Path(self._folder.name) / f"{number}.{'mkv' if query.kind == 'clip' else 'png'}"
        part = QueryPart("clip" if query.kind == "clip" else "image", str(out))
        distortion, path = DISTORTIONS[query.distortion], query.source.path
        try:
            if query.kind == "clip":
                start, seconds = query.start_seconds, query.seconds
                cut_clip(path, start, seconds, distortion, out, query.seed)
            else:
                cut_frame(path, query.start_seconds, distortion, out)
        except MediaError as error:
            return number, _Prepared(query, part, cut_error=error)
        try:
            found = tuple(analyse_part(part, self.encoders, query.senses))
        except MediaError as error:
            return number, _Prepared(query, part, analysis_error=error)
        return number, _Prepared(query, part, found)

    def _read_known(
        self, part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
    ) -> Sequence[Embeddings]:
        """Hand the engine what was analysed already."""
        ready = self._known[part.value]
        if ready.analysis_error is not None:
            raise ready.analysis_error
        return [made for made in ready.embeddings if made.space.modality in modalities]

    def _ask(self, ready: _Prepared, means: Sequence[Means]) -> Iterator[Outcome]:
        self._known[ready.part.value] = ready
        for each in means:
            compared = each.modalities & set(ready.query.senses)
            if not compared:
                continue
            right = self._find_right(ready.query, compared)
            try:
                results = self._search(Query((ready.part,)), each.options, right)
            except QueryError:  # nothing is left of it, such as a picture too dark to tell: a miss
                results = []
            yield self._judge(ready.query, each.name, compared, results)

    def _search(
        self, query: Query, options: SearchOptions, right: Collection[str]
    ) -> Sequence[Result]:
        """What a user gets; where not all that is right is in it, the ranks of all the others."""
        results = self.engine.search(query, options)
        if len(results) < options.top or {result.video.id for result in results} >= set(right):
            return results
        whole = replace(options, top=self.library.catalog.n_videos(), n_moments=0)
        return [*results, *self.engine.search(query, whole)[len(results) :]]

    def _find_right(self, query: KnownQuery, compared: Collection[Modality]) -> set[str]:
        """The right answers among the videos that can be compared."""
        right = set(self.groups.find_answers(query.source.id, compared))
        if query.is_source_right:
            right.add(query.source.id)
        return right & self._find_ranked(compared)

    def _find_ranked(self, compared: Collection[Modality]) -> set[str]:
        return set().union(*(self.holders[modality] for modality in compared))

    def _judge(
        self,
        query: KnownQuery,
        means: str,
        compared: Collection[Modality],
        results: Sequence[Result],
    ) -> Outcome:
        """Note the ranks of the right answers among the videos that could be found."""
        source = query.source.id
        ranked, right = self._find_ranked(compared), self._find_right(query, compared)
        found = [result.video.id for result in results]
        if not query.is_source_right:
            ranked.discard(source)
            found = [video_id for video_id in found if video_id != source]
        ranks = [rank for rank, video_id in enumerate(found, start=1) if video_id in right]
        is_found = query.is_source_right and source in found
        return Outcome(
            source=source,
            query=query.label,
            kind=query.kind,
            distortion=query.distortion,
            seconds=query.nominal_seconds,
            means=means,
            n_videos=len(ranked),
            n_relevant=len(right),
            relevant_ranks=tuple(ranks),
            source_rank=found.index(source) + 1 if is_found else None,
            moment_error_seconds=find_moment_error(query, results),
            is_moment_asked=bool(query.spans),
        )


def find_moment_error(query: KnownQuery, results: Sequence[Result]) -> float | None:
    """How far the first moment with times in the source lies from the nearest true one.

    Only what a user sees has moments: a source that is not among the first results has none.

    Returns:
        The larger of the errors of start and end; None where nothing is asked for or given.
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
    start, end = given[0]
    return min(max(abs(start - first), abs(end - last)) for first, last in query.spans)


def _find_holders(library: Library) -> dict[Modality, frozenset[str]]:
    """The videos that have vectors of each modality."""
    videos = library.catalog.videos()
    holders: dict[Modality, frozenset[str]] = {}
    for modality, space in own_spaces(library).items():
        index = library.index(space)
        rows = {video.id: index.rows(video.id) for video in videos}
        holders[modality] = frozenset(v for v, at in rows.items() if at.stop > at.start)
    return holders


def _count_failures(failed: Sequence[MediaError]) -> list[str]:
    """One line on the queries that could not be made, with the first reason."""
    if not failed:
        return []
    reasons = sorted({str(error) for error in failed})
    return [f"{len(failed)} queries could not be made; one reason: {reasons[0]}"]
