"""Approximate nearest-neighbour search: inverted lists of short codes, exact re-ranking."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.store.database.blobs import normalise
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.code_scan import Codes, scan_lists
from mvsearch.store.vectors.exact import load_faiss
from mvsearch.store.vectors.row_table import Rows

Half = npt.NDArray[np.float16]

# Directions that are kept: of 1,280 for pictures, these hold 0.96 of the variance.
MAX_DIRECTIONS = 256
# Rows that directions and lists are learnt from, and those that directions need.
N_LEARNT, N_FOR_DIRECTIONS = 80_000, 20_000
N_ROUNDS = 8
# A row's code says of each direction which of 256 steps it lies in, between these quantiles.
QUANTILES = (0.001, 0.999)
ROWS_AT_ONCE = 8192
# How the number of lists to look into is chosen; see `choose_probes`.
MIN_RECALL = 0.99
MIN_PROBES = 8
PROBES_STEP = 1.5
N_TRIED, N_NEAREST = 200, 10
NOISE = 0.5
# Directions that a code is compared along at first, and the rows that the others are read of.
N_LEADING = 64
MIN_KEPT, KEPT_PER_FOUND = 1500, 8
# Rows that are compared themselves after their codes were: at least, and for each one wanted.
N_REFINED, REFINED_PER_WANTED = 100, 4


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """How rows are shortened, and which list each belongs to.

    Attributes:
        mean: (dim,) of the rows.
        directions: (dim, d) orthonormal, those along which rows differ most (PCA).
        centroids: (lists, d) of the rows as seen along the directions.
        lows, steps: (d,) the number c says lows + steps · c, from 0 to 255.
    """

    mean: Matrix
    directions: Matrix
    centroids: Matrix
    lows: Matrix
    steps: Matrix

    def project(self, rows: Matrix) -> Matrix:
        """Rows (n, dim) along the directions: (n, d)."""
        along = (rows - self.mean) @ self.directions
        return along.astype(np.float32, copy=False)

    def choose_lists(self, projected: Matrix) -> Rows:
        """The list of the nearest centroid for each row: (n,)."""
        half_lengths = 0.5 * np.square(self.centroids).sum(axis=1)
        nearest: Rows = np.argmax(projected @ self.centroids.T - half_lengths, axis=1)
        return nearest

    def encode(self, projected: Matrix) -> Codes:
        """Rows along the directions as codes: (n, d) uint8."""
        codes: Codes = np.rint((projected - self.lows) / self.steps).clip(0, 255).astype(np.uint8)
        return codes

    @property
    def n_leading(self) -> int:
        """How many directions are compared first."""
        return min(N_LEADING, len(self.steps))


@dataclass(frozen=True, slots=True, eq=False)
class ListedCodes:
    """The codes of the first n rows, list by list (an inverted file; Jégou, Douze, Schmid 2011).

    The first numbers of all codes lie apart from the others: most codes are read no further, and
    to read them in one piece takes a third of the time of reading them out of the whole.

    Attributes:
        leading, following: (n, l) and (n, d − l) uint8, both parts of the codes; those of a list
            beside each other.
        rows: (n,) int32, of each code.
        bounds: (lists + 1,); the codes of list l are `bounds[l]:bounds[l + 1]`.
        n_probed: lists that a query looks into.
        recall: share of the ten nearest rows that were found at that, on rows of the index itself.
        n_learnt: rows there were when directions and lists were learnt.
    """

    codebook: Codebook
    leading: Codes
    following: Codes
    rows: npt.NDArray[np.int32]
    bounds: Rows
    n_probed: int
    recall: float
    n_learnt: int

    @property
    def n(self) -> int:
        """How many rows have a code."""
        return len(self.rows)

    def find(self, query: Matrix, n_found: int, n_probed: int = 0) -> Rows:
        """The rows whose codes are most similar to a query (dim,), in no order.

        Args:
            query: placed.
            n_found: at most so many.
            n_probed: lists to look into; 0 for as many as were found to do.
        """
        book = self.codebook
        along = query @ book.directions
        # A query's nearest rows have a high inner product, so lists are taken by it as well.
        n_lists = min(n_probed or self.n_probed, len(book.centroids))
        nearness = book.centroids @ along
        lists = np.argpartition(-nearness, n_lists - 1)[:n_lists]
        # The likeliest list first: what is found there spares most of the others a place.
        spans = [
            (int(self.bounds[at]), int(self.bounds[at + 1]))
            for at in lists[np.argsort(-nearness[lists])]
        ]
        weights = along * book.steps
        n_kept = max(MIN_KEPT, KEPT_PER_FOUND * n_found)
        places, near = scan_lists(self.leading, spans, weights[: book.n_leading], n_kept)
        if len(places) > n_found:
            near += self.following[places].astype(np.float32) @ weights[book.n_leading :]
            places = places[np.argpartition(-near, n_found)[:n_found]]
        return self.rows[places].astype(np.int64)

    def find_allowed(self, query: Matrix, k: int, is_allowed: npt.NDArray[np.bool_] | None) -> Rows:
        """Enough rows for the k nearest to be among them; more lists where few rows are allowed."""
        n_probed, n_lists = self.n_probed, len(self.codebook.centroids)
        n_found = max(N_REFINED, REFINED_PER_WANTED * k)
        while True:
            rows = self.find(query, n_found, n_probed)
            if is_allowed is not None:
                rows = rows[is_allowed[rows]]
            if len(rows) >= min(k, self.n) or n_probed >= n_lists:
                return rows
            n_probed, n_found = 2 * n_probed, 2 * n_found


def learn_codebook(rows: Half, seed: int = 0) -> Codebook:
    """Learn directions, lists and steps from a sample of the rows.

    Rows are learnt from and not read as a whole: the memory needed does not grow with their number.

    Args:
        rows: (n, dim) placed; only a sample is read.
        seed: of the sample and of k-means.
    """
    faiss = load_faiss()
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(len(rows), min(N_LEARNT, len(rows)), replace=False))
    total = np.zeros(rows.shape[1], dtype=np.float64)
    for block in _read_chosen(rows, chosen):
        total += block.sum(axis=0, dtype=np.float64)
    mean: Matrix = (total / len(chosen)).astype(np.float32)
    few = chosen[:: max(1, len(chosen) // N_FOR_DIRECTIONS)]
    spread = np.zeros((rows.shape[1],) * 2, dtype=np.float64)
    for block in _read_chosen(rows, few):
        spread += (block - mean).T @ (block - mean)
    _, axes = np.linalg.eigh(spread)
    directions: Matrix = np.ascontiguousarray(axes[:, ::-1][:, :MAX_DIRECTIONS], dtype=np.float32)
    projected = np.concatenate([(b - mean) @ directions for b in _read_chosen(rows, chosen)])
    kmeans = faiss.Kmeans(
        projected.shape[1],
        count_lists(len(rows)),
        niter=N_ROUNDS,
        seed=seed + 1,
        max_points_per_centroid=len(chosen),
        min_points_per_centroid=1,
    )
    kmeans.train(projected)
    low, high = np.quantile(projected, QUANTILES, axis=0)
    steps = np.maximum((high - low) / 255, 1e-9).astype(np.float32)
    return Codebook(mean, directions, kmeans.centroids, low.astype(np.float32), steps)


def count_lists(n_rows: int) -> int:
    """How many lists for so many rows: about twice the square root, a power of two."""
    return int(2 ** np.round(np.log2(2 * np.sqrt(max(1, n_rows)))))


def list_rows(book: Codebook, rows: Half, known: ListedCodes | None = None) -> ListedCodes:
    """Sort the codes of rows into lists; those already `known`, the first ones, are not read again.

    How many lists to look into is still to be found: `choose_probes`.
    """
    first = 0 if known is None else known.n
    n, n_lists = len(rows), len(book.centroids)
    lists = np.empty(n, dtype=np.int32)
    codes = np.empty((n, len(book.steps)), dtype=np.uint8)
    if known is not None:
        lists[known.rows] = np.repeat(np.arange(n_lists), np.diff(known.bounds))
        codes[known.rows] = np.hstack([known.leading, known.following])
    for start in range(first, n, ROWS_AT_ONCE):
        projected = book.project(rows[start : start + ROWS_AT_ONCE].astype(np.float32))
        at = slice(start, start + len(projected))
        lists[at], codes[at] = book.choose_lists(projected), book.encode(projected)
    order = np.argsort(lists, kind="stable").astype(np.int32)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(lists, minlength=n_lists))])
    told = (n_lists, 1.0, n) if known is None else (known.n_probed, known.recall, known.n_learnt)
    leading, following = codes[order, : book.n_leading], codes[order, book.n_leading :]
    return ListedCodes(book, leading, following, order, bounds.astype(np.int64), *told)


def choose_probes(listed: ListedCodes, rows: Half, seed: int = 0) -> ListedCodes:
    """Look into as few lists as find `MIN_RECALL` of the ten nearest rows of spoilt rows.

    The queries are rows of the index with noise of half their length added: their cosine with what
    they were is then 0.9, about that of a picture with its copy. What is nearest to them is found
    by brute force.
    """
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(len(rows), min(N_TRIED, len(rows)), replace=False))
    queries = rows[chosen].astype(np.float32)
    noise = generator.normal(size=queries.shape) / np.sqrt(queries.shape[1])
    queries = normalise(queries + np.float32(NOISE) * noise.astype(np.float32))
    nearest = _find_nearest(queries, rows)
    n_probed = MIN_PROBES
    while True:
        n_probed = min(n_probed, len(listed.codebook.centroids))
        found = [listed.find(query, N_REFINED, n_probed) for query in queries]
        recall = float(np.mean([np.isin(a, b).mean() for a, b in zip(nearest, found, strict=True)]))
        if recall >= MIN_RECALL or n_probed == len(listed.codebook.centroids):
            return replace(listed, n_probed=n_probed, recall=recall)
        n_probed = int(n_probed * PROBES_STEP)


def _find_nearest(queries: Matrix, rows: Half) -> Rows:
    """The ten nearest rows of each query, by brute force: (q, 10)."""
    best = np.empty((len(queries), 0), dtype=np.float32)
    found = np.empty((len(queries), 0), dtype=np.int64)
    for first in range(0, len(rows), ROWS_AT_ONCE):
        block = queries @ rows[first : first + ROWS_AT_ONCE].astype(np.float32).T
        at = np.argpartition(-block, min(N_NEAREST, block.shape[1]) - 1, axis=1)[:, :N_NEAREST]
        best = np.hstack([best, np.take_along_axis(block, at, axis=1)])
        found = np.hstack([found, at + first])
        at = np.argsort(-best, axis=1)[:, :N_NEAREST]
        best, found = np.take_along_axis(best, at, axis=1), np.take_along_axis(found, at, axis=1)
    return found


def _read_chosen(rows: Half, chosen: Rows) -> Iterator[Matrix]:
    for first in range(0, len(chosen), ROWS_AT_ONCE):
        yield rows[chosen[first : first + ROWS_AT_ONCE]].astype(np.float32)
