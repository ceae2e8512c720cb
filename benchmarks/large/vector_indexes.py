"""Compares approximate indexes on one set of vectors: `python -m benchmarks.large.vector_indexes`.

The lists of a library (`store.vectors.inverted_lists`), other lists of FAISS with the same exact
re-ranking, and graphs of usearch, over the vectors of `benchmarks.large.vector_sets`. Each index is
opened and asked in a process of its own. Times are of the processor, so that a busy machine changes
them little; queries run on one thread.

usearch is no dependency of the project; where it is not installed its row is left out.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.large.scale import measure_recall, read_own_memory
from benchmarks.large.vector_sets import (
    DIM,
    N_EACH,
    N_NEAREST,
    Half,
    Rows,
    VectorSet,
    iter_blocks,
    keep_vectors,
)
from mvsearch.store.database.blobs import widen
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.approximate.inverted_lists import (
    N_LEARNT,
    N_REFINED,
    N_ROUNDS,
    REFINED_PER_WANTED,
    InvertedLists,
    count_lists,
    learn_codebook,
    list_rows,
)
from mvsearch.store.vectors.approximate.listed_codes import Codebook, ListedCodes
from mvsearch.store.vectors.exact.nearest import load_faiss

# A query (dim,), how many candidates, and the lists to look into (or as much work in a graph).
Find = Callable[[Matrix, int, int], Rows]

BLOCK, MIN_RECALL = 8192, 0.99
# What a search of videos asks an index for, for ten results.
N_TAKEN = 640
EFFORTS = (8, 12, 18, 27, 40, 60, 90, 135, 203, 304, 456, 684, 1026)
FACTORIES = {
    "faiss-sq8-whole": "IVF{lists},SQ8",
    "faiss-pq4": "PCA256,IVF{lists},PQ128x4fs",
}
NAMES = ("library", *FACTORIES, "usearch")
BOOK = tuple(field.name for field in fields(Codebook))


def build_library(file: Path, rows: Half) -> None:
    """Codes in lists as a library has them, in a file to be mapped."""
    codes = list_rows(rows, learn_codebook(rows))
    np.save(f"{file}.npy", codes.stored)
    book = {name: getattr(codes.book, name) for name in BOOK}
    np.savez(f"{file}.npz", bounds=codes.bounds, allow_pickle=False, **book)


def open_library(file: Path) -> Find:
    """Codes in lists, mapped; what is written to them stays in memory."""
    with np.load(f"{file}.npz") as held:
        book, bounds = Codebook(*(held[name] for name in BOOK)), held["bounds"]
    codes = ListedCodes(book, bounds, np.load(f"{file}.npy", mmap_mode="c"))
    lists = InvertedLists(codes, 1, 1.0, codes.n)
    load_faiss().omp_set_num_threads(1)

    def find(query: Matrix, n: int, effort: int) -> Rows:
        found: Rows = lists.find(query[None], n, effort)[0]
        return found[found >= 0]

    return find


def remove_library(file: Path, gone: Rows) -> None:
    """Overwrite the codes of some rows where they lie."""
    with np.load(f"{file}.npz") as held:
        book, bounds = Codebook(*(held[name] for name in BOOK)), held["bounds"]
    codes = ListedCodes(book, bounds, np.load(f"{file}.npy", mmap_mode="r+"))
    for _, own, rows in codes.iter_lists():
        own[np.isin(rows, gone)] = 0


def build_faiss(file: Path, rows: Half) -> None:
    """Lists of FAISS, learnt from as many rows and with as many lists as the own ones."""
    import faiss

    index = faiss.index_factory(
        DIM, FACTORIES[file.name].format(lists=count_lists(len(rows))), faiss.METRIC_L2
    )
    faiss.extract_index_ivf(index).cp.niter = N_ROUNDS
    generator = np.random.default_rng(0)
    chosen = np.sort(generator.choice(len(rows), min(N_LEARNT, len(rows)), replace=False))
    index.train(widen(rows[chosen]))
    for block in iter_blocks(rows):
        index.add(block)
    faiss.write_index(index, str(file))


def open_faiss(file: Path) -> Find:
    """Lists of FAISS, mapped."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
    lists = faiss.extract_index_ivf(index)

    def find(query: Matrix, n: int, effort: int) -> Rows:
        lists.nprobe = effort
        found: Rows = index.search(query[None], n)[1][0]
        return found[found >= 0]

    return find


def remove_faiss(file: Path, gone: Rows) -> None:
    """Take rows out of an index in memory, and write it whole: one that is mapped is read-only."""
    import faiss

    index = faiss.read_index(str(file))
    faiss.extract_index_ivf(index).remove_ids(faiss.IDSelectorBatch(gone))
    faiss.write_index(index, f"{file}.less")


def build_usearch(file: Path, rows: Half) -> None:
    """A graph over the rows, of which it keeps a copy as float16."""
    from usearch.index import Index

    graph = Index(ndim=DIM, metric="ip", dtype="f16")
    for first in range(0, len(rows), BLOCK):
        block = np.asarray(rows[first : first + BLOCK])
        graph.add(np.arange(first, first + len(block)), block)
    graph.save(str(file))


def open_usearch(file: Path) -> Find:
    """A graph, mapped."""
    from usearch.index import Index

    graph = Index.restore(str(file), view=True)

    def find(query: Matrix, n: int, effort: int) -> Rows:
        graph.expansion_search = max(n, 4 * effort)
        return np.asarray(graph.search(query.astype(np.float16), n, threads=1).keys, np.int64)

    return find


def remove_usearch(file: Path, gone: Rows) -> None:
    """Take rows out of a graph in memory, and write it whole; their vectors stay in the file."""
    from usearch.index import Index

    graph = Index.restore(str(file), view=False)
    graph.remove(gone)
    graph.save(f"{file}.less")


KINDS = {
    "library": (build_library, open_library, remove_library),
    "usearch": (build_usearch, open_usearch, remove_usearch),
    **dict.fromkeys(FACTORIES, (build_faiss, open_faiss, remove_faiss)),
}


def search(find: Find, rows: Half, query: Matrix, k: int, effort: int) -> Rows:
    """The nearest rows of a query among the candidates of an index, compared exactly."""
    found = find(query, max(N_REFINED, REFINED_PER_WANTED * k), effort)
    return found[np.argsort(-(widen(rows[found]) @ query))[:k]]


def measure(name: str, data: VectorSet) -> dict[str, float]:
    """Open an index in this process, ask it, and take a video out of it."""
    told: dict[str, float] = {}
    before, file = read_own_memory(), data.folder / name
    with clock(told, "open_ms"):
        find = KINDS[name][1](file)
        search(find, data.rows, data.queries["tune"][0], N_NEAREST, EFFORTS[0])

    def find_recall(kind: str, effort: int) -> float:
        found = [search(find, data.rows, q, N_NEAREST, effort) for q in data.queries[kind]]
        return measure_recall(data.nearest[kind], found)

    is_enough = (effort for effort in EFFORTS if find_recall("tune", effort) >= MIN_RECALL)
    effort = next(is_enough, EFFORTS[-1])
    told |= {"effort": effort, "own_mb": (read_own_memory() - before) / 1e6}
    told |= {f"recall_{kind}": find_recall(kind, effort) for kind in ("copy", "strange")}
    for k in (N_NEAREST, N_TAKEN):
        took: dict[str, float] = {}
        for number, query in enumerate(data.queries["copy"]):
            with clock(took, str(number)):
                search(find, data.rows, query, k, effort)
        told[f"ms_{k}"] = float(np.median(list(took.values())))
    with clock(told, "remove_ms"):
        KINDS[name][2](file, np.arange(N_EACH))
    return told


@contextmanager
def clock(told: dict[str, float], what: str) -> Iterator[None]:
    """Note the milliseconds of the processor that something takes."""
    began = time.process_time()
    yield
    told[what] = 1e3 * (time.process_time() - began)


def compare(name: str, data: VectorSet) -> dict[str, float]:
    """Build an index if it is not there, and measure it in a process of its own."""
    note = data.folder / f"{name}.json"
    if not note.exists():
        built: dict[str, float] = {}
        with clock(built, "build_ms"):
            KINDS[name][0](data.folder / name, data.rows)
        files = [file for file in data.folder.glob(f"{name}*") if file != note]
        built["file_mb"] = sum(file.stat().st_size for file in files) / 1e6
        note.write_text(json.dumps(built), "utf-8")
    words = [sys.executable, "-m", "benchmarks.large.vector_indexes", "--inside", "--only", name]
    words += ["--folder", str(data.folder.parent), "--rows", str(len(data.rows))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(note.read_text("utf-8")) | json.loads(done.stdout)
    return told


def main() -> None:
    """Read the command line, and print what was measured, a line of JSON for each index."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large.vector_indexes")
    parser.add_argument("--folder", type=Path, default=Path(".bench/vector-indexes"))
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many vectors")
    parser.add_argument("--only", choices=NAMES, action="append", help="these indexes alone")
    parser.add_argument("--inside", action="store_true", help="measure one in this process")
    given = parser.parse_args()
    data = keep_vectors(given.folder / str(given.rows), given.rows)
    for name in given.only or NAMES:
        if given.inside:
            print(json.dumps(measure(name, data)))
        elif name != "usearch" or importlib.util.find_spec("usearch"):
            print(json.dumps({"index": name} | compare(name, data)), flush=True)


if __name__ == "__main__":
    main()
