"""Measures lyric search across languages, and whether absent lines are marked as weak.

    python -m benchmarks.lyrics.lyric_languages [--encoders minilm use both e5 languages]

`both` are the encoders of the default profile, `languages` those of that profile, which needs the
package of E5; each of the others is alone.

The lines in `benchmarks/lyrics` were written for this. Across languages: 40 lines in eight
languages stand among 208 English ones, each line a song of its own; asked for are translations in
both directions and paraphrases in the same language. Printed is the recall at 1; the line's own
translation is left out where it would be a right answer too.

Absent lines: 60 songs of six lines in four languages; asked for are 32 lines in each language that
none of them has, and lines that they have, as they are, with two typing errors and with three words
in ten left out. Printed is the share of absent lines whose best result is not marked as weak, and
the share of right answers that is, of the even lines; the odd ones are for development.
"""

import argparse
import csv
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.lyrics.lyric_lines import add_song, leave_out, make_error, write_lyrics
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.store.library import Library

DATA = Path(__file__).parent
ALONE = {"minilm": "minilm", "use": "use-multilingual", "e5": "e5"}
LANGUAGES = ("en", "fr", "de", "es")


@dataclass(frozen=True, slots=True)
class Asked:
    """A line that is asked for.

    Attributes:
        right: the song that has it; None for an absent line.
        left_out: songs that are no wrong answer.
    """

    kind: str
    language: str
    line: str
    right: str | None
    left_out: frozenset[str] = frozenset()


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_verses(name: str) -> dict[str, list[list[str]]]:
    """The verses of a text file by language."""
    verses: dict[str, list[list[str]]] = defaultdict(list)
    for block in (DATA / name).read_text("utf-8").split("\n\n"):
        lines = block.strip().splitlines()
        for line in lines:
            if line.startswith("# "):
                language = line[2:]
                verses[language].append([])
            elif line == lines[0]:
                verses[language].append([line])
            else:
                verses[language][-1].append(line)
    return verses


def choose_encoders(name: str) -> Encoders:
    """The profile `languages`, or the default one with all its encoders of lyrics or one."""
    encoders = Encoders("languages" if name == "languages" else "embedded")
    if name in ALONE:
        encoders.profile = replace(encoders.profile, lyrics=ALONE[name], more_lyrics=())
    return encoders


def fill(library: Library, encoders: Encoders, songs: Mapping[str, Sequence[str]]) -> None:
    """Put songs into the library, each with its lines."""
    with library.writing():
        library.catalog.adopt_profile("embedded", encoders.spaces())
        for name, lines in songs.items():
            add_song(library, encoders, name, write_lyrics(lines))


def search(engine: Engine, asked: Asked) -> list[Result]:
    """The results for a line, best first."""
    query = Query((QueryPart("lyric", asked.line),))
    found = engine.search(query, SearchOptions(top=3, n_moments=0))
    return [result for result in found if result.video.id not in asked.left_out]


def list_languages() -> tuple[dict[str, list[str]], list[Asked]]:
    """One song for each line, and what is asked across languages."""
    foreign, english = read_table("languages.csv"), read_table("english.csv")
    others = [line for verse in read_verses("songs.txt")["en"] for line in verse]
    others += (DATA / "others.txt").read_text("utf-8").splitlines()
    songs = {f"foreign {n}": [row["line"]] for n, row in enumerate(foreign)}
    songs |= {f"translation {n}": [row["english"]] for n, row in enumerate(foreign)}
    songs |= {f"english {n}": [row["line"]] for n, row in enumerate(english)}
    songs |= {f"other {n}": [line] for n, line in enumerate(others)}
    asked = []
    for n, row in enumerate(foreign):
        here, there = f"foreign {n}", f"translation {n}"
        language = row["language"]
        asked += [
            Asked("English to foreign", language, row["english"], here, frozenset({there})),
            Asked("foreign to English", language, row["line"], there, frozenset({here})),
            Asked("foreign paraphrase", language, row["paraphrase"], here, frozenset({there})),
        ]
    asked += [
        Asked("English paraphrase", "en", row["paraphrase"], f"english {n}")
        for n, row in enumerate(english)
    ]
    return songs, asked


def list_absent() -> tuple[dict[str, list[str]], list[Asked]]:
    """Sixty songs, and lines that they have and have not."""
    verses, absent = read_verses("songs.txt"), read_verses("absent.txt")
    songs = {f"{name} {n}": v for name in LANGUAGES for n, v in enumerate(verses[name])}
    asked = [
        Asked("absent", name, line, None)
        for name in LANGUAGES
        for verse in absent[name]
        for line in verse
    ]
    rng = random.Random(1)
    for name, lines in songs.items():
        language = name.split()[0]
        for line in lines:
            asked += [
                Asked("as sung", language, line, name),
                Asked("two errors", language, make_error(make_error(line, rng), rng), name),
                Asked("words left out", language, leave_out(line, rng), name),
            ]
    return songs, asked


def split_share(values: Iterable[tuple[str, bool]]) -> str:
    """The share of all, and of each language."""
    by_language: dict[str, list[bool]] = defaultdict(list)
    for language, value in values:
        by_language[language].append(value)
    everything = [value for some in by_language.values() for value in some]
    each = "  ".join(f"{name} {np.mean(some):.2f}" for name, some in by_language.items())
    return f"{np.mean(everything):.3f} of {len(everything)}   {each}"


def measure(encoders: Encoders, songs: Mapping[str, Sequence[str]]) -> Iterator[Engine]:
    """An engine over a new library of songs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.open(Path(folder), create=True) as library,
    ):
        fill(library, encoders, songs)
        yield Engine(library, encoders)


def measure_languages(encoders: Encoders) -> None:
    """Print the recall at 1 across languages."""
    songs, asked = list_languages()
    hits: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    marked: dict[str, list[bool]] = defaultdict(list)
    for engine in measure(encoders, songs):
        for one in asked:
            best = search(engine, one)[0]
            hits[one.kind].append((one.language, best.video.id == one.right))
            if best.video.id == one.right:
                marked[one.kind].append(best.is_weak)
    for kind, values in hits.items():
        weak = np.mean(marked[kind]) if marked[kind] else 0.0
        print(f"  {kind:<20} recall@1 {split_share(values)}   right, but marked weak {weak:.2f}")


def measure_absent(encoders: Encoders, n_odd: int) -> None:
    """Print how often absent lines are not marked, and right answers are.

    Args:
        encoders: of the library.
        n_odd: 0 for the even lines, 1 for the odd ones.
    """
    songs, asked = list_absent()
    unmarked: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    marked: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    right: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for engine in measure(encoders, songs):
        for one in asked[n_odd::2]:
            best = search(engine, one)[0]
            if one.right is None:
                unmarked[one.kind].append((one.language, not best.is_weak))
                continue
            right[one.kind].append((one.language, best.video.id == one.right))
            if best.video.id == one.right:
                marked[one.kind].append((one.language, best.is_weak))
    for title, table in (
        ("not marked weak", unmarked), ("recall@1", right), ("right, but marked weak", marked)
    ):  # fmt: skip
        for kind, values in table.items():
            print(f"  {kind:<16} {title:<24} {split_share(values)}")


def main() -> None:
    """Measure each choice of encoders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--encoders",
        nargs="+",
        choices=[*ALONE, "both", "languages"],
        default=["minilm", "use", "both"],
    )
    parser.add_argument("--odd", action="store_true", help="the lines for development")
    options = parser.parse_args()
    for name in options.encoders:
        encoders = choose_encoders(name)
        print(f"{name}: among 248 lines")
        measure_languages(encoders)
        print(f"{name}: among 60 songs")
        measure_absent(encoders, int(options.odd))


if __name__ == "__main__":
    main()
