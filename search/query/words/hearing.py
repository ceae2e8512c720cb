"""Finds lyric lines that sound like a query, and says how sure that is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from mvsearch.indexer.pronunciation import find_readings, split_sounds, write_grams
from mvsearch.search.query.words.sound_alignment import Heard, align_sounds, score_itself
from mvsearch.store.catalog.reading.sound_index import SoundMatch
from mvsearch.store.catalog.writing import Catalog

# Lines that are aligned, of those that share most grams.
N_LINES = 150
# All measured: see docs/decisions/0078-misheard-lines.md. Half of a query's sounds is little
# evidence: any two sentences share as much.
SHARE_POWER = 3
# The best unrelated line scores so much above ln(sounds of the query × sounds of all lines), in
# nats: the location and the scale of a Gumbel distribution.
CHANCE_NATS = 5.8
CHANCE_SCALE = 1.8
# Less evidence is ignored.
MIN_STRENGTH = 0.05


@dataclass(frozen=True, slots=True)
class HeardLine:
    """A lyric line that sounds like a query.

    Attributes:
        strength: 0 to 1, the evidence that the query means this line.
        words: the part of the line that sounds like it.
    """

    video_id: str
    text: str
    strength: float
    words: str


def find_heard(catalog: Catalog, query: str, n_lines: int) -> Iterator[HeardLine]:
    """Find the lines that sound like a query, in each way that the library's lines are read.

    Args:
        catalog: of the library.
        query: one line.
        n_lines: the number of lines in the library.
    """
    for reading, sounds in find_readings(query, catalog.list_readings()):
        matches = catalog.find_sounding(reading, write_grams(sounds), N_LINES)
        heard = align_sounds(sounds, [match.sounds for match in matches])
        n_all = n_lines * _mean_length(matches)
        most = score_itself(sounds)
        for match, found in zip(matches, heard, strict=True):
            strength = _weigh(found, most, len(sounds), n_all)
            if strength >= MIN_STRENGTH:
                words = _find_words(match.text, reading, found)
                yield HeardLine(match.video_id, match.text, strength, words)


def _mean_length(matches: list[SoundMatch]) -> float:
    return sum(len(match.sounds) for match in matches) / max(1, len(matches))


def _weigh(found: Heard, most: float, n_asked: int, n_all: float) -> float:
    """The evidence: the share of the query that is heard, if chance would not give as much.

    Chance is the number of unrelated lines that are expected to score as well, as in searches of
    sequences (Karlin and Altschul 1990).

    Args:
        found: the best alignment.
        most: the score of the query with itself.
        n_asked: sounds of the query.
        n_all: sounds of all lines.
    """
    share = min(1.0, found.nats / most) if most > 0 else 0.0
    excess = found.nats - math.log(max(1.0, n_asked * n_all))
    expected = math.exp(min(50.0, (CHANCE_NATS - excess) / CHANCE_SCALE))
    return share**SHARE_POWER * math.exp(-expected)


def _find_words(text: str, reading: str, found: Heard) -> str:
    """The words of a line of which half or more sound like the query, as they are written."""
    words, at = [], 0
    for word in split_sounds(text, reading):
        middle = at + len(word.sounds) / 2
        if found.begin <= middle <= found.end:
            words.append(word)
        at += len(word.sounds)
    return text[words[0].begin : words[-1].end] if words else ""
