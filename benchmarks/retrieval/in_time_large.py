"""Times queries in time in a made library: `python -m benchmarks.retrieval.in_time_large FOLDER`.

The library has made-up videos (`benchmarks.large.libraries`) of 100 frame vectors, of 20 windows of
sound and of 10 lines. Queries are vectors of its videos with noise, and lines of them; the answer
has both at one moment, or one after the other. Printed are the median times of queries in time and
of plain searches of the same parts, in turns in one run, how many videos were scored exactly for
ten results, and recall@1.
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.large.libraries import LibraryOptions, MadeLibrary, keep_library
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.query.encode import EncodedPart, Made
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.temporal import search as in_time
from mvsearch.search.temporal.expression import And, Expression, Leaf, Then, While
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix

KINDS = ("picture while line", "picture then picture", "picture and line")
NOISE = 0.6


class Asking:
    """Draws queries with an answer from a library.

    Attributes:
        made: the encoded parts of all queries.
    """

    def __init__(self, library: Library, seed: int) -> None:
        self.library = library
        self.choose = np.random.default_rng(seed)
        self.made: Made = {}
        self.spaces = library.catalog.spaces()
        self.ids = library.index(self.spaces[0]).video_ids

    def draw(self, kind: str) -> tuple[Expression, str]:
        """A query of a kind, and the id of its answer."""
        video_id = self.ids[int(self.choose.integers(len(self.ids)))]
        share = float(self.choose.uniform(0.1, 0.8))
        first, second = kind.split()[0], kind.split()[-1]
        later = share + 0.05 if "then" in kind else share
        parts = [Leaf(self.add(first, video_id, share)), Leaf(self.add(second, video_id, later))]
        if "then" in kind:
            return Then(parts[0], parts[1], 15.0), video_id
        return (While if "while" in kind else And)((parts[0], parts[1])), video_id

    def add(self, word: str, video_id: str, share: float) -> QueryPart:
        """A part like what a video has at a share of its length."""
        kind, modality = ("lyric", "lyrics") if word == "line" else ("image", "frames")
        name = f"{word} {len(self.made)}"
        lines: tuple[str, ...] = ()
        spaces = [s for s in self.spaces if s.modality == modality and s.view != "words"]
        encoded: dict[str, list[EncodedPart]] = defaultdict(list)
        for space in spaces:
            held = self.library.catalog.embeddings(video_id, space.key)
            if held is None:
                continue
            at = int(share * len(held.vectors))
            if modality == "lyrics":
                name = held.segments[at].text
                lines = (name,)
            encoded[space.view].append(self.spoil(held.vectors[at], space, lines))
        part = QueryPart(kind, name)  # type: ignore[arg-type]
        for by, view in (("look", ""), ("copy", "copies")):
            chosen = encoded[view] or encoded[""]
            key: Any = (part, modality, by)
            self.made[key] = [self.own(part, one) for one in chosen]
        return part

    def spoil(self, vector: Any, space: Any, lines: tuple[str, ...]) -> EncodedPart:
        """A vector with noise, to a cosine of 0.86."""
        noise = self.choose.standard_normal(space.dim, dtype=np.float32)
        near = vector + noise * np.float32(NOISE / np.sqrt(space.dim))
        whole: Matrix = (near / np.linalg.norm(near))[None].astype(np.float32)
        part = QueryPart("text", "nothing")
        return EncodedPart(part, space, whole, np.full(1, np.nan), lines=lines)

    def own(self, part: QueryPart, encoded: EncodedPart) -> EncodedPart:
        """The same, of another part."""
        return EncodedPart(part, encoded.space, encoded.vectors, encoded.times, lines=encoded.lines)


class Counting:
    """Counts the videos that are scored exactly, while it is entered."""

    n_scored = 0

    def __enter__(self) -> "Counting":
        """Count from now on."""
        whole = in_time.TemporalSearch.score
        self._whole = whole

        def count(search: Any, positions: Any) -> Any:
            self.n_scored += len(positions)
            return whole(search, positions)

        in_time.TemporalSearch.score = count  # type: ignore[assignment, method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        in_time.TemporalSearch.score = self._whole  # type: ignore[method-assign]


def measure(made: MadeLibrary, n_each: int) -> list[str]:
    """The rows of the table."""
    with Library.open(made.folder) as library, Counting() as counting:
        engine, asking = Engine(library, Encoders(made.options.profile)), Asking(library, 1)
        return [measure_kind(kind, engine, asking, n_each, counting) for kind in KINDS]


def measure_kind(kind: str, engine: Engine, asking: Asking, n_each: int, counting: Counting) -> str:
    """The row of a kind of query."""
    took: dict[str, list[float]] = defaultdict(list)
    right: dict[str, int] = defaultdict(int)
    n_scored = []
    for number in range(n_each + 2):
        expression, answer = asking.draw(kind)
        plain = Query(tuple(leaf.part for leaf in expression.leaves))
        counting.n_scored = 0
        for name, query in {"time": Query((), expression=expression), "plain": plain}.items():
            begin = time.perf_counter()
            best = engine.search(query, made=asking.made)[0]
            if number >= 2:  # the first open indexes and measure the null distributions
                took[name].append(time.perf_counter() - begin)
                right[name] += best.video.id == answer
        n_scored.append(counting.n_scored)
    ours, theirs = median(took["time"]), median(took["plain"])
    return (
        f"{kind:22} {1000 * ours:8.0f} {1000 * theirs:8.0f} {ours / theirs:7.2f}"
        f" {median(n_scored):8.0f} {max(n_scored):8d}"
        f" {right['time'] / n_each:8.2f} {right['plain'] / n_each:8.2f}"
    )


def main() -> None:
    """Make a library, or take the one that is there, ask, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=15, help="queries of each kind")
    given = parser.parse_args()
    options = LibraryOptions(given.videos, n_windows=20, n_lines=10, has_files=False)
    made = keep_library(given.folder, options)
    rows = measure(made, given.each)
    print(f"{given.videos} videos")
    print(f"{'':22}  time ms plain ms   ratio   scored  at most    right    plain")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
