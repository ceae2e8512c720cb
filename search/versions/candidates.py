"""Finds candidate pairs by locality-sensitive hashing."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.blocks import iter_blocks
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import VectorIndex

Codes = npt.NDArray[np.uint64]
Owners = npt.NDArray[np.int64]

N_BITS = 64
# Partners of a video that are kept from table to table, per partner in the result.
KEPT_PER_PARTNER = 4


@dataclass(frozen=True, slots=True)
class CandidateOptions:
    """The effort of the candidate search.

    Attributes:
        n_tables: number of hash tables, each with its own order of the vectors.
        n_neighbours: number of neighbours that vote, per vector and table.
        max_vectors: per video, evenly spaced.
        max_partners: per video in one modality.
        seed: of the random planes.
    """

    n_tables: int = 12
    n_neighbours: int = 8
    max_vectors: int = 256
    max_partners: int = 24
    seed: int = 0


def find_candidates(
    index: VectorIndex,
    options: CandidateOptions = CandidateOptions(),
    within: Collection[str] | None = None,
) -> list[tuple[str, str]]:
    """Find the pairs of videos that may share content in one space.

    Each vector gets a code of 64 bits per table, the sides of random planes on which it lies, so
    that similar vectors begin with the same bits (Charikar 2002). Sorted by code, likely neighbours
    are adjacent, as in an LSH forest (Bawa, Condie and Ganesan 2005). Each pair of neighbours votes
    with the number of common leading bits above chance. After each table a video keeps a bounded
    number of its best partners, because similar videos meet in every table. Time is that of hashing
    and sorting; docs/decisions/0018-versions.md has measured sizes.

    Args:
        index: of the space.
        options: how hard candidates are looked for.
        within: ids of the videos to choose from; None for all.

    Returns:
        Pairs of ids, each pair and the whole list sorted.
    """
    video_ids = [one for one in index.video_ids if within is None or one in within]
    owners = _choose_owners(index, video_ids, options)
    if not len(owners):
        return []
    chance = np.log2(max(2, len(owners)))
    n_planes = options.n_tables * N_BITS
    generator = np.random.default_rng(options.seed)
    planes = generator.normal(size=(index.space.dim, n_planes)).astype(np.float32)
    chosen = _read(index, video_ids, options)
    codes = np.concatenate([_encode(vectors, planes) for vectors in chosen])
    votes = Votes(len(video_ids))
    for table in codes.T:
        for pairs, bits in _pair_neighbours(table, owners, options.n_neighbours):
            votes = votes.add(pairs, np.maximum(bits - chance, 0.0))
        votes = votes.keep_best(KEPT_PER_PARTNER * options.max_partners)
    best = votes.keep_best(options.max_partners).pairs.tolist()
    return sorted((video_ids[first], video_ids[second]) for first, second in best)


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """The votes for pairs of videos.

    Attributes:
        n_videos: number of all videos.
        keys: (p,) int64, ascending: number of the first video × `n_videos` + that of the second.
        sums: (p,) float64 votes, above zero.
    """

    n_videos: int
    keys: Owners = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sums: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def pairs(self) -> Owners:
        """(p, 2) numbers of the videos, the lower first."""
        return np.stack(np.divmod(self.keys, self.n_videos), axis=1)

    def add(self, pairs: Owners, votes: FloatArray) -> Self:
        """Add votes for (k, 2) pairs of video numbers."""
        counted = votes > 0
        low, high = np.sort(pairs[counted], axis=1).T
        keys = np.concatenate([self.keys, low * self.n_videos + high])
        found, inverse = np.unique(keys, return_inverse=True)
        weights = np.concatenate([self.sums, votes[counted]])
        sums: FloatArray = np.bincount(inverse, weights, len(found)).astype(np.float64)
        return replace(self, keys=found, sums=sums)

    def keep_best(self, n_partners: int) -> Self:
        """Keep the best pairs of each video; of equals, the lower number."""
        low, high = self.pairs.T
        own, other = np.concatenate([low, high]), np.concatenate([high, low])
        order = np.lexsort((other, -np.tile(self.sums, 2), own))
        firsts = np.searchsorted(own[order], np.arange(self.n_videos))
        is_best = np.arange(len(order)) - firsts[own[order]] < n_partners
        kept = np.unique(order[is_best] % max(1, len(self.keys)))
        return replace(self, keys=self.keys[kept], sums=self.sums[kept])


def _read(
    index: VectorIndex, video_ids: Sequence[str], options: CandidateOptions
) -> Iterator[Matrix]:
    """The chosen vectors of each video, of which few are held at once."""
    for block in iter_blocks(index, video_ids):
        for vectors in np.split(block.vectors, block.starts[1:]):
            yield vectors[_choose_rows(len(vectors), options.max_vectors)]


def _choose_rows(n: int, n_wanted: int) -> npt.NDArray[np.intp]:
    return np.unique(np.linspace(0, n - 1, min(n, n_wanted)).round().astype(np.intp))


def _choose_owners(
    index: VectorIndex, video_ids: Sequence[str], options: CandidateOptions
) -> Owners:
    """The video number of each chosen vector."""
    sizes = [min(index.count(one), options.max_vectors) for one in video_ids]
    return np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)


def _encode(vectors: Matrix, planes: Matrix) -> Codes:
    """Hash (n, dim) vectors to (n, tables) codes; a leading bit is the side of a first plane."""
    sides = np.packbits(vectors @ planes > 0, axis=1, bitorder="big")
    return np.ascontiguousarray(sides).view(">u8").astype(np.uint64)


def _pair_neighbours(
    codes: Codes, owners: Owners, n_neighbours: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Pairs of owners that are near in the order of codes, with their common leading bits.

    Yields:
        (k, 2) owners, and (k,) leading bits, once for each distance.
    """
    order = np.lexsort((owners, codes))
    codes, owners = codes[order], owners[order]
    # A still picture gives many equal codes; only vectors of other videos are neighbours.
    is_new = np.concatenate([[True], (owners[1:] != owners[:-1])])
    heads = np.flatnonzero(is_new)
    tails = np.append(heads[1:], len(owners)) - 1
    for distance in range(1, min(n_neighbours + 1, len(heads))):
        before, after = slice(None, len(heads) - distance), slice(distance, None)
        pairs = np.stack([owners[heads][before], owners[heads][after]], axis=1)
        differing = codes[tails][before] ^ codes[heads][after]
        is_other = pairs[:, 0] != pairs[:, 1]
        yield pairs[is_other], _count_leading(differing[is_other])


def _count_leading(differing: Codes) -> npt.NDArray[np.float64]:
    """The number of equal leading bits."""
    low = np.where(differing > 0, differing, 1).astype(np.float64)
    return np.where(differing > 0, N_BITS - 1 - np.floor(np.log2(low)), float(N_BITS))
