"""Compares searches of a library in a folder and of its copy in PostgreSQL.

`python -m benchmarks.scale.searches FOLDER --videos 20000`

Each video has 12 vectors of pictures, 12 of lyric lines and 12 of sound (`benchmarks.large`). The
library is made in a folder and copied by `copy_library`; without `--address` a server is started.
Each back end is asked by a process of its own, which measures nothing before: printed are the time
of its first query, the median of each kind, the share of the same ten results, the statements and
rows of a query, and the memory of the process. Then a writer adds a video each second.
"""

import argparse
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import event

from benchmarks.large.vectors import VectorMaker, choose_likeness
from benchmarks.large.words import Words
from mvsearch.indexer.encoders import PROFILES
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.encode import EncodedPart, Made
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.scoring.null_distribution import measure_distributions
from mvsearch.search.temporal.expression import Leaf, Then
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.library import Library
from mvsearch.store.opening import parse_address
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    LyricLine,
    Lyrics,
    Matrix,
    Segment,
    Space,
    Stage,
    Tag,
    Video,
)

N_EACH, SECONDS, BATCH, LABELS = 12, 180.0, 250, 10
PICTURES = Space("frames", "made-frames", "1", 512)
LINES = Space("lyrics", "made-lyrics", "1", 384)
SOUND = Space("audio", "made-audio", "1", 128)
SPACES = (PICTURES, LINES, SOUND)
NOISE = 1.0
KINDS = ("picture", "line", "clip", "similar", "picture of some", "picture then line")


class MadeEncoders:
    """Stands in for encoders: words become vectors by chance."""

    name, profile = "made", PROFILES["toy"]

    def __init__(self) -> None:
        self.spaces = (LINES,)

    def get(self, modality: str) -> Any:
        """The encoder of lines, which nothing else is asked of."""
        return self

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """Vectors of lines."""
        drawn = np.random.default_rng(len(texts)).normal(size=(len(texts), LINES.dim))
        return ((drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32),)


class Maker:
    """Makes the videos of a library, by their number."""

    def __init__(self) -> None:
        self._words = Words(0)
        self._makers = {s: VectorMaker(s.dim, choose_likeness(s), s.dim) for s in SPACES}

    def make(self, number: int) -> IndexedVideo:
        """All that the library holds of a video."""
        song = self._words.write_song(number, N_EACH)
        times = np.linspace(0.0, SECONDS, N_EACH + 1).tolist()
        pairs = list(pairwise(times))
        made = []
        for space, maker in self._makers.items():
            texts = song.lines if space is LINES else ("",) * N_EACH
            cut = tuple(Segment(*p, text) for p, text in zip(pairs, texts, strict=True))
            made.append(Embeddings(space, cut, maker.make(number, N_EACH)))
        path = Path(f"/music/{number}.mp4")
        lines = tuple(LyricLine(text, *p) for text, p in zip(song.lines, pairs, strict=True))
        return IndexedVideo(
            Video(song.id, path, song.title, song.artist, SECONDS, True),
            Location(path, song.id, Path("/music"), 1000 + number, number),
            tuple(Stage(song.id, space.modality, space.key, "done") for space in SPACES),
            tuple(made),
            Lyrics(lines, "sidecar"),
            tags=(Tag(f"label {number % LABELS}", 0.0, 10.0, 0.5),),
        )


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
        video = self._maker.make(number)
        vectors = {made.space: made.vectors for made in video.embeddings}
        lines = [line.text for line in video.lyrics.lines] if video.lyrics else []
        name = f"{kind} {len(self.made)}"
        if kind == "similar":
            return video.video.id
        picture = QueryPart("image", name)
        line = QueryPart("lyric", lines[3])
        if kind == "clip":
            clip = QueryPart("clip", name)
            self._add(clip, PICTURES, np.repeat(vectors[PICTURES][4:6], 4, axis=0), 8.0)
            self._add(clip, SOUND, vectors[SOUND][4:7], 8.0)
            return Query((clip,))
        if kind == "line":
            self._add(line, LINES, vectors[LINES][3:4], None, (lines[3],))
            return Query((line,))
        self._add(picture, PICTURES, vectors[PICTURES][2:3], None)
        if kind == "picture then line":
            self._add(line, LINES, vectors[LINES][3:4], None, (lines[3],))
            return Query((), expression=Then(Leaf(picture), Leaf(line)))
        some = Filter(tags=(f"label {number % LABELS}",)) if "some" in kind else Filter()
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
        near = vectors + noise * np.float32(NOISE / np.sqrt(space.dim))
        near /= np.linalg.norm(near, axis=1, keepdims=True)
        n = len(near)
        times = np.linspace(0, seconds, n) if seconds else np.full(n, np.nan)
        encoded = EncodedPart(part, space, near, times, seconds, lines)
        self.made.setdefault((part, space.modality, "look"), []).append(encoded)
        for other in SPACES:
            self.made.setdefault((part, other.modality, "look"), [])


def fill(folder: Path, n_videos: int) -> None:
    """Make the library in a folder, and measure it as an index run does."""
    with Library.open(folder, create=True) as library, library.writing():
        library.catalog.adopt_profile("made", SPACES)
        maker = Maker()
        for first in range(library.catalog.n_videos(), n_videos, BATCH):
            numbers = range(first, min(first + BATCH, n_videos))
            library.catalog.add_indexed([maker.make(number) for number in numbers])
    prepare(folder)


def prepare(address: Path | str) -> float:
    """Open the indexes and measure what an index run measures; how many seconds that took."""
    begin = time.perf_counter()
    with Library.open(address) as library:
        measure_distributions(library, MadeEncoders())  # type: ignore[arg-type]
    return time.perf_counter() - begin


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


def ask(address: Path | str, n_videos: int, n_each: int, seconds: float) -> dict[str, Any]:
    """Ask each kind of query, by a process that has done nothing yet."""
    begin = time.perf_counter()
    found: dict[str, Any] = {}
    with Library.open(address) as library, counting(library) as counts:
        engine, asking = Engine(library, MadeEncoders()), Asking(n_videos)  # type: ignore[arg-type]
        for kind in KINDS:
            took, results = [], []
            n_before = dict(counts)
            for _ in range(n_each + 1):
                query = asking.draw(kind)
                start = time.perf_counter()
                options = SearchOptions(by="look")
                if isinstance(query, str):
                    best = engine.similar(library.catalog.find_video(query), options)
                else:
                    best = engine.search(query, options, made=asking.made)
                took.append(time.perf_counter() - start)
                results.append([one.video.id for one in best])
                if "first_s" not in found:
                    found["first_s"] = round(time.perf_counter() - begin, 2)
            found[kind] = {
                "ms": round(1000 * median(took[1:]), 1),
                "p90_ms": round(1000 * float(np.quantile(took[1:], 0.9)), 1),
                "results": results,
                **{name: (n - n_before[name]) // (n_each + 1) for name, n in counts.items()},
            }
        found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if seconds:
            found["beside a writer"] = ask_beside_writer(address, engine, asking, n_videos, seconds)
    return found


def ask_beside_writer(
    address: Path | str, engine: Engine, asking: Asking, n_videos: int, seconds: float
) -> dict[str, float]:
    """The median of pictures with and without a writer that adds a video each second."""
    took: dict[str, list[float]] = {"alone": [], "beside": []}
    is_over = threading.Event()
    with Library.open(address) as other:

        def write() -> None:
            maker, number = Maker(), 10_000_000 + int(time.time())
            while not is_over.wait(1.0):
                number += 1
                with other.writing():
                    other.catalog.add_indexed([maker.make(number)])

        for name in took:
            thread = threading.Thread(target=write)
            if name == "beside":
                thread.start()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                query = asking.draw("picture")
                start = time.perf_counter()
                assert isinstance(query, Query)
                engine.search(query, SearchOptions(by="look"), made=asking.made)
                took[name].append(time.perf_counter() - start)
        is_over.set()
        thread.join()
    return {name: round(1000 * median(all_), 1) for name, all_ in took.items()}


def main() -> None:
    """Make a library, copy it, ask both, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=15, help="queries of each kind")
    parser.add_argument("--address", help="of an empty database; none starts a server")
    parser.add_argument("--beside", type=float, default=15.0, help="seconds beside a writer")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        asked = ask(parse_address(given.ask), given.videos, given.each, given.beside)
        print(json.dumps(asked))
        return
    folder = given.folder / f"made-{given.videos}"
    fill(folder, given.videos)
    with serving(given.address) as address:
        begin = time.perf_counter()
        copy_library(folder, parse_address(address))
        print(f"copied in {time.perf_counter() - begin:.0f} s", flush=True)
        print(f"measured in {prepare(parse_address(address)):.0f} s", flush=True)
        report({name: run(given, to) for name, to in (("folder", folder), ("server", address))})


def run(given: argparse.Namespace, address: Path | str) -> dict[str, Any]:
    """Ask by another process."""
    words = [sys.executable, "-m", "benchmarks.scale.searches", str(given.folder)]
    words += ["--videos", str(given.videos), "--each", str(given.each), "--ask", str(address)]
    words += ["--beside", str(given.beside)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@contextmanager
def serving(address: str | None) -> Iterator[str]:
    """The address of an empty database."""
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
    print(f"{'':20} folder ms  server ms (p90)  same of ten  statements  rows")
    for kind in KINDS:
        here, there = (found[name][kind] for name in ("folder", "server"))
        pairs = list(zip(here["results"], there["results"], strict=True))
        n_same = sum(len(set(a) & set(b)) for a, b in pairs) / max(1, sum(len(a) for a, _ in pairs))
        print(
            f"{kind:20} {here['ms']:9} {there['ms']:9} ({there['p90_ms']})  {n_same:8.3f}"
            f" {there['statements']:10} {there['rows']:6}"
        )
    for name, one in found.items():
        print(
            f"{name}: first query after {one['first_s']} s, at most {one['rss_mb']} MB,"
            f" picture ms {one.get('beside a writer')}"
        )


if __name__ == "__main__":
    main()
