"""Measures the search in a million frame vectors: `python -m benchmarks.large.scale`.

The library has 10,000 made videos (`benchmarks.large.libraries`) of 100 frame vectors, of 20
windows of sound and of 10 lines. What is asked are vectors of its videos with noise, to a cosine
of 0.86, as of a copy, and apart from these vectors of videos that it does not have.
"""

import resource
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import paint_still
from benchmarks.large.libraries import MadeLibrary, keep_crowd, make_maker
from benchmarks.program import BenchOptions, run_program, settle_library
from benchmarks.results import Row, judge
from benchmarks.timing import compare, run_command
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.query.analyse import analyse_part
from mvsearch.search.query.encode import encode_query
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.spaces import own_spaces
from mvsearch.search.retrieval.retrieve import NEIGHBOURS
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Matrix, Modality, Space
from mvsearch.store.vectors.index import VectorIndex

GOAL_ENGINE, GOAL_RECALL, GOAL_FASTER, GOAL_BYTES, GOAL_OPEN = 1.15, 0.97, 20.0, 1e9, 0.3
N_NEAREST = 10
N_VIDEOS = 10_000
# What the engine asks an approximate index for, for ten results.
N_TAKEN = 10 * NEIGHBOURS
NOISE = 0.6


def measure_rows(options: BenchOptions) -> list[Row]:
    """Rows 9, 7 and 6, of one library."""
    made = keep_crowd(options.cache, 50 if options.is_quick else N_VIDEOS)
    settle_library(made)
    rows = [measure_opening(made, options)]
    with Library.open(made.folder) as library:
        space = own_spaces(library)["frames"]
        before = read_own_memory()
        index = library.index(space)
        n_queries = 12 if options.is_quick else 100
        queries = index.place(make_queries(made, space, n_queries))
        strange = index.place(make_queries(made, space, n_queries, is_held=False))
        index.search(queries[:1], N_NEAREST)
        held = read_own_memory() - before
        held += sum(file.stat().st_size for file in made.folder.glob("vectors/*.codes"))
        rows.append(measure_engine(library, made, options))
        rows.append(measure_search(index, queries, strange, held, options))
    return rows


def measure_opening(made: MadeLibrary, options: BenchOptions) -> Row:
    """Row 9: from a path to an index that answers."""
    words: list[str | Path] = [sys.executable, "-m", "benchmarks.large.scale_opening", made.folder]
    root = Path(__file__).resolve().parents[2]
    found = compare(
        {
            "open": lambda: float(run_command(words, root).output.split()[0]),
            "scan": lambda: float(run_command(words, root).output.split()[1]),
        },
        options.rounds,
    )
    took, scan = found.median("open"), found.median("scan")
    return Row(
        "9",
        f"open a library of {made.options.n_videos * made.options.n_frames:,} frame vectors",
        "one exact scan of the same vectors",
        f"{took:.2f} s, {took / scan:.2f} x",
        f"<= {GOAL_OPEN} s, or one scan",
        judge(took <= max(GOAL_OPEN, scan), is_quick=options.is_quick),
        "in a new process, imports not counted, files in the page cache; the scan is by numpy over"
        " as many vectors in memory",
    )


def measure_engine(library: Library, made: MadeLibrary, options: BenchOptions) -> Row:
    """Row 6: the engine against its two necessary parts."""
    picture = QueryPart("image", str(paint_still(options.cache / "clips/still.png")))
    encoders = Encoders(made.options.profile)
    index = library.index(own_spaces(library)["frames"])
    planted = make_queries(made, index.space, 64)
    turns: Iterator[Matrix] = iter(np.tile(planted, (20, 1)))
    analyse = partial(plant, turns)
    engine = Engine(library, encoders, analyse)

    def run_parts() -> None:
        encoded = encode_query((picture,), library, encoders, ["frames"], analyse)
        index.search(index.place(encoded.parts[0].vectors), N_TAKEN)

    things = {"engine": lambda: engine.search(Query((picture,))), "parts": run_parts}
    for thing in (*things.values(), *things.values()):
        thing()
    found = compare(things, 3 if options.is_quick else 31)
    ratio = found.median("engine") / found.median("parts")
    return Row(
        "6",
        f"a warm image query in process, {index.n:,} frame vectors",
        f"encoding the picture, and `VectorIndex.search` for {N_TAKEN}",
        f"{ratio:.2f} x",
        f"<= {GOAL_ENGINE} x",
        judge(ratio <= GOAL_ENGINE, is_quick=options.is_quick),
        f"{found.median('engine') * 1e3:.0f} ms against {found.median('parts') * 1e3:.0f} ms; the"
        " picture is read and encoded, then a vector like the library's own takes its place",
    )


def measure_search(
    index: VectorIndex, queries: Matrix, strange: Matrix, held: int, options: BenchOptions
) -> Row:
    """Row 7: the index against an exact scan by FAISS of the same vectors."""
    exact, firsts = build_exact(index)

    def find_recall(asked: Matrix) -> float:
        found = index.search(asked, N_NEAREST)
        found_rows = firsts[found.videos] + found.segments
        return measure_recall(exact.search(asked, N_NEAREST)[1], found_rows)

    recall = find_recall(queries)
    turns = {"ours": cycle(queries), "exact": cycle(queries)}

    def ask(name: str, search: Any) -> None:
        search(next(turns[name])[None], N_NEAREST)

    found = compare(
        {"ours": lambda: ask("ours", index.search), "exact": lambda: ask("exact", exact.search)},
        3 if options.is_quick else 25,
    )
    gain = found.ratio("exact", "ours")
    is_met = recall >= GOAL_RECALL and gain >= GOAL_FASTER and held <= GOAL_BYTES
    return Row(
        "7",
        f"the {N_NEAREST} nearest of {index.n:,} vectors of {index.space.dim} numbers",
        "exact search by FAISS, half precision",
        f"recall@10 {recall:.3f}, {gain:.0f} x as fast, {held / 1e9:.2f} GB",
        "recall >= 0.97, >= 20 x, <= 1 GB",
        judge(is_met, is_quick=options.is_quick),
        f"{found.median('ours') * 1e3:.1f} ms and {found.median('exact') * 1e3:.0f} ms a vector;"
        f" recall {find_recall(strange):.3f} for vectors of videos that it does not hold, whose"
        " nearest are strangers; memory is what the process holds of its own after opening and one"
        " search, and the mapped codes, without the mapped rows",
    )


def make_queries(made: MadeLibrary, space: Space, n: int, *, is_held: bool = True) -> Matrix:
    """Vectors like those of a library, which it does not hold: (n, dim) float32 of length one.

    Args:
        made: the library.
        space: of the vectors.
        n: how many.
        is_held: whether they are vectors of its videos with noise, or of videos it does not have.
    """
    maker = make_maker(space, made.options)
    generator = np.random.default_rng([made.options.seed, 9, is_held])
    n_videos, n_frames = made.options.n_videos, made.options.n_frames
    videos = generator.integers(n_videos, size=n) + (0 if is_held else n_videos)
    frames = generator.integers(n_frames, size=n)
    pairs = zip(videos.tolist(), frames.tolist(), strict=True)
    vectors = np.stack([maker.make(video, n_frames)[frame] for video, frame in pairs])
    if is_held:
        noise = generator.standard_normal(vectors.shape, dtype=np.float32)
        vectors += noise * np.float32(NOISE / np.sqrt(space.dim))
    made_queries: Matrix = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return made_queries


def plant(
    turns: Iterator[Matrix], part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
) -> Sequence[Embeddings]:
    """Read and encode a query's file; then put the next vector in the place of its own."""
    made = analyse_part(part, encoders, modalities)
    return [
        Embeddings(one.space, one.segments, next(turns)[None])
        if one.space == encoders.frames.spaces[0] and len(one.segments) == 1
        else one
        for one in made
    ]


def build_exact(index: VectorIndex) -> tuple[Any, Any]:
    """FAISS's exact index of all vectors of an index, and the first row of each video in it."""
    import faiss

    exact = faiss.IndexScalarQuantizer(
        index.space.dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    firsts = []
    for video_id in index.video_ids:
        firsts.append(exact.ntotal)
        exact.add(index.vectors(video_id))
    return exact, np.array(firsts)


def measure_recall(true_rows: Any, found_rows: Any) -> float:
    """The mean share of the true rows (q, k) that were found (q, k)."""
    shares = [len(set(t) & set(f)) / len(t) for t, f in zip(true_rows, found_rows, strict=True)]
    return float(np.mean(shares))


def read_own_memory() -> int:
    """Bytes that this process holds of its own, without mapped files."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("utf-8").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    run_program("large.scale", measure_rows)
