"""Measures lines that are asked for as they were misheard, with and without matching by sound.

    python -m benchmarks.lyrics.misheard_lines SONGS [--tuning] [--distractors N]

SONGS is a folder of the songs of the test media with LRC files. `misheard.csv` has lines of them as
a person may mishear them, with the kind of mistake; every second one was used to choose constants
(`--tuning`), the others are reported. Written for this, they hold nothing of the lyrics but their
places. The songs stand among 60 songs of `songs.txt` and songs of other sentences.

Printed are, with and without matching by sound: the recall at 1 and 5 of misheard lines, by song
and by line, and how many right ones are marked as weak; the recall of ordinary queries; and how
many lines that no song has are not marked as weak.
"""

import argparse
import random
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.lyrics.lyric_languages import read_table, read_verses
from benchmarks.lyrics.lyric_lines import (
    add_song,
    leave_out,
    make_error,
    read_sentences,
    write_lyrics,
)
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.files.lrc import parse_lrc
from mvsearch.indexer.pipeline.lyrics.add_sounds import add_sounds
from mvsearch.indexer.progress import Silence
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.store.catalog.reading.line_index import split_words
from mvsearch.store.library import Library

N_LINES = 30
TOP = 5
Songs = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: the song and the line that are right, None for what no song has."""

    kind: str
    text: str
    song: str | None = None
    line: str = ""


def read_songs(folder: Path) -> dict[str, list[str]]:
    """The lines of the LRC files of a folder, by title."""
    songs = {}
    for path in sorted(folder.glob("*.lrc")):
        lines = parse_lrc(path.read_text("utf-8")).lines
        songs[path.stem.partition(" - ")[2]] = [line.text for line in lines]
    return songs


def list_misheard(songs: Songs, first: int) -> Iterator[Asked]:
    """Every second misheard line, from the first or the second on."""
    for row in read_table("misheard.csv")[first::2]:
        line = songs[row["song"]][int(row["line"]) - 1]
        yield Asked(row["kind"], row["heard"], row["song"], line)


def list_ordinary(songs: Songs, seed: int = 1, n_lines: int = 60) -> Iterator[Asked]:
    """Lines of the songs as they are, with typing errors, and with words left out; paraphrases."""
    rng = random.Random(seed)
    told: dict[str, set[str]] = defaultdict(set)
    for name, lines in songs.items():
        for line in lines:
            told[line].add(name)
    lines = sorted(line for line, names in told.items() if len(names) == 1 and line.count(" ") > 2)
    for line in rng.sample(lines, min(n_lines, len(lines))):
        song = next(iter(told[line]))
        yield Asked("as sung", line, song, line)
        yield Asked("two errors", make_error(make_error(line, rng), rng), song, line)
        yield Asked("words left out", leave_out(line, rng), song, line)
    for n, row in enumerate(read_table("english.csv")):
        yield Asked("paraphrase", row["paraphrase"], f"line {n}", row["line"])


def list_absent() -> Iterator[Asked]:
    """Lines that no song has."""
    for language, verses in read_verses("absent.txt").items():
        for line in (line for verse in verses for line in verse):
            yield Asked(f"absent, {language}", line)


def fill(library: Library, encoders: Encoders, songs: Songs, n_distractors: int) -> None:
    """Put the songs into a library, songs of other lines, and how all of them sound."""
    sentences = read_sentences()
    random.Random(100).shuffle(sentences)
    others = {
        f"{language} {n}": verse
        for language, verses in read_verses("songs.txt").items()
        for n, verse in enumerate(verses)
    }
    others |= {f"line {n}": [row["line"]] for n, row in enumerate(read_table("english.csv"))}
    for n in range(n_distractors):
        others[f"sentences {n}"] = sentences[n * N_LINES : (n + 1) * N_LINES]
    with library.writing():
        library.catalog.adopt_profile("embedded", encoders.spaces())
        for name, lines in {**songs, **others}.items():
            add_song(library, encoders, name, write_lyrics(lines))
        add_sounds(library.catalog, Silence(), threading.Event())


def _fold(line: str) -> str:
    return " ".join(split_words(line))


def measure(engine: Engine, asked: Sequence[Asked], options: SearchOptions) -> None:
    """Print a row for each kind."""
    found: dict[str, list[tuple[bool, ...]]] = defaultdict(list)
    for one in asked:
        results = engine.search(Query((QueryPart("lyric", one.text),)), options)
        found[one.kind].append(_judge(results, one))
        if one.kind in KINDS and not found[one.kind][-1][1]:
            print(f"    missed: {one.text}")
    groups = {kind: [kind] for kind in found}
    if set(KINDS) <= set(found):
        groups = {"misheard": list(KINDS)} | groups
    for name, kinds in groups.items():
        rows = [row for kind in kinds for row in found[kind]]
        if name.startswith("absent"):
            print(f"  {name:<16}{len(rows):>4}  not marked as weak {np.mean(rows):.3f}")
            continue
        first, top, line, line_top = np.mean([row[:4] for row in rows], axis=0)
        weak = np.mean([row[4] for row in rows if row[0]] or [False])
        heard = np.mean([row[5] for row in rows])
        print(
            f"  {name:<16}{len(rows):>4}  song @1 {first:.3f} @{TOP} {top:.3f}"
            f"  line @1 {line:.3f} @{TOP} {line_top:.3f}"
            f"  first, but weak {weak:.3f}  says what it sounds like {heard:.3f}"
        )


KINDS = ("boundary", "homophone", "consonant", "vowel", "dropped")


def _judge(results: Sequence[Result], asked: Asked) -> tuple[bool, ...]:
    """Whether the song is first, in the top; its line too; whether it is weak; says the sound."""
    if asked.song is None:
        return (bool(results) and not results[0].is_weak,)
    songs = [result.video.id for result in results]
    right = next((result for result in results if result.video.id == asked.song), None)
    moment = right.best_moment if right is not None else None
    is_line = moment is not None and _fold(asked.line) in _fold(moment.text)
    is_first = songs[:1] == [asked.song]
    is_weak = is_first and results[0].is_weak
    says = moment is not None and bool(moment.sounds_like)
    return is_first, right is not None, is_first and is_line, is_line, is_weak, says


def main() -> None:
    """Fill a library and measure it twice."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("--tuning", action="store_true", help="the half for choosing constants")
    parser.add_argument("--distractors", type=int, default=100)
    options = parser.parse_args()
    songs = read_songs(options.songs)
    asked = [
        *list_misheard(songs, 0 if options.tuning else 1),
        *list_ordinary(songs, 1 if options.tuning else 2),
        *list_absent(),
    ]
    encoders = Encoders("embedded")
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.open(Path(folder), create=True) as library,
    ):
        fill(library, encoders, songs, options.distractors)
        engine = Engine(library, encoders)
        search = SearchOptions(top=TOP, n_moments=1)
        for has_misheard in (False, True):
            print("by sound as well" if has_misheard else "by words and meaning alone")
            measure(engine, asked, replace(search, has_misheard=has_misheard))


if __name__ == "__main__":
    main()
