"""Approximate nearest-neighbour search with FAISS's inverted lists of short codes."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.database.blobs import HalfMatrix, normalise, widen
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.approximate.listed_codes import Codebook, ListedCodes
from mvsearch.store.vectors.exact.nearest import ExactIndex, load_faiss
from mvsearch.store.vectors.exact.row_table import Rows

# Number of principal axes; of 1,280 for pictures, these have 0.96 of the variance.
MAX_AXES = 256
# Sample sizes for learning lists, and for learning axes.
N_LEARNT, N_FOR_AXES = 80_000, 20_000
N_ROUNDS = 8
ROWS_AT_ONCE = 8192
# Choice of the number of probed lists; see `choose_probes`.
MIN_RECALL = 0.99
MIN_PROBES = 8
PROBES_STEP = 1.5
N_TRIED, N_NEAREST = 200, 10
NOISE = 1.5
# Rows that are compared exactly after the search of codes: at least, and per wanted row.
N_REFINED, REFINED_PER_WANTED = 100, 4


@dataclass(frozen=True, eq=False)
class InvertedLists:
    """The codes of the first n rows in lists (Jégou, Douze and Schmid 2011).

    Attributes:
        codes: of the principal components, relative to the centroid of their list.
        n_probed: number of lists that a query searches.
        recall: share of the ten nearest rows that are found, measured on rows of the index.
        n_learnt: number of rows when axes and lists were learnt.
    """

    codes: ListedCodes
    n_probed: int
    recall: float
    n_learnt: int

    @property
    def n(self) -> int:
        """The number of rows with a code."""
        return self.codes.n

    @property
    def n_lists(self) -> int:
        """The number of lists."""
        return len(self.codes.book.centroids)

    @cached_property
    def _index(self) -> Any:
        """The FAISS index, made on first use."""
        return self.codes.to_faiss()

    def find(
        self,
        queries: Matrix,
        n_found: int,
        n_probed: int,
        is_allowed: npt.NDArray[np.bool_] | None = None,
    ) -> Rows:
        """Find the rows whose codes are nearest to each query.

        Args:
            queries: (q, dim) float32 in the coordinates of the index.
            n_found: maximum number of rows.
            n_probed: number of lists to search.
            is_allowed: (n,) whether a row may be found; None for all.

        Returns:
            (q, n_found) int64 rows, -1 if the lists have no more.
        """
        faiss = load_faiss()
        chosen = {"nprobe": min(n_probed, self.n_lists)}
        if is_allowed is not None:
            bits = np.packbits(is_allowed, bitorder="little")
            chosen["sel"] = faiss.IDSelectorBitmap(bits)
        params = faiss.SearchParametersIVF(**chosen)
        # One by one, without BLAS, whose threads take longer to start than this.
        along = np.concatenate([self.codes.book.project(query[None]) for query in queries])
        rows: Rows = self._index.search(along, n_found, params=params)[1]
        return np.where(rows < self.n, rows, -1)  # a damaged file may hold any number

    def find_enough(
        self, queries: Matrix, k: int, is_allowed: npt.NDArray[np.bool_] | None
    ) -> Rows:
        """Find enough rows for exact comparison to give the k nearest.

        With fewer allowed rows, more lists are searched in proportion.

        Returns:
            (q, n) int64 rows, -1 for no more.
        """
        n_allowed = self.n if is_allowed is None else int(np.count_nonzero(is_allowed))
        n_found = min(max(N_REFINED, REFINED_PER_WANTED * k), self.n)
        n_probed = -(-self.n_probed * self.n // max(1, n_allowed))
        rows = self.find(queries, n_found, n_probed, is_allowed)
        while n_probed < self.n_lists:
            is_lacking = np.count_nonzero(rows >= 0, axis=1) < min(k, n_allowed)
            if not is_lacking.any():
                break
            n_probed *= 2
            rows[is_lacking] = self.find(queries[is_lacking], n_found, n_probed, is_allowed)
        return rows


def learn_codebook(rows: HalfMatrix, seed: int = 0) -> Codebook:
    """Learn axes, lists and codes from a sample of the rows.

    The memory needed does not grow with the number of rows.

    Args:
        rows: (n, dim) float16; only a sample is read.
        seed: of the sample and of k-means.
    """
    faiss = load_faiss()
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(len(rows), min(N_LEARNT, len(rows)), replace=False))
    few = chosen[:: max(1, len(chosen) // N_FOR_AXES)]
    transform = faiss.PCAMatrix(rows.shape[1], min(MAX_AXES, rows.shape[1]))
    transform.train(widen(rows[few]))
    blocks = (chosen[at : at + ROWS_AT_ONCE] for at in range(0, len(chosen), ROWS_AT_ONCE))
    projected = np.concatenate([transform.apply(widen(rows[block])) for block in blocks])
    n_lists, d = count_lists(len(rows)), projected.shape[1]
    lists = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(d), d, n_lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2
    )
    lists.cp.niter, lists.cp.seed = N_ROUNDS, seed + 1
    lists.cp.min_points_per_centroid, lists.cp.max_points_per_centroid = 1, len(chosen)
    lists.train(projected)
    return Codebook(
        faiss.vector_to_array(transform.A).reshape(d, -1),
        faiss.vector_to_array(transform.b),
        lists.quantizer.reconstruct_n(0, n_lists),
        faiss.vector_to_array(lists.sq.trained),
    )


def count_lists(n_rows: int) -> int:
    """The number of lists for `n_rows`: about twice the square root, a power of two."""
    return int(2 ** np.round(np.log2(2 * np.sqrt(max(1, n_rows)))))


def list_rows(rows: HalfMatrix, book: Codebook, known: ListedCodes | None = None) -> ListedCodes:
    """Compute the codes of all rows; the first ones may be known."""
    index = book.make_index() if known is None else known.copy_into_faiss()
    for first in range(index.ntotal, len(rows), ROWS_AT_ONCE):
        block = rows[first : first + ROWS_AT_ONCE]
        index.add_with_ids(book.project(widen(block)), np.arange(first, first + len(block)))
    return ListedCodes.take(book, index)


def choose_probes(lists: InvertedLists, exact: ExactIndex, seed: int = 0) -> InvertedLists:
    """Choose the lowest number of probed lists with a recall of `MIN_RECALL`, and measure it.

    Queries are rows of the index with noise, at a cosine of 0.55 to the original: with exact copies
    as queries, too few lists would be chosen for content without a copy in the index.
    """
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(exact.n, min(N_TRIED, exact.n), replace=False))
    queries = widen(exact.rows[chosen])
    noise = generator.normal(size=queries.shape) / np.sqrt(queries.shape[1])
    queries = normalise(queries + np.float32(NOISE) * noise.astype(np.float32))
    nearest = exact.search(queries, min(N_NEAREST, exact.n))[1]
    n_probed = MIN_PROBES
    while True:
        n_probed = min(n_probed, lists.n_lists)
        found = lists.find(queries, N_REFINED, n_probed)
        recall = float(np.mean([np.isin(a, b).mean() for a, b in zip(nearest, found, strict=True)]))
        if recall >= MIN_RECALL or n_probed == lists.n_lists:
            return replace(lists, n_probed=n_probed, recall=recall)
        n_probed = int(n_probed * PROBES_STEP)
