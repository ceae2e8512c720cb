"""Answers queries: finds, scores and ranks videos, with moments and reasons."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.all_pairs import AllPairs
from mvsearch.search.closer_look import CloserLook, EncodeViews
from mvsearch.search.contrast import check_sides, list_indexes, settle_options
from mvsearch.search.feedback.evidence import FeedbackEvidence
from mvsearch.search.feedback.means import KnownMeans
from mvsearch.search.layout import Layouts
from mvsearch.search.localization.landmark_evidence import find_landmark_evidence
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.analyse import Analyse
from mvsearch.search.query.contents import (
    find_held_spaces,
    open_copy_indexes,
    open_indexes,
)
from mvsearch.search.query.encode import (
    EncodedPart,
    EncodedQuery,
    Made,
    encode_query,
    keep_constant,
)
from mvsearch.search.query.query import Query
from mvsearch.search.query.weights import Weights
from mvsearch.search.query.words.lexical import WordSearch
from mvsearch.search.query.words.tags import find_tagged, list_passing, show_tags
from mvsearch.search.ranked import rank_parts
from mvsearch.search.ranking import Ranker, make_ranker
from mvsearch.search.results import Result
from mvsearch.search.retrieval.retrieve import Evidence, IndexQuery
from mvsearch.search.retrieval.video_table import VideoTables
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.similar import rank_similar
from mvsearch.search.temporal.preparing import Placed, Scope, prepare_search
from mvsearch.search.versions.dedupe import KnownCopies
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import Video


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A query that is ready to be searched.

    Attributes:
        weights: above zero, of the modalities that the library holds.
    """

    encoded: EncodedQuery
    weights: Weights


class Engine:
    """Answers queries over one library; several threads may use it at once.

    Args:
        encoders: those of the library's profile; each is loaded when a query first needs it.
        analyse: reads query files; the indexer's analysis by default.
        encode_views: encodes parts of their pictures; see `closer_look`.

    Attributes:
        layouts: of the library.
        means: the mean vectors of its videos.
    """

    def __init__(
        self,
        library: Library,
        encoders: Encoders,
        analyse: Analyse | None = None,
        encode_views: EncodeViews | None = None,
    ) -> None:
        self.library = library
        self.encoders = encoders
        self._analyse = analyse
        self._calibrator = Calibrator(library, encoders)
        self._closer_look = CloserLook(library, encoders, self._calibrator, encode_views)
        self.layouts = Layouts()
        self._tables = VideoTables()
        self._copies = KnownCopies()
        self.means = KnownMeans()
        self._evidence: FeedbackEvidence | None = None

    def reading_by(self, analyse: Analyse) -> "Engine":
        """This engine, with what it knows, but with another reader of query files."""
        engine = copy(self)
        engine._analyse = analyse
        return engine

    def refined_by(self, evidence: FeedbackEvidence) -> "Engine":
        """This engine, with what is liked and disliked of earlier results."""
        engine = copy(self)
        engine._evidence = evidence
        return engine

    def weights(self, options: SearchOptions) -> Weights:
        """The weights that a search with these options uses."""
        return options.choose_weights(find_held_spaces(self.library))

    def search(
        self,
        query: Query,
        options: SearchOptions = SearchOptions(),
        hidden: frozenset[str] = frozenset(),
        made: Made | None = None,
    ) -> list[Result]:
        """Find the videos that answer a query best, and where in them.

        Where the best is weak, parts of the query's picture are tried; see `CloserLook`.

        Args:
            query: what is asked.
            options: how results are scored and how many are returned.
            hidden: ids of videos that are no results, as if they were not in the library.
            made: encoded parts of earlier searches of this library; new ones of words and media in
                memory are added. None for none.

        Raises:
            QueryError: the query cannot be read, or the library holds nothing to compare it with.
            EncoderMismatchError: the library was built with other encoders.
            MvsearchError: the library is empty.
        """
        encoded: Made = {} if made is None else dict(made)
        options = settle_options(query, options)
        results = self._answer(query, options, hidden, encoded)
        if results and results[0].is_weak and query.is_plain:
            find_videos = partial(self._find_videos, query.filter, hidden)
            closer = self._closer_look.choose(query.parts, encoded, find_videos, options.by)
            results = results if closer is None else self._answer(query, options, hidden, closer)
        keep_constant(made, encoded)
        return results

    def _answer(
        self, query: Query, options: SearchOptions, hidden: frozenset[str], made: Made
    ) -> list[Result]:
        """Search once; `made` has parts that are encoded already, and gets the others."""
        prepare = partial(self._prepare, query, options, made)
        return self.library.answer(prepare, partial(self._search, query, options, hidden))

    def _find_videos(self, filter: Filter, hidden: frozenset[str]) -> set[str] | None:
        """The ids of the videos that pass a filter and are not hidden; None for all."""
        catalog = self.library.catalog
        if not filter and not hidden:
            return None
        return (catalog.passing(filter) if filter else catalog.video_ids()) - hidden

    def _prepare(
        self, query: Query, options: SearchOptions, made: Made, is_first: bool
    ) -> _Prepared:
        """Read and encode the query, and open the indexes: slow, so outside of a transaction."""
        if not query.parts:
            return _Prepared(EncodedQuery(()), {})
        library = self.library
        library.catalog.spell_tags(query.filter.tags)  # fails before the slow work
        with library.holding():
            held = find_held_spaces(library)
        check_sides(query, tuple(held))
        weights = options.choose_weights(held)
        weights = {m: weights[m] for m in held if weights.get(m, 0.0) > 0}
        encoded = encode_query(
            query.parts, library, self.encoders, weights, self._analyse, made, options.by
        )
        for part in encoded.parts:
            index = library.index(part.space)
            if part.peaks is not None:
                library.landmarks(part.space)
            # Only once: in a library that changes all the time, every attempt would measure again.
            if is_first:
                self._calibrator.obtain_for(part, index)
        if options.has_collapse:
            open_copy_indexes(library)
        return _Prepared(encoded, weights)

    def _search(
        self,
        query: Query,
        options: SearchOptions,
        hidden: frozenset[str],
        prepared: _Prepared,
    ) -> list[Result]:
        """Answer a query by filter, in time or by all of its parts, in one state of the library."""
        catalog = self.library.catalog
        if not query.parts:
            return list_passing(catalog, query.filter, options)
        passing = catalog.passing(query.filter) if query.filter else None
        words = WordSearch(catalog, has_misheard=options.has_misheard)
        # Negative parts come last, so that the first rows are of what speaks for a video.
        encoded = sorted(prepared.encoded.parts, key=lambda one: one.part.is_negative)
        parts = [(part, self._place(part, words)) for part in encoded]
        table = self._tables.gather([placed.index for _, placed in parts])
        scope = Scope(table, passing, prepared.encoded.left_out | hidden)
        if query.expression is None:
            ranker = self._make_ranker(options, prepared.weights, parts, passing)
            results = rank_parts(self._calibrator, query, ranker, parts, scope)
        else:
            asked = prepare_search(self._calibrator, query, parts, prepared.weights, scope)
            results = replace(asked, evidence=self._evidence).search(query, options, self._copies)
        tagged = find_tagged(catalog, query.filter.tags, [result.video.id for result in results])
        return [show_tags(result, tagged) for result in results]

    def _place(self, part: EncodedPart, words: WordSearch) -> IndexQuery:
        """The vectors of a part in the coordinates of its index, with words or landmarks found."""
        index = self.library.index(part.space)
        evidence: Mapping[str, Evidence] = (
            words.find(part.space, part.lines, is_negative=part.part.is_negative)
            if part.lines
            else find_landmark_evidence(self.library, part)
        )
        return IndexQuery(index, index.place(part.vectors), evidence)

    def _make_ranker(
        self,
        options: SearchOptions,
        weights: Weights,
        parts: Placed,
        passing: set[str] | None,
    ) -> Ranker:
        """The ranker of a query among the videos that pass; None for all."""
        n_videos = self.library.catalog.n_videos() if passing is None else len(passing)
        indexes = open_copy_indexes(self.library) if options.has_collapse else {}
        alike = [pair for pair in parts if not pair[0].part.is_negative]
        marks = self._calibrator.find_marks(list_indexes(alike), n_videos)
        made = make_ranker(self.library, options, weights, marks, indexes, self._copies)
        return replace(made, evidence=self._evidence)

    def similar(
        self,
        video: Video,
        options: SearchOptions = SearchOptions(),
        filter: Filter = Filter(),
        hidden: frozenset[str] = frozenset(),
    ) -> list[Result]:
        """Find the videos most similar to one of the library, from what is stored.

        Similarity is symmetric: the mean of both directions of the set similarity.

        Args:
            video: of the library; it need not pass the filter.
            options: how results are scored and how many are returned.
            filter: selects the videos that are compared with it.
            hidden: ids of videos that are no results.

        Raises:
            QueryError: no video has a tag of the filter, or near-duplicates cannot be detected.
            MvsearchError: the library is empty.
        """
        return self.library.answer(
            self._prepare_similar,
            lambda _: rank_similar(
                self.library, self._calibrator, self._tables, video, options, filter, hidden
            ),
        )

    def _prepare_similar(self, is_first: bool) -> None:
        for index in open_indexes(self.library).values():
            if is_first:
                self._calibrator.obtain(index, "video")
        open_copy_indexes(self.library)

    def all_pairs(
        self, options: SearchOptions = SearchOptions(), among: Sequence[Video] | None = None
    ) -> AllPairs:
        """Compare videos with each other; see `AllPairs`.

        Args:
            options: how results are scored and how many are returned for each video.
            among: the videos to compare; None for all of the library.
        """
        return AllPairs(self.library, self._calibrator, options, among)
