"""Compares all videos of a library, or some of them, with each other."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np

from mvsearch.indexer.progress import StepCounter
from mvsearch.search.localization.moments import find_shared_moments
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import list_videos, open_copy_indexes, open_indexes
from mvsearch.search.ranking import make_ranker, mark_similar
from mvsearch.search.results import Result
from mvsearch.search.retrieval.candidates import MAX_OPERATIONS, choose_depth, count_operations
from mvsearch.search.retrieval.matrix import SimilarityMatrix
from mvsearch.search.retrieval.rerank import Compared, Reranker
from mvsearch.search.retrieval.set_similarity import compare_all
from mvsearch.search.retrieval.video_table import make_table
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.similar import SimilarOnServer
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Video


class AllPairs:
    """The similarities of videos with each other, and a ranking of the others for each.

    A small library is compared in full: `compute_matrix`, then `rank`. In a large one
    (`is_large`), `rank_likely` compares each video with the likely ones only.

    Args:
        library: that the videos are from.
        calibrator: of the library.
        options: of every ranking.
        among: the videos to compare; None for all of the library.

    Raises:
        MvsearchError: the library is empty.
        QueryError: near-duplicates cannot be detected, because an encoder is not calibrated.
    """

    def __init__(
        self,
        library: Library,
        calibrator: Calibrator,
        options: SearchOptions,
        among: Sequence[Video] | None = None,
    ) -> None:
        self.videos = list_videos(library) if among is None else tuple(among)
        self._library = library
        self._calibrator = calibrator
        self._options = options
        self._indexes = open_indexes(library)
        weights = options.choose_weights(self._indexes)
        self._ranker = make_ranker(
            library,
            options,
            weights,
            mark_similar(len(self.videos), self._indexes),
            open_copy_indexes(library),
        )

    @property
    def is_large(self) -> bool:
        """Whether to use `rank_likely`; never with "rrf", which needs the ranks of all videos."""
        if self._options.fusion == "rrf":
            return False
        share = len(self.videos) / max(1, self._library.catalog.n_videos())
        return share**2 * count_operations(self._indexes) > MAX_OPERATIONS

    def compute_matrix(self, progress: StepCounter | None = None) -> SimilarityMatrix:
        """Compare every video with every other.

        Args:
            progress: called with the number of comparisons of a video with all others that are
                done, over all modalities, and their sum.
        """
        ids = [video.id for video in self.videos]
        similarities: dict[Modality, FloatArray] = {}
        for at, (modality, index) in enumerate(self._indexes.items()):
            report = _shift(progress, at * len(ids), len(self._indexes) * len(ids))
            similarities[modality] = compare_all(index, ids, report)
        surprisals = {
            m: self._calibrator.calibrate_pairs(self._indexes[m], rows, ids, ids)
            for m, rows in similarities.items()
        }
        scores = np.empty((len(ids), len(ids)))
        matrix = SimilarityMatrix(self.videos, scores, similarities, surprisals)
        for at, row in enumerate(scores):
            row[:] = self._ranker.score(*matrix.row(at))
        return matrix

    def rank(self, matrix: SimilarityMatrix) -> Iterator[tuple[Video, list[Result]]]:
        """Rank, for each video in turn, the others by their similarity to it.

        Args:
            matrix: of these videos.
        """
        ids = [video.id for video in self.videos]
        known = {video.id: video for video in self.videos}
        indexes = self._indexes.values()
        for at, video in enumerate(self.videos):
            moments = partial(find_shared_moments, self._library, video, indexes)
            yield video, self._ranker.rank(ids, matrix.row(at), moments, known)

    def rank_likely(
        self, progress: StepCounter | None = None
    ) -> Iterator[tuple[Video, list[Result]]]:
        """Rank, for each video in turn, the videos that estimates find likely to be similar.

        Scores and moments are exact. The fusion must not be "rrf".

        Args:
            progress: called with the number of videos that are done, and of all.
        """
        if any(index.is_remote for index in self._indexes.values()):
            yield from self._rank_on_server(progress)
            return
        options = self._options
        distributions = {m: self._calibrator.obtain(i, "video") for m, i in self._indexes.items()}
        reranker = Reranker(
            self._library, self.videos, self._indexes, distributions, self._ranker.score
        )
        depth = choose_depth(options.top)
        with closing(reranker):
            for at, compared in enumerate(reranker.iter_compared(depth)):
                results, reach = self._rank_compared(compared), depth
                # Skipped videos leave too few results: compare with more candidates.
                while options.is_picky and len(results) < options.top and not compared.is_all:
                    reach *= 4
                    compared = reranker.compare(at, reach)
                    results = self._rank_compared(compared)
                yield self.videos[at], results
                if progress is not None:
                    progress(at + 1, len(self.videos))

    def _rank_on_server(self, progress: StepCounter | None) -> Iterator[tuple[Video, list[Result]]]:
        """Like `rank_likely`, each video by its nearest segments; see `find_similar`."""
        table = make_table(list(self._indexes.values()))
        similar = SimilarOnServer(self._calibrator, self._ranker, self._indexes, table)
        ids = {video.id for video in self.videos}
        within = ids if len(ids) < self._library.catalog.n_videos() else None
        for n_done, video in enumerate(self.videos, start=1):
            yield video, similar.rank(video, within, ())
            if progress is not None:
                progress(n_done, len(self.videos))

    def _rank_compared(self, compared: Compared) -> list[Result]:
        ids, measured = list(compared.videos), (compared.similarities, compared.surprisals)
        return self._ranker.rank(ids, measured, compared.find_moments, compared.videos)


def _shift(progress: StepCounter | None, n_before: int, n_all: int) -> StepCounter | None:
    """Count the steps of one part of some work as steps of all of it."""
    if progress is None:
        return None
    return lambda n_done, _: progress(n_before + n_done, n_all)
