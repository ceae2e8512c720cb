"""The one door to searching: a query in, ranked videos with their reasons out."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from indexer.encoders import Encoders
from search.encode import Analyse, EncodedQuery, encode_query, own_spaces
from search.fusion import (
    FloatArray,
    Similarities,
    choose_weights,
    fuse_ranks,
    fuse_weighted,
    merge_parts,
    order_best_first,
)
from search.moments import find_alike, find_moments
from search.pairs import Progress, compare_all, compare_one
from search.query import Query, Weights
from search.retrieve import Ask, find_candidates
from store.errors import MvsearchError, QueryError
from store.library import Library
from store.records import Contribution, Modality, Moment, Result, Space, Video
from store.vectors import SpaceIndex

Fusion = Literal["weighted", "rrf"]
_FUSIONS = {"weighted": fuse_weighted, "rrf": fuse_ranks}


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How results are scored and how many are given.

    Attributes:
        weights: of the modalities; None for the library's default.
        fusion: "weighted" mean of cosines, or "rrf", reciprocal rank fusion.
        n_moments: at most so many of each modality in a result.
    """

    weights: Weights | None = None
    fusion: Fusion = "weighted"
    top: int = 10
    n_moments: int = 3

    def __post_init__(self) -> None:
        """Refuse what has no answer."""
        if self.fusion not in get_args(Fusion):
            raise QueryError(f"fusion is {' or '.join(get_args(Fusion))}, not {self.fusion!r}")
        if self.top < 1:
            raise QueryError(f"the number of results is at least 1, not {self.top}")
        if self.weights is not None and not any(weight > 0 for weight in self.weights.values()):
            raise QueryError("the weights are all zero: give at least one above zero")


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMatrix:
    """Every video against every other.

    Attributes:
        videos: n of them, in the catalogue's order.
        scores: (n, n) fused; NaN where two videos share no modality, and on the diagonal.
        similarities: for each modality (n, n) cosines; NaN where one of the two lacks it.
    """

    videos: tuple[Video, ...]
    scores: FloatArray
    similarities: dict[Modality, FloatArray]


class Engine:
    """Answers queries over one library.

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

    def weights(self, options: SearchOptions) -> Weights:
        """The weights that a search with these options uses."""
        return options.weights or choose_weights(self._spaces())

    def search(self, query: Query, options: SearchOptions = SearchOptions()) -> list[Result]:
        """Find the videos that answer a query best, and where in them.

        Raises:
            QueryError: the query cannot be read, or reaches nothing that the library holds.
            EncoderMismatchError: the library was built with other encoders.
            MvsearchError: the library is empty.
        """
        weights = self.weights(options)
        modalities = [m for m in self._spaces() if weights.get(m, 0.0) > 0]
        encoded = encode_query(query.parts, self.library, self.encoders, modalities, self._analyse)
        asks = [self._ask(part.space, part.vectors) for part in encoded.parts]
        of_parts = [part.modality for part in encoded.parts]

        def fuse(similarities: FloatArray) -> FloatArray:
            return _FUSIONS[options.fusion](merge_parts(similarities, of_parts), weights)[0]

        # A rank is known only when every video is: no bound lets a search by ranks stop early.
        n_wanted = options.top if options.fusion == "weighted" else None
        found = find_candidates(asks, fuse, n_wanted, encoded.left_out)
        return self._rank(
            found.video_ids,
            merge_parts(found.similarities, of_parts),
            weights,
            options,
            lambda video: self._moments_of(video, encoded, asks, options),
        )

    def similar(self, video: Video, options: SearchOptions = SearchOptions()) -> list[Result]:
        """Find the videos most similar to one of the library, from what is stored.

        Similarity is symmetric: the mean of both directions of the set similarity.
        """
        ids = [other.id for other in self._videos() if other.id != video.id]
        indexes = self._indexes()
        similarities = {m: compare_one(index, video.id, ids) for m, index in indexes.items()}
        share = self._share_with(video, indexes.values())
        return self._rank(ids, similarities, self.weights(options), options, share)

    def similar_all(
        self, matrix: SimilarityMatrix, options: SearchOptions = SearchOptions()
    ) -> Iterator[tuple[Video, list[Result]]]:
        """Rank, for every video of the matrix in turn, the others by their similarity to it."""
        ids = [video.id for video in matrix.videos]
        weights, indexes = self.weights(options), self._indexes()
        for at, video in enumerate(matrix.videos):
            similarities = {m: _without(rows[at], at) for m, rows in matrix.similarities.items()}
            share = self._share_with(video, indexes.values())
            yield video, self._rank(ids, similarities, weights, options, share)

    def similarity_matrix(
        self,
        options: SearchOptions = SearchOptions(),
        progress: Progress | None = None,
        among: Sequence[Video] | None = None,
    ) -> SimilarityMatrix:
        """Compare all videos with all others.

        Args:
            options: the weights and the fusion of the scores.
            progress: called with the number of comparisons of a video with all others done, over
                all modalities, and their sum.
            among: only these videos; None for all of the library.
        """
        videos = self._videos() if among is None else tuple(among)
        ids = [video.id for video in videos]
        indexes = self._indexes()
        similarities: dict[Modality, FloatArray] = {}
        for at, (modality, index) in enumerate(indexes.items()):
            report = _shift(progress, at * len(ids), len(indexes) * len(ids))
            similarities[modality] = compare_all(index, ids, report)
        fuse, weights = _FUSIONS[options.fusion], self.weights(options)
        scores = np.stack(
            [
                fuse({m: _without(s[at], at) for m, s in similarities.items()}, weights)[0]
                for at in range(len(ids))
            ]
        )
        return SimilarityMatrix(videos, scores, similarities)

    def _videos(self) -> tuple[Video, ...]:
        videos = tuple(self.library.catalog.videos())
        if not videos:
            raise MvsearchError(
                "the library holds no videos yet: fill it with `mvsearch index FOLDER`"
            )
        return videos

    def _spaces(self) -> dict[Modality, Space]:
        """The space of each modality that the library holds anything of."""
        own = own_spaces(self.library)
        held = {m: space for m, space in own.items() if self.library.index(space).n > 0}
        if not held:
            self._videos()
            raise MvsearchError("nothing in the library is searchable: see `mvsearch failures`")
        return held

    def _ask(self, space: Space, vectors: npt.NDArray[np.float32]) -> Ask:
        index = self.library.index(space)
        return Ask(index, index.place(vectors))

    def _indexes(self) -> dict[Modality, SpaceIndex]:
        """The index of each modality that the library holds anything of."""
        return {m: self.library.index(space) for m, space in self._spaces().items()}

    def _rank(
        self,
        video_ids: Sequence[str],
        similarities: Similarities,
        weights: Weights,
        options: SearchOptions,
        moments_of: Callable[[Video], tuple[Moment, ...]],
    ) -> list[Result]:
        scores, shares = _FUSIONS[options.fusion](similarities, weights)
        results: list[Result] = []
        for at in order_best_first(scores, video_ids)[: options.top]:
            video = self.library.catalog.video(video_ids[at])
            contributions = {
                modality: Contribution(float(similarities[modality][at]), float(share[at]))
                for modality, share in shares.items()
                if share[at] > 0
            }
            rank = len(results) + 1
            score = float(scores[at])
            results.append(Result(rank, score, video, contributions, moments_of(video)))
        return results

    def _moments_of(
        self, video: Video, encoded: EncodedQuery, asks: Sequence[Ask], options: SearchOptions
    ) -> tuple[Moment, ...]:
        asked = list(zip(encoded.parts, asks, strict=True))
        return find_moments(self.library, video, asked, options.n_moments)

    def _share_with(
        self, video: Video, indexes: Collection[SpaceIndex]
    ) -> Callable[[Video], tuple[Moment, ...]]:
        """In each modality, the stretch of another video most like any of this one."""

        def find(other: Video) -> tuple[Moment, ...]:
            moments: list[Moment] = []
            for index in indexes:
                similarities = index.vectors(video.id) @ index.vectors(other.id).T
                moments += find_alike(self.library, other, index.space, similarities, 1)
            return tuple(moments)

        return find


def _without(row: FloatArray, at: int) -> FloatArray:
    row = row.copy()
    row[at] = np.nan
    return row


def _shift(progress: Progress | None, n_before: int, n_all: int) -> Progress | None:
    if progress is None:
        return None
    return lambda n_done, _: progress(n_before + n_done, n_all)
