"""Frame vectors of a library, with queries and their true neighbours.

They are generated (`benchmarks.vectors`), 100 of a video, and placed as a library places them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.scale import NOISE
from benchmarks.vectors import PICTURES, VectorMaker
from mvsearch.store.database.blobs import widen
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.exact.centering import place_vectors

Rows = npt.NDArray[np.int64]
Half = npt.NDArray[np.float16]

DIM, N_EACH, N_QUERIES, N_NEAREST, BLOCK = 1280, 100, 60, 10, 8192


@dataclass(frozen=True, slots=True)
class VectorSet:
    """Rows on disk with queries and their true neighbours.

    Attributes:
        folder: of all files.
        rows: (n, dim), mapped.
        queries: (q, dim) of each kind: "tune" and "copy" are rows with noise, "strange" are vectors
            of other videos.
        nearest: (q, 10) rows of each kind.
    """

    folder: Path
    rows: Half
    queries: dict[str, Matrix]
    nearest: dict[str, Rows]


def keep_vectors(folder: Path, n_rows: int) -> VectorSet:
    """Make the rows and the queries, or take those of an earlier call."""
    folder.mkdir(parents=True, exist_ok=True)
    file, asked = folder / "rows.f16", folder / "queries.npz"
    if not asked.exists():
        maker, n_videos = VectorMaker(DIM, PICTURES, seed=7), n_rows // N_EACH
        some = [maker.make(at, N_EACH) for at in range(0, n_videos, 50)]
        centre: Matrix = np.concatenate(some).mean(axis=0)
        made = np.lib.format.open_memmap(file, "w+", np.float16, (n_rows, DIM))
        for at in range(n_videos):
            placed = place_vectors(maker.make(at, N_EACH), centre)
            made[at * N_EACH : (at + 1) * N_EACH] = placed
        made.flush()
        queries = make_queries(maker, n_videos, centre)
        nearest = {f"{kind}_rows": find_nearest(made, one) for kind, one in queries.items()}
        np.savez(asked, allow_pickle=False, **queries, **nearest)
    rows: Half = np.load(file, mmap_mode="r")
    with np.load(asked) as held:
        kinds = ("tune", "copy", "strange")
        return VectorSet(
            folder, rows, {k: held[k] for k in kinds}, {k: held[f"{k}_rows"] for k in kinds}
        )


def make_queries(maker: VectorMaker, n_videos: int, centre: Matrix) -> dict[str, Matrix]:
    """Vectors that the index does not hold."""
    generator = np.random.default_rng(5)
    made: dict[str, Matrix] = {}
    for kind in ("tune", "copy", "strange"):
        begin = n_videos if kind == "strange" else 0
        videos = begin + generator.integers(n_videos, size=N_QUERIES)
        vectors = np.stack([maker.make(int(v), N_EACH)[int(v) % N_EACH] for v in videos])
        if kind != "strange":
            noise = generator.standard_normal(vectors.shape, dtype=np.float32)
            vectors += noise * np.float32(NOISE / np.sqrt(DIM))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        made[kind] = place_vectors(vectors, centre)
    return made


def iter_blocks(rows: Half) -> Iterator[Matrix]:
    """All rows as float32."""
    return (widen(rows[first : first + BLOCK]) for first in range(0, len(rows), BLOCK))


def find_nearest(rows: Half, queries: Matrix) -> Rows:
    """The nearest rows by brute force."""
    similarities = np.concatenate([queries @ block.T for block in iter_blocks(rows)], axis=1)
    return np.argsort(-similarities, axis=1)[:, :N_NEAREST]
