"""Ranks the videos most similar to one, from what is stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from mvsearch.search.localization.moments import find_shared_moments
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import list_videos, open_copy_indexes, open_indexes
from mvsearch.search.ranked import DEPTHS, N_RANKED
from mvsearch.search.ranking import Ranker, make_ranker, mark_similar
from mvsearch.search.results import Result
from mvsearch.search.retrieval.set_similarity import compare_one
from mvsearch.search.retrieval.similar_sets import Compared, find_similar
from mvsearch.search.retrieval.video_table import Positions, VideoTable, VideoTables
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.scoring.fusion import FloatArray, Measured
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Video
from mvsearch.store.vectors.index import VectorIndex


def rank_similar(
    library: Library,
    calibrator: Calibrator,
    tables: VideoTables,
    video: Video,
    options: SearchOptions,
    filter: Filter,
    hidden: frozenset[str],
) -> list[Result]:
    """The videos most similar to one; see `Engine.similar`."""
    indexes = open_indexes(library)
    if any(index.is_remote for index in indexes.values()):
        catalog = library.catalog
        within = catalog.passing(filter) if filter else None
        n_videos = catalog.n_videos() if within is None else len(within)
        ranker = make_similar_ranker(library, options, indexes, n_videos)
        table = tables.gather(list(indexes.values()))
        return SimilarOnServer(calibrator, ranker, indexes, table).rank(video, within, hidden)
    videos = {other.id: other for other in list_videos(library, filter)}
    ids = [video_id for video_id in videos if video_id != video.id and video_id not in hidden]
    similarities = {m: compare_one(i, video.id, ids) for m, i in indexes.items()}
    surprisals = {
        m: calibrator.calibrate_pairs(indexes[m], row[None], [video.id], ids)[0]
        for m, row in similarities.items()
    }
    ranker = make_similar_ranker(library, options, indexes, len(videos))
    moments = partial(find_shared_moments, library, video, indexes.values())
    return ranker.rank(ids, (similarities, surprisals), moments, videos)


def make_similar_ranker(
    library: Library,
    options: SearchOptions,
    indexes: Mapping[Modality, VectorIndex],
    n_videos: int,
) -> Ranker:
    """The ranker of videos that are compared with each other, among so many."""
    marks = mark_similar(n_videos, indexes)
    weights = options.choose_weights(indexes)
    return make_ranker(library, options, weights, marks, open_copy_indexes(library))


@dataclass(frozen=True, slots=True, eq=False)
class SimilarOnServer:
    """Ranks videos whose vectors lie on a server: only likely ones are compared.

    Attributes:
        table: of the indexes, in their order.
    """

    calibrator: Calibrator
    ranker: Ranker
    indexes: Mapping[Modality, VectorIndex]
    table: VideoTable

    def rank(
        self, video: Video, within: Collection[str] | None, hidden: Collection[str]
    ) -> list[Result]:
        """The videos most similar to one.

        Where results are left out, more and more videos are compared. Reciprocal rank fusion gives
        exact ranks to the most similar videos alone.

        Args:
            video: of the library.
            within: ids of the videos to compare; None for all.
            hidden: ids of videos that are no results.
        """
        options = self.ranker.options
        results: list[Result] = []
        is_whole = options.is_picky or options.fusion == "rrf"
        for depth in DEPTHS if is_whole else (1,):
            n_wanted = depth * options.top if options.fusion != "rrf" else N_RANKED
            found = find_similar(
                self.table, video.id, partial(self._score, video.id), n_wanted, within, hidden
            )
            results = self._list(video, found)
            if len(results) >= options.top or len(found.positions) < n_wanted:
                break
        return results

    def _score(self, video_id: str, similarities: FloatArray, positions: Positions) -> FloatArray:
        measured = self._measure(video_id, similarities, positions)
        if self.ranker.options.fusion == "rrf":  # ranks depend on the other videos
            summed: FloatArray = np.nansum([*measured[1].values()], axis=0)
            return summed
        return self.ranker.score(*measured)

    def _measure(self, video_id: str, similarities: FloatArray, positions: Positions) -> Measured:
        """Similarities and surprisals of each modality."""
        rows = dict(zip(self.indexes, similarities, strict=True))
        surprisals = {
            m: self.calibrator.calibrate_one(
                self.indexes[m], row, video_id, self.table.video_ids, positions
            )
            for m, row in rows.items()
        }
        return rows, surprisals

    def _list(self, video: Video, found: Compared) -> list[Result]:
        order = found.positions.argsort()
        positions, rows = found.positions[order], found.similarities[:, order]
        ids = self.table.pick(positions)
        library = self.ranker.library
        moments = partial(find_shared_moments, library, video, self.indexes.values())
        return self.ranker.rank(ids, self._measure(video.id, rows, positions), moments)
