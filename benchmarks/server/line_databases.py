"""Measures lines found by words, by trigrams and by sound, in PostgreSQL beside SQLite.

    python -m benchmarks.server.line_databases ADDRESS [--lines N] [--queries N]

ADDRESS is a library in an empty database. Both get the same songs of 40 lines: English words of the
pronouncing dictionary, by Zipf's law. Each query is asked of both in turns, and what they find is
compared. Printed are times in milliseconds, and lines written per second.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

from benchmarks.lyrics.lyric_lines import leave_out, make_error
from mvsearch.indexer.pipeline.lyrics.add_sounds import add_sounds
from mvsearch.indexer.progress import Silence
from mvsearch.indexer.pronunciation import find_readings, write_grams
from mvsearch.indexer.pronunciation.english import read_dictionary
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.batches import in_batches
from mvsearch.store.library import Library
from mvsearch.store.records import IndexedVideo, Location, LyricLine, Lyrics, Stage, Video

N_WORDS = 20_000
LINES_PER_SONG = 40
SONGS_AT_ONCE = 100
# Of `search.query.words`: the lines that are judged.
N_FOUND = 150
HOME = Path("/music")


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of query, and how a catalogue answers it."""

    kind: str
    ask: Callable[[Catalog], object]


def write_lines(n_lines: int, seed: int = 0) -> list[str]:
    """Lines of three to nine words."""
    rng = random.Random(seed)
    words = rng.sample(sorted({word.lower() for word, _ in read_dictionary()}), N_WORDS)
    weights = list(accumulate(1 / (at + 1) for at in range(N_WORDS)))
    lengths = (rng.randint(3, 9) for _ in range(n_lines))
    return [" ".join(rng.choices(words, cum_weights=weights, k=n)) for n in lengths]


def make_songs(lines: list[str]) -> Iterator[IndexedVideo]:
    """Videos that have nothing but lyrics."""
    for number, some in enumerate(in_batches(lines, LINES_PER_SONG)):
        video_id = f"{number:040x}"
        place = HOME / f"{number}.mp4"
        yield IndexedVideo(
            Video(video_id, place, f"Song {number}", "Singer", 200.0, False),
            Location(place, video_id, HOME, 1, 1),
            (Stage(video_id, "lyrics", "", "done"),),
            (),
            Lyrics(tuple(LyricLine(line) for line in some), "tag", "lyrics", "en"),
        )


def fill(name: str, library: Library, lines: list[str]) -> None:
    """Write all songs, then how their lines sound."""
    began = time.perf_counter()
    for some in in_batches(make_songs(lines), SONGS_AT_ONCE):
        library.catalog.add_indexed(some)
    written = time.perf_counter()
    add_sounds(library.catalog, Silence(), threading.Event())
    heard = time.perf_counter()
    print(
        f"{name}: {len(lines) / (written - began):,.0f} lines a second with words and trigrams,"
        f" {len(lines) / (heard - written):,.0f} with sounds",
        flush=True,
    )


def draw(catalog: Catalog, lines: list[str], n_queries: int) -> Iterator[Asked]:
    """What is asked: a line as it is, with mistakes, in part, and by its sound."""
    rng = random.Random(1)
    n_lines = catalog.n_lyric_lines()
    readings = catalog.list_readings()
    for line in rng.sample(lines, n_queries):
        wrong = make_error(make_error(line, rng), rng)
        for kind, text in (
            *(("words", line), ("typing errors", wrong)),
            *(("words left out", leave_out(line, rng)), ("frequent words", _keep_short(line))),
        ):
            yield Asked(
                kind, partial(Catalog.lyric_matches, line=text, limit=N_FOUND, n_lines=n_lines)
            )
        yield Asked("counts of words", partial(Catalog.count_lyric_lines, words=line.split()))
        for reading, sounds in find_readings(line, readings):
            grams = write_grams(sounds)
            yield Asked(
                "sound", partial(Catalog.find_sounding, reading=reading, grams=grams, limit=N_FOUND)
            )
    yield from [Asked("number of lines", Catalog.n_lyric_lines)] * n_queries


def _keep_short(line: str) -> str:
    return " ".join(sorted(line.split(), key=len)[:2])


def main() -> None:
    """Fill both, ask both, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--lines", type=int, default=400_000)
    parser.add_argument("--queries", type=int, default=100)
    given = parser.parse_args()
    lines = write_lines(given.lines)
    with (
        tempfile.TemporaryDirectory() as home,
        Library.open(Path(home, "sqlite"), create=True) as one,
        Library.open(given.address, create=True) as other,
    ):
        has_lines = other.catalog.n_lyric_lines() > 0
        fill("SQLite", one, lines)
        if not has_lines:
            fill("PostgreSQL", other, lines)
        compare(one.catalog, other.catalog, list(draw(one.catalog, lines, given.queries)))


def compare(one: Catalog, other: Catalog, asked: list[Asked]) -> None:
    """Ask both in turns."""
    times: dict[str, list[tuple[float, float]]] = {}
    n_same: dict[str, int] = {}
    for each in asked:
        found, taken = [], []
        for catalog in (one, other):
            began = time.perf_counter()
            found.append(each.ask(catalog))
            taken.append(1000 * (time.perf_counter() - began))
        times.setdefault(each.kind, []).append((taken[0], taken[1]))
        n_same[each.kind] = n_same.get(each.kind, 0) + (found[0] == found[1])
    print("kind | queries | same results | SQLite p50 / p95 | PostgreSQL p50 / p95 | ratio of p50")
    for kind, pairs in times.items():
        sides = [sorted(side) for side in zip(*pairs, strict=True)]
        middle = [statistics.median(side) for side in sides]
        late = [side[int(0.95 * (len(side) - 1))] for side in sides]
        print(
            f"{kind} | {len(pairs)} | {n_same[kind]}"
            f" | {middle[0]:.2f} / {late[0]:.2f} | {middle[1]:.2f} / {late[1]:.2f}"
            f" | {middle[1] / middle[0]:.1f}"
        )


if __name__ == "__main__":
    main()
