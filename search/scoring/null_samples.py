"""Draws probes of unrelated content: pieces of videos, whole videos and common phrases."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.encode import embed_words
from mvsearch.search.retrieval.blocks import iter_blocks
from mvsearch.search.retrieval.set_similarity import compare_some
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.scoring.phrases import PHRASES
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Integers, VectorIndex

Kind = Literal["clip", "image", "video", "words"]

MAX_PROBES = 64
# With fewer probes the estimate is poor; a sample of the videos is measured instead.
MIN_PROBES = 8
# Consecutive vectors that represent a clip; 1, 4, 8 and 12 measured alike (medians within 0.005).
CLIP_VECTORS = 8
# Multiply-adds for one distribution, about 15 s of one core; large libraries get fewer probes.
MAX_OPERATIONS = 2e11


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Probes of a space.

    Attributes:
        handles: (p,) of the video of each probe; see `VectorIndex.resolve`. Zeros for words.
        segments: (p, 2) range of that video's vectors, end exclusive. Zeros for words.
        words: (p, dim) float32, centred; (0, dim) if the probes are from the index itself.
    """

    handles: Integers
    segments: Integers
    words: Matrix

    def __len__(self) -> int:
        """The number of probes."""
        return len(self.handles)

    def find_owners(self, index: VectorIndex) -> Integers:
        """(p,) the position in `index.video_ids` of the video of each probe; -1 for words."""
        if len(self.words) or not len(self):
            return np.full(len(self), -1, dtype=np.int64)
        return index.resolve(self.handles)

    def keep_living(self, index: VectorIndex) -> "Probes":
        """The probes whose videos are still in the index."""
        if len(self.words):
            return self
        is_there = self.find_owners(index) >= 0
        return Probes(self.handles[is_there], self.segments[is_there], self.words)


def draw_probes(index: VectorIndex, kind: Kind, encoders: Encoders) -> Probes:
    """Draw the probes of a kind; the result depends only on the videos and not on their order.

    Args:
        index: of the space.
        kind: "clip" for pieces of its videos, "image" for single vectors, "video" for whole ones,
            "words" for phrases.
        encoders: of the library's profile; only "words" needs them.
    """
    no_words = np.zeros((0, index.space.dim), dtype=np.float32)
    n_probes = count_probes(index, kind)
    if kind == "words":
        made = dict(embed_words(PHRASES[:n_probes], encoders, index.space.modality, [index.space]))
        words = index.place(made[index.space]) if index.space in made else no_words
        nothing = np.zeros((len(words), 2), dtype=np.int64)
        return Probes(nothing[:, 0], nothing, words)
    rng = seed_draws(index)
    if kind == "video":
        n_probes = min(n_probes, len(index.video_ids))
    drawn = _draw(index, n_probes, rng)
    sizes = [index.count(index.video_ids[at]) for at in drawn.tolist()]
    length = _count_vectors(index, kind)
    pieces = [(0, size) if kind == "video" else _cut(size, length, rng) for size in sizes]
    segments = np.array(pieces, dtype=np.int64).reshape(-1, 2)
    return Probes(index.handles[drawn], segments, no_words)


def draw_videos(
    index: VectorIndex, kind: Kind, n_probes: int, max_operations: float | None = None
) -> tuple[str, ...]:
    """Draw videos to compare with `n_probes` probes; all if possible.

    Args:
        index: of the space.
        kind: of the probes.
        n_probes: number of the probes.
        max_operations: multiply-adds; None for `MAX_OPERATIONS`.
    """
    ids = index.video_ids
    n_operations = max(1, n_probes * _count_vectors(index, kind) * index.n * index.space.dim)
    n_videos = int(len(ids) * (max_operations or MAX_OPERATIONS) / n_operations)
    if n_videos >= len(ids):
        return ids
    drawn = seed_draws(index).permutation(len(ids))[: max(MIN_PROBES, n_videos)]
    return tuple(ids[at] for at in np.sort(drawn).tolist())


def compare_probes(
    index: VectorIndex, kind: Kind, probes: Probes, video_ids: Sequence[str]
) -> FloatArray:
    """Compare probes with videos.

    Returns:
        (probes, videos) cosines, NaN if a probe is from the video itself.
    """
    owners = probes.find_owners(index)
    rows = np.full((len(probes), len(video_ids)), np.nan)
    if kind != "words" and len(index.video_ids) == 1:
        return rows  # nothing unrelated; one long video with itself would take hundreds of MB
    if kind == "video":
        rows = compare_some(index, [index.video_ids[at] for at in owners.tolist()], video_ids)
    elif len(probes):
        _compare_with_all(index, probes, owners, video_ids, rows)
    position = {video_id: at for at, video_id in enumerate(video_ids)}
    for row, owner in zip(rows, owners.tolist(), strict=True):
        own = position.get(index.video_ids[owner]) if owner >= 0 else None
        if own is not None:
            row[own] = np.nan
    return rows


def count_probes(index: VectorIndex, kind: Kind) -> int:
    """The number of probes that can be compared with a whole index within `MAX_OPERATIONS`."""
    n_operations = max(1, _count_vectors(index, kind) * index.n * index.space.dim)
    return int(np.clip(MAX_OPERATIONS // n_operations, MIN_PROBES, MAX_PROBES))


def _count_vectors(index: VectorIndex, kind: Kind) -> int:
    """The number of vectors of a typical probe."""
    if kind == "video":
        return max(1, index.n // max(1, len(index.video_ids)))
    return CLIP_VECTORS if kind == "clip" else 1


def seed_draws(index: VectorIndex) -> np.random.Generator:
    """A random generator with a fixed seed for each space."""
    return np.random.default_rng(zlib.crc32(index.space.key.encode()))


def _draw(index: VectorIndex, n_probes: int, rng: np.random.Generator) -> Integers:
    """Positions of videos in random order; all are drawn before one is repeated."""
    order = rng.permutation(len(index.video_ids))
    return np.resize(order, n_probes if len(order) else 0)


def _cut(n_vectors: int, length: int, rng: np.random.Generator) -> tuple[int, int]:
    start = int(rng.integers(0, max(0, n_vectors - length) + 1))
    return start, min(start + length, n_vectors)


def _compare_with_all(
    index: VectorIndex,
    probes: Probes,
    owners: Integers,
    video_ids: Sequence[str],
    rows: FloatArray,
) -> None:
    """Fill (probes, videos) rows with the mean over a probe's vectors of the best match."""
    if len(probes.words):
        vectors, sizes = probes.words, np.ones(len(probes), dtype=np.int64)
    else:
        pieces = [
            index.vectors(index.video_ids[owner])[first:end]
            for owner, (first, end) in zip(owners.tolist(), probes.segments.tolist(), strict=True)
        ]
        vectors, sizes = np.concatenate(pieces), np.diff(probes.segments, axis=1)[:, 0]
    firsts = np.cumsum(sizes) - sizes
    # One pass over the index for all probes: reading its vectors is most of the work.
    for block in iter_blocks(index, video_ids):
        best = np.maximum.reduceat(vectors @ block.vectors.T, block.starts, axis=1)
        totals = np.add.reduceat(best, firsts, axis=0, dtype=np.float64)
        rows[:, block.positions] = totals / sizes[:, None]
