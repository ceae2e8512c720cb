"""Measures the server on a library of 1,000 songs: `python -m benchmarks.server.serving`.

The server is a process of its own; the engine answers the same queries in this process, in turns.
"""

import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import httpx2

import mvsearch
from benchmarks.clips import Clip, keep_clip
from benchmarks.large.libraries import LibraryOptions, MadeLibrary, keep_library
from benchmarks.large.words import Words
from benchmarks.program import BenchOptions, run_program, settle_library, warm_up
from benchmarks.results import KIB, Row, judge
from benchmarks.timing import Comparison, compare, measure, read_memory

N_SONGS = 1_000
N_THUMBNAILS = 60
# As many as Chromium opens to one host.
N_CONNECTIONS = 6
N_USERS = 20
# A user looks at the results before asking again.
THINK_SECONDS = 5.0
CROWD_SECONDS = 60.0
N_QUERIES = 2_000
WORDS = ("a crowd at night", "sea and sand", "drums on a stage", "red umbrella", "somebody dances")

Queries = Sequence[dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        address: without a slash at its end.
        pid: of its process.
    """

    address: str
    pid: int

    def connect(self) -> httpx2.Client:
        """A client that keeps its connections."""
        return httpx2.Client(base_url=self.address, timeout=120.0)


def measure_rows(options: BenchOptions) -> list[Row]:
    """The rows of claim 13."""
    made = keep_library(
        options.cache,
        LibraryOptions(
            8 if options.is_quick else N_SONGS, n_frames=200, n_stills=12, has_files=False
        ),
    )
    settle_library(made)
    warm_up(options)
    with serve(made, options) as server, mvsearch.open(made.folder) as library:
        rows = [*compare_answers(server, library, made, options)]
        rows += [weigh_first_view(server, options), time_thumbnails(server, options)]
        rows += [watch_memory(server, made, options)]
    return [*rows, time_crowd(made, options)]


@contextmanager
def serve(made: MadeLibrary, options: BenchOptions, *words: str | Path) -> Iterator[Server]:
    """Serve a library at a free port."""
    command = [sys.executable, "-m", "mvsearch.cli", "serve", "--port", "0", *map(str, words)]
    command += ["--library", str(made.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not start")
            yield Server(found[0].rstrip("/"), process.pid)
        finally:
            process.terminate()


def write_queries(made: MadeLibrary, n: int, seed: int) -> tuple[Queries, Queries]:
    """So many queries by words and by lyric lines; no two are equal."""
    drawn = random.Random(seed)
    words = Words(made.options.seed)
    songs = [
        words.write_song(drawn.randrange(made.options.n_videos), made.options.n_lines)
        for _ in range(n)
    ]
    lines = [{"lyric": [drawn.choice(song.lines) + f" {i}"]} for i, song in enumerate(songs)]
    return [{"text": [f"{drawn.choice(WORDS)} {i} {seed}"]} for i in range(n)], lines


def compare_answers(
    server: Server, library: mvsearch.VideoLibrary, made: MadeLibrary, options: BenchOptions
) -> Iterator[Row]:
    """Rows: the time to the first results of API, page and client, as multiples of the engine's."""
    ways = ("engine", "API", "page", "connect")
    with server.connect() as client, mvsearch.connect(server.address) as remote:
        asking = Asking(client, {"engine": library, "connect": remote})
        for kind, what in enumerate(("words", "lyric line")):
            seeds = iter(range(1000))

            def ask(way: str, kind: int = kind, seeds: Iterator[int] = seeds) -> float:
                queries = write_queries(made, 2 if options.is_quick else 10, next(seeds))[kind]
                return statistics.median(
                    measure(partial(asking.answer, way, query)) for query in queries
                )

            for way in ways:
                ask(way)
            things = {way: partial(ask, way) for way in ways}
            found = compare(things, 1 if options.is_quick else 9)
            yield from (describe(found, way, what, made, options) for way in ways[1:])


def describe(
    found: Comparison, way: str, what: str, made: MadeLibrary, options: BenchOptions
) -> Row:
    """The row of one way to ask."""
    return Row(
        "13",
        f"serve, {made.options.n_videos:,} songs: a query by {what}, {way}",
        "the engine in process",
        f"{found.describe(way, 'engine')} x",
        "<= 1.3 x",
        judge(found.ratio(way, "engine") <= 1.3, is_quick=options.is_quick),
        f"{1e3 * found.median(way):.0f} ms against {1e3 * found.median('engine'):.0f} ms",
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """The ways to ask: libraries of Python by their names, and HTTP."""

    client: httpx2.Client
    libraries: dict[str, mvsearch.VideoLibrary | mvsearch.RemoteLibrary]

    def answer(self, way: str, query: dict[str, list[str]]) -> None:
        """Answer a query by a library, by the API or by the part of the page that HTMX asks for."""
        if way in self.libraries:
            self.libraries[way].search(**query, top=24).to_dict()  # type: ignore[arg-type]
        elif way == "API":
            self.client.post("/api/v1/search", json=query | {"top": 24}).raise_for_status()
        else:
            mode = "lyric" if "lyric" in query else "auto"
            asked = {"q": next(iter(query.values()))[0], "mode": mode}
            self.client.get("/", params=asked, headers={"HX-Request": "true"}).raise_for_status()


def weigh_first_view(server: Server, options: BenchOptions) -> Row:
    """The row on the bytes of the first view, without pictures."""
    with server.connect() as client:
        page = client.get("/")
        links = set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg)[^"]*)"', page.text))
        sizes = {link: len(client.get(urljoin("/", link)).content) for link in links}
        size = len(page.content) + sum(sizes.values())
    return Row(
        "13",
        "serve: the first view without pictures",
        "-",
        f"{size / 1000:.0f} kB",
        "<= 200 kB",
        judge(size <= 200_000, is_quick=options.is_quick),
        f"not compressed; the page and {len(sizes)} files",
    )


def time_thumbnails(server: Server, options: BenchOptions) -> Row:
    """The row on a grid of thumbnails that the server has read before."""
    with server.connect() as client:
        page = client.get("/browse").text
        links = re.findall(r'src="(/api/v1/videos/[^"]+/thumbnail[^"]*)"', page)[:N_THUMBNAILS]
        links = [link.replace("&amp;", "&") for link in links]

        def load() -> None:
            with ThreadPoolExecutor(N_CONNECTIONS) as pool:
                for got in pool.map(client.get, links):
                    got.raise_for_status()

        load()
        took = statistics.median(measure(load) for _ in range(options.rounds))
    return Row(
        "13",
        f"serve: a grid of {len(links)} thumbnails, read before",
        "-",
        f"{took:.2f} s",
        "<= 1 s",
        judge(bool(links) and took <= 1, is_quick=options.is_quick),
        f"{N_CONNECTIONS} connections; a browser that has them asks for none",
    )


def watch_memory(server: Server, made: MadeLibrary, options: BenchOptions) -> Row:
    """The row on the memory of the server after many queries, half by words and half by lines.

    Each round asks for the same songs by new words: vectors of songs that were found are kept up to
    a bound, and are there after the first rounds.
    """
    n_rounds, n = (4, 5) if options.is_quick else (20, N_QUERIES // 40)
    words, lines = write_queries(made, n, -1)
    seen = []
    with server.connect() as client:
        for number in range(n_rounds):
            for asked in [*words, *lines]:
                query = {kind: [f"{texts[0]} {number}"] for kind, texts in asked.items()}
                client.post("/api/v1/search", json=query).raise_for_status()
            seen.append(read_memory(server.pid))
    before = seen[n_rounds // 4]
    ratio = seen[-1] / before
    return Row(
        "13",
        f"serve: memory after {2 * n * n_rounds:,} queries",
        "after a quarter of them",
        f"{ratio:.3f} x, {seen[-1] / KIB**2:.0f} MiB",
        "<= 1.02 x",
        judge(ratio <= 1.02, is_quick=options.is_quick),
        f"{2 * n} songs by new words each time; after the first round {seen[0] / KIB**2:.0f} MiB",
    )


def time_crowd(made: MadeLibrary, options: BenchOptions) -> Row:
    """The row on many users at once while videos are indexed, on a copy of the library."""
    clips = options.cache / "clips/crowd"
    seconds = 4.0 if options.is_quick else 120.0
    for number in range(2 if options.is_quick else 6):
        keep_clip(clips, Clip(seconds, number=number))
    home = options.cache / "served"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(made.folder, home / "library")
    copied = MadeLibrary(home / "library", made.videos, made.options)
    with serve(copied, options, "--root", clips) as server:
        alone = ask_alone(server, made)
        with server.connect() as client:
            job = client.post("/api/v1/jobs/index", json={"paths": [str(clips)]}).json()["id"]
            together, n_errors, n_found = ask_together(server, made, job, options)
            client.delete(f"/api/v1/jobs/{job}")
    shutil.rmtree(home, ignore_errors=True)
    p95 = statistics.quantiles(together, n=20)[-1]
    ratio = p95 / alone
    return Row(
        "13",
        f"serve: {N_USERS} users at once while videos are indexed, 95 of 100 queries",
        "median of one user alone",
        f"{ratio:.2f} x, {n_errors} errors",
        "<= 3 x, no error",
        judge(ratio <= 3 and not n_errors, is_quick=options.is_quick),
        f"{1e3 * p95:.0f} ms against {1e3 * alone:.0f} ms; {len(together)} queries, {n_found} while"
        f" the run went on; each user waits {THINK_SECONDS:.0f} s between queries",
    )


def ask_alone(server: Server, made: MadeLibrary) -> float:
    """The median seconds of a query that one user asks; half by words, half by lines."""
    with server.connect() as client:
        queries = [
            query for pair in zip(*write_queries(made, 20, -2), strict=True) for query in pair
        ]
        took = [measure(partial(client.post, "/api/v1/search", json=query)) for query in queries]
    return statistics.median(took[4:])


def ask_together(
    server: Server, made: MadeLibrary, job: str, options: BenchOptions
) -> tuple[list[float], int, int]:
    """Seconds of each query of many users, the number of errors, and of queries during the job."""
    took: list[float] = []
    counts = {"errors": 0, "during": 0}
    lock = threading.Lock()
    until = time.monotonic() + (8.0 if options.is_quick else CROWD_SECONDS)

    def use(number: int) -> None:
        drawn = random.Random(number)
        words, lines = write_queries(made, 100, -3 - number)
        with server.connect() as client:
            for query in (one for pair in zip(words, lines, strict=True) for one in pair):
                time.sleep(drawn.uniform(0, 2 * THINK_SECONDS))
                if time.monotonic() > until:
                    return
                began = time.perf_counter()
                code = client.post("/api/v1/search", json=query).status_code
                seconds = time.perf_counter() - began
                state = client.get(f"/api/v1/jobs/{job}").json()["state"]
                with lock:
                    took.append(seconds)
                    counts["errors"] += code != 200
                    counts["during"] += state == "running"

    with ThreadPoolExecutor(N_USERS) as pool:
        list(pool.map(use, range(N_USERS)))
    return took, counts["errors"], counts["during"]


if __name__ == "__main__":
    run_program("server.serving", measure_rows)
