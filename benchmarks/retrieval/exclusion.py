"""Measures what negative parts do: `python -m benchmarks.retrieval.exclusion LIBRARY`.

Asked is by tags of the library and by words that are sung in it. What is excluded is

- an everyday phrase that has nothing to do with it: how much of the top ten stays;
- a lyric line of a song in the top ten, without quoting it in full: whether the song leaves it;
- another tag that two or more of the top ten have: how many of them stay.

Each is measured for several surprisals from which on a video loses, and for the whole surprisal
subtracted; the first half of the queries is to choose by, the second one to report.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import mvsearch
from mvsearch.search.scoring import exclusion
from mvsearch.search.scoring.fusion import NEUTRAL, FloatArray
from mvsearch.search.scoring.phrases import PHRASES

# Of the queries one half are tags, the other half words that are sung.
N_QUERIES, N_PHRASES, TOP = 80, 2, 10
RARE = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
MIN_WORDS = 4
_MEMORY: dict[Any, Any] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, its results without a negative part, and what is excluded in turn.

    Attributes:
        line: words of a line, and the id of the song that sings them; None if none is found.
        tag: another tag, and the ids of those of the results that have it; None if there is none.
    """

    words: str
    found: tuple[str, ...]
    phrases: tuple[str, ...]
    line: tuple[str, str] | None
    tag: tuple[str, frozenset[str]] | None


def subtract_all(surprisals: FloatArray) -> FloatArray:
    """Subtract the highest surprisal as it is, as a contrast does."""
    highest = np.where(np.isnan(surprisals), -np.inf, surprisals).max(axis=0)
    lost: FloatArray = np.where(np.isfinite(highest), np.minimum(highest, 6.0), NEUTRAL)
    return lost


def rank(library: mvsearch.VideoLibrary, words: str, excluded: str | None = None) -> list[str]:
    """The ids of the ten best videos; words are encoded once."""
    found = library.search(words, not_text=excluded, top=TOP, n_moments=0, memory=_MEMORY)
    return [one.video.id for one in found]


def draw(library: mvsearch.VideoLibrary, seed: int) -> list[Asked]:
    """Draw the queries."""
    chance = random.Random(seed)
    tags = sorted(str(name) for name, _ in library.facets()["tag"])
    sung = sorted({word for _, held in library.all_lyrics() for word in _list_words(held)})
    some = [chance.sample(names, min(len(names), N_QUERIES // 2)) for names in (tags, sung)]
    queries = [*some[0], *some[1]]
    chance.shuffle(queries)
    asked = []
    for words in queries:
        found = tuple(rank(library, words))
        entries = [library.show(one) for one in found]
        lines = [
            (" ".join(line.text.split()[:-1]), entry.video.id)
            for entry in entries
            for line in (entry.lyrics.lines if entry.lyrics else ())
            if len(line.text.split()) > MIN_WORDS
        ]
        shared: dict[str, set[str]] = {}
        for entry in entries:
            for tag in entry.tags:
                shared.setdefault(tag.name, set()).add(entry.video.id)
        several = [
            (name, frozenset(having))
            for name, having in sorted(shared.items())
            if 2 <= len(having) <= 6 and name != words
        ]
        asked.append(
            Asked(
                words,
                found,
                tuple(chance.sample(PHRASES, N_PHRASES)),
                chance.choice(lines) if lines else None,
                chance.choice(several) if several else None,
            )
        )
    return asked


def _list_words(lyrics: mvsearch.Lyrics) -> Iterator[str]:
    for line in lyrics.lines:
        yield from (word.lower() for word in line.text.split() if word.isalpha() and len(word) > 3)


def measure(library: mvsearch.VideoLibrary, asked: Sequence[Asked]) -> tuple[float, float, float]:
    """The share of the top ten that stays, of songs that leave, and of tagged that stay."""
    kept: list[float] = []
    left: list[float] = []
    tagged: list[float] = []
    for one in asked:
        for phrase in one.phrases:
            kept.append(len({*one.found} & {*rank(library, one.words, phrase)}) / len(one.found))
        if one.line is not None:
            left.append(one.line[1] not in rank(library, one.words, one.line[0]))
        if one.tag is not None:
            again = rank(library, one.words, one.tag[0])
            tagged.append(len(one.tag[1] & {*again}) / len(one.tag[1]))
    return float(np.mean(kept)), float(np.mean(left)), float(np.mean(tagged))


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval.exclusion")
    parser.add_argument("library", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with mvsearch.open(given.library, read_only=True) as library:
        asked = draw(library, given.seed)
        halves = {"chosen by": asked[: len(asked) // 2], "reported": asked[len(asked) // 2 :]}
        for name, half in halves.items():
            n_lines, n_tags = (sum(getattr(one, part) is not None for one in half)
                               for part in ("line", "tag"))  # fmt: skip
            print(f"{name}: {len(half)} queries, {n_lines} lines, {n_tags} other tags")
            for rare in RARE:
                with mock.patch.object(exclusion, "RARE", rare):
                    print(f"  from {rare}: " + _tell(measure(library, half)))
            with mock.patch.object(exclusion, "weigh_rarity", subtract_all):
                print("  in whole: " + _tell(measure(library, half)))


def _tell(found: tuple[float, float, float]) -> str:
    kept, left, tagged = found
    return f"kept {kept:.2f}, lines gone {left:.2f}, tagged that stay {tagged:.2f}"


if __name__ == "__main__":
    main()
