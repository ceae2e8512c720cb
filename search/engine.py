"""Answers queries: finds, scores and ranks videos, with moments and reasons."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import StepCounter
from mvsearch.search.localization.moments import find_moments, find_shared_moments
from mvsearch.search.options import SearchOptions, choose_fusion
from mvsearch.search.query.contents import find_held_spaces, list_videos, open_indexes, read_videos
from mvsearch.search.query.encode import (
    Analyse,
    EncodedPart,
    EncodedQuery,
    Made,
    encode_query,
)
from mvsearch.search.query.lexical import find_evidence
from mvsearch.search.query.query import Query
from mvsearch.search.query.tags import find_tagged, list_passing, show_tags
from mvsearch.search.query.weights import Weights
from mvsearch.search.results import Contribution, Moment, Result
from mvsearch.search.retrieval.candidates import MAX_OPERATIONS, choose_depth, count_operations
from mvsearch.search.retrieval.matrix import SimilarityMatrix
from mvsearch.search.retrieval.rerank import Compared, Reranker
from mvsearch.search.retrieval.retrieve import IndexQuery, find_candidates
from mvsearch.search.retrieval.set_similarity import compare_all, compare_one
from mvsearch.search.retrieval.video_table import Positions, VideoTables
from mvsearch.search.scoring.calibration import find_same_levels, is_weak
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.scoring.fusion import (
    FloatArray,
    Similarities,
    choose_weights,
    fuse,
    merge_parts,
    order_best_first,
    split_scores,
)
from mvsearch.search.versions.dedupe import IsCopy, open_copy_test, pick_videos
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Space, Video
from mvsearch.store.vectors.index import VectorIndex

__all__ = ["Engine", "SearchOptions", "choose_fusion"]


@dataclass(frozen=True, slots=True)
class _Rules:
    """How every ranking of one call is made.

    Attributes:
        same: see `find_same_levels`.
        is_copy: None where near-duplicates are not collapsed.
        n_videos: chance finds one among so many.
    """

    options: SearchOptions
    weights: Weights
    same: dict[Modality, float]
    is_copy: IsCopy | None
    n_videos: int


class Engine:
    """Answers queries over one library; several threads may ask at once.

    Args:
        encoders: those of the library's profile; each is loaded when a query first needs it.
        analyse: reads query files; the indexer's analysis by default.
    """

    def __init__(
        self, library: Library, encoders: Encoders, analyse: Analyse | None = None
    ) -> None:
        self.library = library
        self.encoders = encoders
        self._analyse = analyse
        self._calibrator = Calibrator(library, encoders)
        self._tables = VideoTables()

    def weights(self, options: SearchOptions, held: Collection[Modality] | None = None) -> Weights:
        """The weights that a search with these options uses.

        Args:
            options: of the search.
            held: the modalities that the library holds; None to ask it.
        """
        if options.weights:
            return options.weights
        held = find_held_spaces(self.library) if held is None else held
        return choose_weights(held, options.fusion)

    def search(self, query: Query, options: SearchOptions = SearchOptions()) -> list[Result]:
        """Find the videos that answer a query best, and where in them.

        Raises:
            QueryError: the query cannot be read, or reaches nothing that the library holds.
            EncoderMismatchError: the library was built with other encoders.
            MvsearchError: the library is empty.
        """
        prepare = partial(self._prepare, query, options, {})
        return self.library.answer(prepare, partial(self._search, query, options))

    def _prepare(
        self, query: Query, options: SearchOptions, made: Made, is_first: bool
    ) -> tuple[Weights, EncodedQuery]:
        """Do what takes long, so that no transaction is open meanwhile: read files, open indexes.

        Returns:
            The weight of each modality that the library holds, if it is above zero; the query.
        """
        if not query.parts:
            return {}, EncodedQuery(())
        self.library.catalog.spell_tags(query.filter.tags)  # before what takes long
        with self.library.holding():
            held = find_held_spaces(self.library)
        weights = self.weights(options, held)
        weights = {m: weights[m] for m in held if weights.get(m, 0.0) > 0}
        library, encoders = self.library, self.encoders
        encoded = encode_query(query.parts, library, encoders, weights, self._analyse, made)
        for part in encoded.parts:
            index = library.index(part.space)
            if is_first:  # in a library that changes all the time it would never be the same again
                self._calibrator.obtain_for(part, index)
        if options.has_collapse:
            open_indexes(library)
        return weights, encoded

    def _search(
        self, query: Query, options: SearchOptions, prepared: tuple[Weights, EncodedQuery]
    ) -> list[Result]:
        catalog = self.library.catalog
        if not query.parts:
            return list_passing(catalog, query.filter, options)
        passing = catalog.passing(query.filter) if query.filter else None
        weights, encoded = prepared
        asks = [self._ask(part) for part in encoded.parts]
        of_parts = [part.modality for part in encoded.parts]
        table = self._tables.gather([ask.index for ask in asks])
        asked = list(zip(encoded.parts, asks, strict=True))
        calibrate = self._calibrator.calibrate_parts(
            [(part, ask.index) for part, ask in asked], table.video_ids
        )

        def merge(
            similarities: FloatArray, positions: Positions
        ) -> tuple[Similarities, Similarities]:
            surprisals = calibrate(similarities, positions)
            return merge_parts(similarities, of_parts), merge_parts(surprisals, of_parts)

        def score(similarities: FloatArray, positions: Positions) -> FloatArray:
            return fuse(options.fusion, *merge(similarities, positions), weights)[0]

        # A rank is known only when every video is: no bound lets a search by ranks stop early.
        n_wanted = None if options.fusion == "rrf" or options.is_picky else options.top
        found = find_candidates(asks, score, n_wanted, encoded.left_out, table, passing)
        n_videos = catalog.n_videos() if passing is None else len(passing)
        indexes = open_indexes(self.library) if options.has_collapse else {}
        spaces = [ask.index.space for ask in asks]
        rules = _make_rules(options, weights, n_videos, indexes, spaces)
        results = self._rank(
            found.video_ids,
            merge(found.similarities, found.positions),
            rules,
            lambda video: find_moments(self.library, video, asked, options.n_moments),
        )
        shown = [result.video.id for result in results]
        tagged = find_tagged(catalog, query.filter.tags, shown)
        return [show_tags(result, tagged) for result in results]

    def similar(
        self, video: Video, options: SearchOptions = SearchOptions(), filter: Filter = Filter()
    ) -> list[Result]:
        """Find the videos most similar to one of the library, from what is stored.

        Similarity is symmetric: the mean of both directions of the set similarity.

        Args:
            video: of the library; it need not pass the filter.
            options: how results are scored and how many are given.
            filter: of the videos that are compared with it.
        """
        answer = partial(self._similar, video, options, filter)
        return self.library.answer(self._prepare_similar, lambda _: answer())

    def _prepare_similar(self, is_first: bool) -> None:
        for index in open_indexes(self.library).values():
            if is_first:
                self._calibrator.obtain(index, "video")

    def _similar(self, video: Video, options: SearchOptions, filter: Filter) -> list[Result]:
        videos = list_videos(self.library, filter)
        ids = [other.id for other in videos if other.id != video.id]
        indexes = open_indexes(self.library)
        similarities = {m: compare_one(i, video.id, ids) for m, i in indexes.items()}
        surprisals = {
            m: self._calibrator.calibrate_pairs(indexes[m], row[None], [video.id], ids)[0]
            for m, row in similarities.items()
        }
        share = partial(find_shared_moments, self.library, video, indexes.values())
        known = {other.id: other for other in videos}
        rules = _make_rules(options, self.weights(options, indexes), len(videos), indexes)
        return self._rank(ids, (similarities, surprisals), rules, share, known)

    def similar_all(
        self, matrix: SimilarityMatrix, options: SearchOptions = SearchOptions()
    ) -> Iterator[tuple[Video, list[Result]]]:
        """Rank, for every video of the matrix in turn, the others by their similarity to it."""
        ids = [video.id for video in matrix.videos]
        known = {video.id: video for video in matrix.videos}
        indexes = open_indexes(self.library)
        rules = _make_rules(options, self.weights(options, indexes), len(ids), indexes)
        for at, video in enumerate(matrix.videos):
            share = partial(find_shared_moments, self.library, video, indexes.values())
            yield video, self._rank(ids, matrix.row(at), rules, share, known)

    def similarity_matrix(
        self,
        options: SearchOptions = SearchOptions(),
        progress: StepCounter | None = None,
        among: Sequence[Video] | None = None,
    ) -> SimilarityMatrix:
        """Compare all videos with all others.

        Args:
            options: the weights and the fusion of the scores.
            progress: called with the number of comparisons of a video with all others done, over
                all modalities, and their sum.
            among: only these videos; None for all of the library.
        """
        videos = list_videos(self.library) if among is None else tuple(among)
        ids = [video.id for video in videos]
        indexes = open_indexes(self.library)
        similarities: dict[Modality, FloatArray] = {}
        for at, (modality, index) in enumerate(indexes.items()):
            report = _shift(progress, at * len(ids), len(indexes) * len(ids))
            similarities[modality] = compare_all(index, ids, report)
        surprisals = {
            m: self._calibrator.calibrate_pairs(indexes[m], rows, ids, ids)
            for m, rows in similarities.items()
        }
        matrix = SimilarityMatrix(videos, np.empty((len(ids), len(ids))), similarities, surprisals)
        weights = self.weights(options, indexes)
        for at, row in enumerate(matrix.scores):
            row[:] = fuse(options.fusion, *matrix.row(at), weights)[0]
        return matrix

    def is_large(
        self, options: SearchOptions = SearchOptions(), among: Sequence[Video] | None = None
    ) -> bool:
        """Whether `similar_listed` serves; ranks (rrf) are known only of all videos."""
        if options.fusion == "rrf":
            return False
        share = 1.0 if among is None else len(among) / max(1, self.library.catalog.n_videos())
        return share**2 * count_operations(open_indexes(self.library)) > MAX_OPERATIONS

    def similar_listed(
        self,
        options: SearchOptions = SearchOptions(),
        progress: StepCounter | None = None,
        among: Sequence[Video] | None = None,
    ) -> Iterator[tuple[Video, list[Result]]]:
        """Rank, for every video in turn, the likely ones by their similarity to it.

        Scores and moments are exact; only which videos are ranked rests on estimates.

        Args:
            options: with another fusion than "rrf".
            progress: called with the number of videos done, and of all.
            among: only these videos; None for all of the library.
        """
        videos = list_videos(self.library) if among is None else tuple(among)
        indexes = open_indexes(self.library)
        weights = self.weights(options, indexes)
        rules = _make_rules(options, weights, len(videos), indexes)
        distributions = {m: self._calibrator.obtain(i, "video") for m, i in indexes.items()}

        def score(similarities: Similarities, surprisals: Similarities) -> FloatArray:
            return fuse(options.fusion, similarities, surprisals, weights)[0]

        depth = choose_depth(options.top)
        with closing(Reranker(self.library, videos, indexes, distributions, score)) as reranker:
            for at, compared in enumerate(reranker.iter_compared(depth)):
                results, reach = self._rank_compared(compared, rules), depth
                while options.is_picky and len(results) < options.top and not compared.is_all:
                    reach *= 4
                    compared = reranker.compare(at, reach)
                    results = self._rank_compared(compared, rules)
                yield videos[at], results
                if progress is not None:
                    progress(at + 1, len(videos))

    def _rank_compared(self, compared: Compared, rules: _Rules) -> list[Result]:
        measured = (compared.similarities, compared.surprisals)
        ids, known, moments_of = list(compared.videos), compared.videos, compared.find_moments
        return self._rank(ids, measured, rules, moments_of, known)

    def _ask(self, part: EncodedPart) -> IndexQuery:
        index = self.library.index(part.space)
        evidence = find_evidence(self.library.catalog, part.space, part.lines)
        return IndexQuery(index, index.place(part.vectors), evidence)

    def _rank(
        self,
        video_ids: Sequence[str],
        measured: tuple[Similarities, Similarities],
        rules: _Rules,
        moments_of: Callable[[Video], tuple[Moment, ...]],
        known: Mapping[str, Video] | None = None,
    ) -> list[Result]:
        """Videos by score; `known` are these, so that none is asked for."""
        similarities, surprisals = measured
        options = rules.options
        scores, shares = fuse(options.fusion, *measured, rules.weights)
        points = split_scores(options.fusion, *measured, shares)
        results: list[Result] = []
        order = order_best_first(scores, video_ids)
        ranked = [video_ids[at] for at in order]
        if known is None:
            ranking = read_videos(self.library, ranked, options.top)
        else:
            ranking = map(known.__getitem__, ranked)
        for pick in pick_videos(ranking, options.top, rules.is_copy, options.per_artist):
            at, video = order[pick.position], pick.video
            contributions = {
                modality: Contribution(
                    float(similarities[modality][at]),
                    float(share[at]),
                    float(surprisals[modality][at]),
                    float(points[modality][at]),
                )
                for modality, share in shares.items()
                if share[at] > 0
            }
            rank, weak = len(results) + 1, is_weak(contributions, rules.n_videos, rules.same)
            found = (rank, float(scores[at]), video, contributions, moments_of(video))
            results.append(Result(*found, weak, pick.copies))
        return results


def _make_rules(
    options: SearchOptions,
    weights: Weights,
    n_videos: int,
    indexes: Mapping[Modality, VectorIndex],
    spaces: Collection[Space] | None = None,
) -> _Rules:
    """The rules of one call; `spaces` are those compared in, None for those of the indexes."""
    compared = [index.space for index in indexes.values()] if spaces is None else spaces
    is_copy = open_copy_test(indexes) if options.has_collapse else None
    return _Rules(options, weights, find_same_levels(compared), is_copy, n_videos)


def _shift(progress: StepCounter | None, n_before: int, n_all: int) -> StepCounter | None:
    if progress is None:
        return None
    return lambda n_done, _: progress(n_before + n_done, n_all)
