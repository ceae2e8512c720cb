"""Compares pgvector with FAISS on one set of vectors: `python -m benchmarks.scale.pgvector`.

Both indexes are made from the catalogue of one library in PostgreSQL, with the same centre, and
asked in turns. Vectors are those of `benchmarks.large.vectors`; queries are vectors of the library
with noise, at a cosine of some 0.55. Without `--address` a server is started from a Python package.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks.large.vectors import VectorMaker
from mvsearch.search.retrieval.retrieve import IndexQuery, find_candidates
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    Matrix,
    Segment,
    Space,
    Stage,
    Video,
)
from mvsearch.store.vectors.cache import IndexCache
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.pgvector.store import PgvectorStore
from mvsearch.store.vectors.pgvector.tables import (
    copy_rows,
    create_table,
    drop_table,
    on_table,
    pack_rows,
    to_texts,
)
from tests.servers.postgres import SETTINGS, PostgresServer

SPACE = Space("frames", "made", "1", 512)
BATCH = 200
# What a search of videos asks an index for, for ten results.
N_TAKEN = 640
N_NEAREST, NOISE, ROUNDS = 10, 1.5, 3
# A number that no placement has.
TRIED = 2_000_000_000


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=50, help="vectors of a video")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--address", help="of an empty database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(given.address) as address:
        told: dict[str, object] = {"videos": given.videos, "vectors": given.videos * given.each}
        with Library.open(address, create=True) as library:
            fill(library, given.videos, given.each, told)
            measure_bulk(library, told)
            near, far = build(library, Path(folder), told)
            queries = draw_queries(given.videos, given.each, given.queries, near)
            measure_search(near, far, queries, told)
            measure_parts(near, far, queries, told)


@contextmanager
def serve(address: str | None) -> Iterator[str]:
    """The address of an empty database, on a server of its own if none is given."""
    if address is not None:
        yield address
        return
    SETTINGS.update({"shared_buffers": "2GB", "max_wal_size": "8GB"})
    server = PostgresServer()
    try:
        server.start()
        yield server.make_database()
    finally:
        server.close()


def note(told: dict[str, object], **found: object) -> None:
    """Keep and print figures."""
    told |= found
    print(json.dumps(found), flush=True)


def fill(library: Library, n_videos: int, n_each: int, told: dict[str, object]) -> None:
    """Add videos with vectors as index runs add them; the index of vectors is written with them."""
    library.catalog.adopt_profile("made", [SPACE])
    maker = VectorMaker(SPACE.dim)
    segments = tuple(Segment(at / 2, at / 2 + 0.5) for at in range(n_each))
    spent = 0.0
    for first in range(0, n_videos, BATCH):
        videos = [
            describe(f"{at:08x}", Embeddings(SPACE, segments, maker.make(at, n_each)))
            for at in range(first, min(first + BATCH, n_videos))
        ]
        began = time.monotonic()
        library.catalog.add_indexed(videos)
        spent += time.monotonic() - began
    note(told, fill_seconds=round(spent, 1))


def describe(name: str, made: Embeddings) -> IndexedVideo:
    """A video that has vectors and nothing else."""
    path = Path(f"/made/{name}.mp4")
    stage = Stage(name, "frames", SPACE.key, "done")
    location = Location(path, name, path.parent, 1000, 1)
    return IndexedVideo(Video(name, path, name, None, 60.0), location, (stage,), (made,))


def measure_bulk(library: Library, told: dict[str, object]) -> None:
    """Load vectors by COPY, and row by row; both in one transaction."""
    maker, n_each, n_copied, n_inserted = VectorMaker(SPACE.dim, seed=1), 50, 1000, 100
    times = np.arange(n_each) / 2
    made = [maker.make(at, n_each) for at in range(n_copied)]
    insert = on_table(
        TRIED, "INSERT INTO PLACED VALUES (:handle, :segment, :starts, :ends, :vector)"
    )
    for is_copied, n_videos in ((True, n_copied), (False, n_inserted)):
        with library.database.writing() as session:
            create_table(session, TRIED, SPACE.dim)
            began = time.monotonic()
            if is_copied:
                packed = (pack_rows(at, one, times, times) for at, one in enumerate(made))
                copy_rows(session, TRIED, packed)
            else:
                for at, one in enumerate(made[:n_videos]):
                    for segment, vector in enumerate(to_texts(one)):
                        values = {"handle": at, "segment": segment, "starts": 0.0, "ends": 0.0}
                        session.execute(insert, {**values, "vector": vector})
            seconds = time.monotonic() - began
            drop_table(session, TRIED)
        kind = "copied" if is_copied else "inserted"
        note(told, **{f"{kind}_rows_per_second": round(n_videos * n_each / seconds)})
    ratio = float(str(told["copied_rows_per_second"])) / float(
        str(told["inserted_rows_per_second"])
    )
    note(told, copy_ratio=round(ratio, 1))


def build(
    library: Library, folder: Path, told: dict[str, object]
) -> tuple[VectorIndex, VectorIndex]:
    """Make both indexes; pgvector's comes first."""
    store = PgvectorStore(library.database)
    began = time.monotonic()
    store.rebuild(SPACE, library.catalog)
    note(told, pgvector_build_seconds=round(time.monotonic() - began))
    sizes = text(
        "SELECT relname, relkind, pg_relation_size(oid) FROM pg_class"
        " WHERE relname LIKE 'placed%' ORDER BY oid"
    )
    with library.database.reading() as session:
        rows = session.execute(sizes).all()
        probed = session.scalar(text("SELECT n_probed FROM index_placement WHERE is_current"))
    note(told, pgvector_n_probed=probed)
    note(told, megabytes={row[0]: row[2] // 2**20 for row in rows if row[2] > 2**20})
    began = time.monotonic()
    far = IndexCache(folder).obtain(SPACE, library.catalog)
    note(told, faiss_build_seconds=round(time.monotonic() - began))
    near = store.obtain(SPACE, library.catalog)
    for name, index in (("pgvector", near), ("faiss", far)):
        assert index.n == told["vectors"]
        note(told, **{f"{name}_recall_told": index.recall, f"{name}_is_exact": index.is_exact})
    return near, far


def draw_queries(n_videos: int, n_each: int, n: int, index: VectorIndex) -> Matrix:
    """Vectors of the library with noise, in the coordinates of the index."""
    generator, maker = np.random.default_rng(5), VectorMaker(SPACE.dim)
    chosen = generator.choice(n_videos, n, replace=n > n_videos)
    placed = index.place(np.concatenate([maker.make(int(at), n_each)[:1] for at in chosen]))
    noisy = placed + NOISE * generator.normal(size=placed.shape) / np.sqrt(SPACE.dim)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    return np.asarray(noisy, dtype=np.float32)


def measure_search(
    near: VectorIndex, far: VectorIndex, queries: Matrix, told: dict[str, object]
) -> None:
    """Recall of both, and the time of a query of one vector, in turns."""
    truth = [far._exact.search(query[None], N_NEAREST)[0][0] for query in queries]  # type: ignore[attr-defined]
    for name, index in (("pgvector", near), ("faiss", far)):
        shares = [
            np.mean(index.search(query[None], N_NEAREST).similarities[0] >= best[-1] - 1e-3)
            for query, best in zip(queries, truth, strict=True)
        ]
        note(told, **{f"{name}_recall": round(float(np.mean(shares)), 4)})
    for k in (N_NEAREST, N_TAKEN):

        def search(index: VectorIndex, query: Matrix, k: int = k) -> object:
            return index.search(query, k)

        compare(f"search of {k}", near, far, queries, told, search)
    compare(
        "ten videos",
        near, far, queries, told,
        find_ten,
    )  # fmt: skip


def find_ten(index: VectorIndex, query: Matrix) -> object:
    """The ten best videos, as the engine finds them."""
    return find_candidates([IndexQuery(index, query)], lambda scores, _: scores[0], 10)


def measure_parts(
    near: VectorIndex, far: VectorIndex, queries: Matrix, told: dict[str, object]
) -> None:
    """Filtered searches, and sets of videos compared in full."""
    ids = np.array(near.video_ids)
    generator = np.random.default_rng(7)
    for share in (0.5, 0.1, 0.01):
        within = generator.choice(ids, max(1, int(share * len(ids))), replace=False).tolist()

        def ask(index: VectorIndex, query: Matrix, within: list[str] = within) -> object:
            return index.search(query, N_NEAREST, within)

        compare(f"search of 10 within {share:.0%}", near, far, queries[:30], told, ask)
    for n_videos, n_queries in ((20, 1), (400, 1), (400, 30)):
        chosen = generator.choice(ids, min(n_videos, len(ids)), replace=False).tolist()
        some = queries[:n_queries]

        def score(
            index: VectorIndex, _: Matrix, some: Matrix = some, chosen: list[str] = chosen
        ) -> object:
            return index.score_sets(some, chosen)

        what = f"score {n_videos} videos by {n_queries}"
        compare(what, near, far, queries[:10], told, score)


def compare(
    what: str,
    near: VectorIndex,
    far: VectorIndex,
    queries: Matrix,
    told: dict[str, object],
    ask: Callable[[VectorIndex, Matrix], object],
) -> None:
    """Median milliseconds of both, asked in turns, and their ratio."""
    spent: dict[str, list[float]] = {"pgvector": [], "faiss": []}
    for at in range(ROUNDS):
        for query in queries:
            for name, index in (("pgvector", near), ("faiss", far)):
                began = time.perf_counter()
                ask(index, query[None])
                if at:  # the first round fills caches
                    spent[name].append(1e3 * (time.perf_counter() - began))
    medians = {name: round(float(np.median(each)), 2) for name, each in spent.items()}
    ratio = round(medians["pgvector"] / max(medians["faiss"], 1e-3), 2)
    note(told, **{what: {**medians, "ratio": ratio, "p95": percentiles(spent)}})


def percentiles(spent: dict[str, list[float]]) -> Sequence[float]:
    """The 95th percentile of both."""
    return [round(float(np.percentile(each, 95)), 2) for each in spent.values()]


if __name__ == "__main__":
    main()
