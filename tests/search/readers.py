"""Readers that search a library while a writer takes a video out and puts it back, over and over.

`python -m tests.search.readers FOLDER 20 200` runs twenty processes of 200 searches each, and
`python -m tests.search.readers --threads FOLDER 32 50` threads that share one library while songs
come.
"""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.parallel import map_in_threads
from mvsearch.search.api.library import VideoLibrary
from mvsearch.search.engine import Engine
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.library import Library
from mvsearch.store.records import (
    MODALITIES,
    Embeddings,
    IndexedVideo,
    Location,
    LyricLine,
    Lyrics,
    Segment,
    Space,
    Stage,
    Video,
)
from tests.search.conftest import AUDIO, FRAMES, LYRICS, SPACES, WORDS, PlantedEncoders, unit

SONGS = [f"{at:x}" * 8 for at in range(1, 8)]
GUEST = SONGS[2]
QUERIES = (
    Query((QueryPart("lyric", "river line"),)),
    Query((QueryPart("text", "line 3 of the river"),)),
    Query((QueryPart("like", SONGS[0]), QueryPart("lyric", "song 33333333"))),
)
LATER = [f"{at:x}" * 8 for at in range(8, 14)]
Answer = tuple[tuple[str, float, str], ...]


def make_song(video_id: str) -> IndexedVideo:
    """A video with vectors in every space, and lyrics."""
    path = Path(f"/music/{video_id}.mp4")
    rng = np.random.default_rng(int(video_id, 16))
    lines = [f"line {at} of the river in song {video_id}" for at in range(6)]

    def make(space: Space, n: int) -> Embeddings:
        texts = lines if space == LYRICS else [""] * n
        segments = tuple(Segment(float(at), at + 1.0, texts[at]) for at in range(n))
        return Embeddings(space, segments, unit(rng.normal(size=(n, space.dim))))

    made = make(FRAMES, 20), make(WORDS, 20), make(LYRICS, 6), make(AUDIO, 10)
    sung = Lyrics(tuple(LyricLine(line, at, at + 1) for at, line in enumerate(lines)), "sidecar")
    return IndexedVideo(
        Video(video_id, path, video_id, "Artist", 60.0, True),
        Location(path, video_id, Path("/music"), 1, 1),
        tuple(Stage(video_id, modality, "planted", "done") for modality in MODALITIES),
        made,
        sung,
    )


def make_library(folder: Path, songs: list[str]) -> Library:
    """A library of these songs."""
    library = Library.open(folder, create=True)
    library.catalog.adopt_profile("planted", SPACES)
    with library.writing():
        library.catalog.add_indexed([make_song(video_id) for video_id in songs])
    return library


def make_engine(library: Library) -> Engine:
    """An engine with the planted encoders."""
    return Engine(library, cast(Encoders, PlantedEncoders()))


def describe(engine: Engine | VideoLibrary, query: Query) -> Answer:
    """The videos found, how well and by which words."""
    return tuple(
        (found.video.id, round(found.score, 4), " ".join(m.text for m in found.moments))
        for found in engine.search(query)
    )


def read(folder: Path, n_searches: int) -> list[tuple[int, Answer]]:
    """Ask the queries in turns, by an opening of the library of one's own."""
    with Library.open(folder) as library:
        engine = make_engine(library)
        return [
            (at % len(QUERIES), describe(engine, QUERIES[at % len(QUERIES)]))
            for at in range(n_searches)
        ]


def write(library: Library, is_over: threading.Event) -> int:
    """Take the guest out and put it back until it is over; returns how often."""
    n_times = 0
    while not is_over.is_set():
        with library.writing(60):
            library.catalog.drop_locations([Path(f"/music/{GUEST}.mp4")])
        is_over.wait(0.02)
        with library.writing(60):
            library.catalog.add_indexed([make_song(GUEST)])
        n_times += 1
        is_over.wait(0.02)
    return n_times


def expect_answers(folder: Path) -> list[set[Answer]]:
    """For each query the answers of the two states, from libraries that nobody disturbs."""
    expected: list[set[Answer]] = [set() for _ in QUERIES]
    for name, songs in (("with", SONGS), ("without", [v for v in SONGS if v != GUEST])):
        with make_library(folder / name, songs) as library:
            engine = make_engine(library)
            for answers, query in zip(expected, QUERIES, strict=True):
                answers.add(describe(engine, query))
    return expected


def list_states() -> list[list[str]]:
    """The songs of a library that begins with `SONGS`, as they come one after the other."""
    return [[*SONGS, *LATER[:n]] for n in range(len(LATER) + 1)]


def open_planted(folder: Path) -> VideoLibrary:
    """A library with the planted encoders, as programs open it."""
    return VideoLibrary(folder, load_encoders=lambda name: cast(Encoders, PlantedEncoders()))


def answer(library: VideoLibrary, number: int) -> Answer:
    """Ask one of the queries, or for the songs like one."""
    if number < len(QUERIES):
        return describe(library, QUERIES[number])
    found = library.similar(SONGS[number - len(QUERIES)])
    return tuple((one.video.id, round(one.score, 4), "") for one in found)


N_MIXED = len(QUERIES) + 2


def expect_states(folder: Path) -> list[set[Answer]]:
    """For each query the answers of every state."""
    expected: list[set[Answer]] = [set() for _ in range(N_MIXED)]
    for at, songs in enumerate(list_states()):
        make_library(folder / f"state{at}", songs).close()
        with open_planted(folder / f"state{at}") as library:
            for number, answers in enumerate(expected):
                answers.add(answer(library, number))
    return expected


def fill(library: Library, n_asked: Callable[[], float], n_all: int) -> None:
    """Add the later songs as an index run does, one after the other while queries are asked."""
    stop = threading.Event()
    for at, song in enumerate(map_in_threads(make_song, LATER, 1, stop)):
        while n_asked() < n_all * (at + 1) / (len(LATER) + 2):
            stop.wait(0.01)
        with library.writing(60):
            library.catalog.add_indexed([song])


def run_threads(
    folder: Path, n_threads: int, n_each: int, expected: list[set[Answer]]
) -> dict[str, Any]:
    """Let threads ask one open library while another one adds songs; counts their answers."""
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def ask(first: int) -> None:
        for at in range(first, first + n_each):
            number = at % N_MIXED
            try:
                is_right = answer(library, number) in expected[number]
                told = "right" if is_right else "wrong"
            except Exception as error:  # noqa: BLE001  counted, whatever it is
                told = repr(error)
            with lock:
                counts[told] += 1

    with (
        make_library(folder / "shared", SONGS) as other,
        open_planted(folder / "shared") as library,
        ThreadPoolExecutor(n_threads + 1) as pool,
    ):
        filling = pool.submit(fill, other, counts.total, n_threads * n_each)
        for asking in [pool.submit(ask, first) for first in range(n_threads)]:
            asking.result()
        filling.result()
        is_last = all(answer(library, n) in expected[n] for n in range(N_MIXED))
        n_videos = len(library.videos())
    return dict(counts) | {"videos": n_videos, "last": is_last}


def run_processes(folder: Path, n_readers: int, n_searches: int) -> dict[str, Any]:
    """Let processes read beside a writer; counts what they answered."""
    expected = expect_answers(folder)
    is_over = threading.Event()
    n_written: list[int] = []
    counts: Counter[str] = Counter()
    with make_library(folder / "shared", SONGS) as library:
        writer = threading.Thread(target=lambda: n_written.append(write(library, is_over)))
        writer.start()
        command = [sys.executable, "-m", __spec__.name, str(folder / "shared"), str(n_searches)]
        readers = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(n_readers)
        ]
        for reader in readers:
            out, err = reader.communicate()
            counts["errors"] += reader.returncode != 0
            if reader.returncode:
                sys.stderr.write(err)
                continue
            for number, answer in json.loads(out):
                is_right = tuple(map(tuple, answer)) in expected[number]
                counts["right" if is_right else "wrong"] += 1
        is_over.set()
        writer.join()
    return dict(counts) | {"removals": sum(n_written)}


if __name__ == "__main__":
    if sys.argv[1] == "--threads":
        place = Path(sys.argv[2])
        numbers = int(sys.argv[3]), int(sys.argv[4])
        counted = run_threads(place, *numbers, expect_states(place))
        sys.stdout.write(f"{counted}\n")
    elif len(sys.argv) == 3:
        sys.stdout.write(json.dumps(read(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        counted = run_processes(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
        sys.stdout.write(f"{counted}\n")
