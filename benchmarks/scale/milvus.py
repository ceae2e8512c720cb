"""Checks answers and overhead of vectors in Milvus: `python -m benchmarks.scale.milvus`.

Without `--milvus` a Milvus Lite server is started. That is a test server in Python, which compares
and writes slowly: its times say nothing of a cluster. What is measured is whether the answers are
right, how many of the nearest a graph finds, and what this program adds to each call of the client.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any, cast
from unittest.mock import patch

import numpy as np

from benchmarks.scale.pgvector import SPACE, draw_queries, fill, note, serve
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.milvus.building import KIND
from mvsearch.store.vectors.milvus.collection import MilvusCollection, PlacedVideo
from mvsearch.store.vectors.milvus.index import MilvusIndex
from mvsearch.store.vectors.milvus.rows import GENERATION, HANDLE, ROW, VECTOR, number_rows
from mvsearch.store.vectors.milvus.store import MilvusStore
from mvsearch.store.vectors.remote.placements import find_current
from tests.servers.milvus import obtain_server

N_NEAREST, ROUNDS, N_WRITTEN = 10, 3, 1000


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=500)
    parser.add_argument("--each", type=int, default=20, help="vectors of a video")
    parser.add_argument("--queries", type=int, default=10)
    parser.add_argument("--milvus", help="address of a server")
    parser.add_argument("--address", help="of an empty database")
    given = parser.parse_args()
    milvus = given.milvus or obtain_server().address
    told: dict[str, object] = {}
    note(told, vectors=given.videos * given.each, is_milvus_lite=given.milvus is None)
    with serve(given.address) as address, Library.open(address, create=True) as library:
        library.choose_vectors(milvus)
        fill(library, given.videos, given.each, told)
        truth: Matrix | None = None
        for kind, most in (("flat", 1 << 60), ("graph", 0)):
            with patch("mvsearch.store.vectors.milvus.building.MAX_FLAT", most):
                index, collection = build(library, kind, told)
            queries = draw_queries(given.videos, given.each, given.queries, index)
            if truth is None:
                truth = compare_all(index, queries)
            measure_answers(index, queries, truth, kind, told)
            measure_overhead(index, collection, queries, kind, told)
        measure_writes(collection, told)


def build(
    library: Library, kind: str, told: dict[str, object]
) -> tuple[MilvusIndex, MilvusCollection]:
    """Build the collection of one kind."""
    store = cast(MilvusStore, library.catalog.index)
    began = time.monotonic()
    store.rebuild(SPACE, library.catalog)
    note(told, **{f"{kind}_build_seconds": round(time.monotonic() - began, 1)})
    index = cast(MilvusIndex, store.obtain(SPACE, library.catalog))
    with library.database.reading() as session:
        placement = find_current(session, SPACE.key, KIND)
    assert placement is not None
    return index, store.open_collection(placement)


def compare_all(index: MilvusIndex, queries: Matrix) -> Matrix:
    """(q, 10) the similarities of the nearest vectors, by brute force over the catalogue."""
    best = np.full((len(queries), N_NEAREST), -np.inf, dtype=np.float32)
    for video_id in index.video_ids:
        some = np.concatenate([best, queries @ index.vectors(video_id).T], axis=1)
        best = -np.sort(-some, axis=1)[:, :N_NEAREST]
    return best


def measure_answers(
    index: MilvusIndex, queries: Matrix, truth: Matrix, kind: str, told: dict[str, object]
) -> None:
    """How many of the nearest are found, and how far their similarities are off."""
    found = index.search(queries, N_NEAREST).similarities
    hits = found >= truth[:, -1:] - 1e-3
    error = float(np.abs(found - truth).max()) if kind == "flat" else None
    note(
        told,
        **{
            f"{kind}_recall": round(float(hits.mean()), 4),
            f"{kind}_recall_as_measured_by_the_index": round(index.recall, 4),
            f"{kind}_largest_error": error,
        },
    )


def measure_overhead(
    index: MilvusIndex,
    collection: MilvusCollection,
    queries: Matrix,
    kind: str,
    told: dict[str, object],
) -> None:
    """Milliseconds of one query here, of the same call of the client, and within some videos."""
    ids = index.video_ids
    client = collection.server.ask
    options: dict[str, Any] = {"limit": N_NEAREST, "anns_field": VECTOR}
    options["search_params"] = {"metric_type": "IP", "params": {"ef": 128}}
    calls: dict[str, Callable[[Matrix], object]] = {
        "client": lambda q: client("search", collection.name, data=list(q), **options),
        "here": lambda q: index.search(q, N_NEAREST),
        "within_10": lambda q: index.search(q, N_NEAREST, ids[:10]),
        "within_half": lambda q: index.search(q, N_NEAREST, ids[::2]),
        "without_10": lambda q: index.search(q, N_NEAREST, left_out=ids[:10]),
    }
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):  # in turns, so that load counts for all
        for at in range(len(queries)):
            for name, call in calls.items():
                began = time.perf_counter()
                call(queries[at : at + 1])
                spent[name].append(1000 * (time.perf_counter() - began))
    medians = {f"{kind}_{name}_ms": round(statistics.median(t), 2) for name, t in spent.items()}
    note(told, **medians)


def measure_writes(collection: MilvusCollection, told: dict[str, object]) -> None:
    """Rows a second here, and by the client alone; in turns."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(N_WRITTEN, collection.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    spent: dict[str, list[float]] = {"here": [], "client": []}
    for number in range(3):
        handle = 1 << 40 | number
        rows = [
            {ROW: int(row), HANDLE: handle, GENERATION: 1, VECTOR: vector}
            for row, vector in zip(number_rows(handle, N_WRITTEN), vectors, strict=True)
        ]
        began = time.perf_counter()
        collection.write([PlacedVideo(handle, 1, vectors)])
        middle = time.perf_counter()
        collection.server.change("upsert", collection.name, rows)
        spent["here"].append(middle - began)
        spent["client"].append(time.perf_counter() - middle)
        collection.delete([handle])
    rates = {name: round(N_WRITTEN / statistics.median(t)) for name, t in spent.items()}
    note(told, **{f"rows_a_second_{name}": rate for name, rate in rates.items()})


if __name__ == "__main__":
    main()
