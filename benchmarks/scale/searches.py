"""Compares searches of one made library by pgvector and by FAISS, over one catalogue in PostgreSQL.

`python -m benchmarks.scale.searches FOLDER --videos 20000`

Each video has 12 vectors of pictures (256 numbers) and 12 of lyric lines (128), which are copied
into the tables; without `--address` a server is started. Each store of vectors is asked by a
process of its own, which measures nothing before: printed are the time of its first query, the
median of each kind, the share of the same ten results, the statements and rows of a query, and the
memory of the process. Then a writer adds a video each second.
"""

import argparse
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import event

from benchmarks.scale.made_library import (
    BATCH,
    LINES,
    N_LABELS,
    PICTURES,
    SPACES,
    MadeEncoders,
    Maker,
    fill,
    make_late,
    name_video,
    to_units,
)
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.encode import EncodedPart, Made
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.scoring.null_distribution import measure_distributions
from mvsearch.search.temporal.expression import Leaf, Then
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.open_database import has_library
from mvsearch.store.opening import parse_address
from mvsearch.store.records import (
    Matrix,
    Space,
)
from mvsearch.store.vectors.cache import IndexCache

KINDS = ("picture", "line", "clip", "similar", "picture of some", "picture then line")
NOISE = 1.0


class Asking:
    """Draws queries that are vectors of videos with noise."""

    def __init__(self, n_videos: int) -> None:
        self._maker = Maker()
        self._choose = np.random.default_rng(5)
        self._n_videos = n_videos
        self.made: Made = {}

    def draw(self, kind: str) -> Query | str:
        """A query of a kind; the id of a video for similar ones."""
        number = int(self._choose.integers(self._n_videos))
        if kind == "similar":
            return name_video(number)
        first = number - number % BATCH
        vectors = {s: self._maker.make(s, first, BATCH)[number - first] for s in SPACES}
        name = f"{kind} {len(self.made)}"
        if kind == "clip":
            clip = QueryPart("clip", name)
            self._add(clip, PICTURES, np.repeat(vectors[PICTURES][-2:], 4, axis=0), 8.0)
            return Query((clip,))
        line, picture = QueryPart("lyric", name), QueryPart("image", name)
        if "line" in kind:
            self._add(line, LINES, vectors[LINES][3:4], None, (name,))
        if kind == "line":
            return Query((line,))
        self._add(picture, PICTURES, vectors[PICTURES][2:3], None)
        if kind == "picture then line":
            return Query((), expression=Then(Leaf(picture), Leaf(line)))
        some = Filter(tags=(f"label {number % N_LABELS}",)) if "some" in kind else Filter()
        return Query((picture,), some)

    def _add(
        self,
        part: QueryPart,
        space: Space,
        vectors: Matrix,
        seconds: float | None,
        lines: tuple[str, ...] = (),
    ) -> None:
        noise = self._choose.standard_normal(vectors.shape, dtype=np.float32)
        near = to_units(vectors + noise * np.float32(NOISE / np.sqrt(space.dim)))
        times = np.linspace(0, seconds, len(near)) if seconds else np.full(len(near), np.nan)
        for other in SPACES:
            self.made.setdefault((part, other.modality, "look"), [])
        encoded = EncodedPart(part, space, near, times, seconds, lines)
        self.made[part, space.modality, "look"].append(encoded)


def prepare(address: str, vectors: str, folder: Path) -> float:
    """Open the indexes and measure what an index run measures; how many seconds that took."""
    begin = time.perf_counter()
    with opened(address, vectors, folder) as library:
        measure_distributions(library, MadeEncoders())  # type: ignore[arg-type]
    return time.perf_counter() - begin


@contextmanager
def opened(address: str, vectors: str, folder: Path) -> Iterator[Library]:
    """The library with the vectors of the server, or with files of FAISS in a folder."""
    with Library.open(parse_address(address)) as library:
        if vectors == "faiss":
            library._vectors = IndexCache(folder / "faiss")
        yield library


@contextmanager
def counting(library: Library) -> Iterator[dict[str, int]]:
    """Count the statements to a server, and the rows that come."""
    counts = {"statements": 0, "rows": 0}
    engine: Any = library.database.engine

    def count(_connection: Any, cursor: Any, *_: Any) -> None:
        counts["statements"] += 1
        counts["rows"] += max(0, cursor.rowcount)

    event.listen(engine, "after_cursor_execute", count)
    yield counts
    event.remove(engine, "after_cursor_execute", count)


def ask(given: argparse.Namespace) -> dict[str, Any]:
    """Ask each kind of query, by a process that has done nothing yet."""
    begin = time.perf_counter()
    found: dict[str, Any] = {}
    with (
        opened(given.address, given.ask, given.folder) as library,
        counting(library) as counts,
    ):
        engine = Engine(library, MadeEncoders(), None, lambda *_: None)  # type: ignore[arg-type]
        asking = Asking(given.videos)
        for kind in KINDS:
            took, results = [], []
            n_before = dict(counts)
            for _ in range(given.each + 1):
                query = asking.draw(kind)
                start = time.perf_counter()
                best = search(engine, asking, query)
                took.append(time.perf_counter() - start)
                results.append(best)
                found.setdefault("first_s", round(time.perf_counter() - begin, 2))
            found[kind] = {
                "ms": round(1000 * median(took[1:]), 1),
                "p90_ms": round(1000 * float(np.quantile(took[1:], 0.9)), 1),
                "results": results,
                **{name: (n - n_before[name]) // (given.each + 1) for name, n in counts.items()},
            }
        found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if given.beside:
            found["beside"] = ask_beside_writer(given, engine, asking)
    return found


def search(engine: Engine, asking: Asking, query: Query | str) -> list[str]:
    """The ids that a query finds."""
    options = SearchOptions(by="look")
    if isinstance(query, str):
        video = engine.library.catalog.find_video(query)
        return [one.video.id for one in engine.similar(video, options)]
    return [one.video.id for one in engine.search(query, options, made=asking.made)]


def ask_beside_writer(
    given: argparse.Namespace, engine: Engine, asking: Asking
) -> dict[str, float]:
    """The median of pictures, without and with a writer that adds a video each second."""
    took: dict[str, list[float]] = {"alone": [], "beside": []}
    is_over = threading.Event()
    with opened(given.address, given.ask, given.folder) as other:

        def write() -> None:
            maker, number = Maker(), 10_000_000 + int(time.time())
            while not is_over.wait(1.0):
                number += 1
                with other.writing():
                    other.catalog.add_indexed([make_late(maker, number)])

        thread = threading.Thread(target=write)
        for name in took:
            if name == "beside":
                thread.start()
            end = time.perf_counter() + given.beside
            while time.perf_counter() < end:
                query = asking.draw("picture")
                start = time.perf_counter()
                search(engine, asking, query)
                took[name].append(time.perf_counter() - start)
        is_over.set()
        thread.join()
    return {name: round(1000 * median(all_), 1) for name, all_ in took.items()}


def run(given: argparse.Namespace, vectors: str) -> dict[str, Any]:
    """Ask by another process."""
    words = [sys.executable, "-m", "benchmarks.scale.searches", str(given.folder), "--ask", vectors]
    words += ["--videos", str(given.videos), "--each", str(given.each)]
    words += ["--address", given.address, "--beside", str(given.beside)]
    words += ["--small"] if given.small else []
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@contextmanager
def serving(address: str | None) -> Iterator[str]:
    """The address of a database: an empty one of a new server, if none is given."""
    if address is not None:
        yield address
        return
    from tests.servers.postgres import PostgresServer

    server = PostgresServer()
    with (server.folder / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = '2GB'\nmaintenance_work_mem = '1500MB'\n")
    server.start()
    try:
        yield server.make_database()
    finally:
        server.close()


def report(found: dict[str, Any]) -> None:
    """Print a table."""
    print(f"{'':20} FAISS ms  pgvector ms (p90)  same of ten  statements  rows")
    for kind in KINDS:
        here, there = (found[name][kind] for name in ("faiss", "pgvector"))
        pairs = list(zip(here["results"], there["results"], strict=True))
        n_same = sum(len(set(a) & set(b)) for a, b in pairs) / max(1, sum(len(a) for a, _ in pairs))
        print(
            f"{kind:20} {here['ms']:8} {there['ms']:9} ({there['p90_ms']})  {n_same:8.3f}"
            f" {there['statements']:10} {there['rows']:6}"
        )
    for name, one in found.items():
        print(
            f"{name}: first query after {one['first_s']} s, at most {one['rss_mb']} MB,"
            f" picture ms {one.get('beside')}"
        )


def main() -> None:
    """Make a library, ask both, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for the files of FAISS")
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=15, help="queries of each kind")
    parser.add_argument("--address", help="of a database, empty or made before; none starts one")
    parser.add_argument("--beside", type=float, default=15.0, help="seconds beside a writer")
    parser.add_argument("--small", action="store_true", help="4 vectors of 64 numbers a video")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        print(json.dumps(ask(given)))
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    with serving(given.address) as given.address:
        if not has_library(parse_address(given.address)):
            fill(given.address, given.videos)
        for vectors in ("faiss", "pgvector"):
            took = prepare(given.address, vectors, given.folder)
            print(f"{vectors}: opened and measured in {took:.0f} s", flush=True)
        report({vectors: run(given, vectors) for vectors in ("faiss", "pgvector")})


if __name__ == "__main__":
    main()
