"""Compares the words of lyrics with those that were heard, each with its time."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import LyricLine, Matrix
from mvsearch.store.unicode import normalise

Times = npt.NDArray[np.float64]

# Sung words take about so long; only their order within a line is sure.
WORD_SECONDS = 0.35
# What is less alike is another word, and short words are the same or not.
MIN_ALIKE, MIN_LETTERS = 0.7, 4
# Aligned words begin early, as they hold the pause before them; their ends are known to 0.1 s.
_LONGEST_SECONDS = 0.25
# Scripts without spaces: each of their letters counts as a word.
_PIECE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words in the order of time.

    Attributes:
        texts: (n,) lower case, without marks.
        lines: (n,) the number of the line of each.
        places: (n,) its number within its line.
        seconds: (n,) when it begins.
    """

    texts: Sequence[str]
    lines: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    seconds: Times

    def __len__(self) -> int:
        """The number of words."""
        return len(self.texts)


def split_text(text: str) -> list[str]:
    """The words of a text, as they are compared: without case, accents and apostrophes."""
    plain = normalise(text.casefold().replace("'", "").replace("’", ""), "NFKD")
    kept = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return _PIECE.findall(normalise(kept))


def list_sung(lines: Sequence[LyricLine]) -> Tokens:
    """The words of timed lyrics.

    A word has its own time if its line has such times; otherwise words are spread over the line, as
    fast as they are usually sung, or faster if the next line begins before.
    """
    found = [token for number, line in enumerate(lines) for token in _spread(number, line)]
    return _gather(found)


def list_heard(lines: Sequence[LyricLine]) -> Tokens:
    """The words that Whisper heard, also those of rejected lines, in the order of time.

    Those of a line whose words have no times are spread over it, as its end is known.
    """
    found = []
    for number, line in enumerate(lines):
        for place, word in enumerate(line.words):
            pieces = split_text(word.text)
            start, end = word.start_seconds, word.end_seconds
            start = max(start, end - _LONGEST_SECONDS)
            length = (end - start) / max(len(pieces), 1)
            found += [
                (piece, number, place, start + at * length) for at, piece in enumerate(pieces)
            ]
        if not line.words:
            found += _spread(number, line, longest_seconds=math.inf)
    return _gather(sorted(found, key=lambda one: one[3]))


def compare(sung: Tokens, heard: Tokens) -> Matrix:
    """How alike words are: (sung, heard) float32, 0 for different ones, and less for common ones.

    A word that is heard often says less about where a line is: a match of two words counts the
    inverse square root of how often they are heard.
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    ours, theirs = sorted(set(sung.texts)), sorted(set(heard.texts))
    if not ours or not theirs:
        return np.zeros((len(sung), len(heard)), np.float32)
    alike = cdist(ours, theirs, scorer=Levenshtein.normalized_similarity, dtype=np.float32)
    short = np.array([len(text) for text in ours]) < MIN_LETTERS
    alike[alike < MIN_ALIKE] = 0
    alike[short[:, None] & (alike < 1)] = 0
    counts = Counter(heard.texts)
    alike /= np.sqrt([counts[text] for text in theirs], dtype=np.float32)
    rows = {text: at for at, text in enumerate(ours)}
    columns = {text: at for at, text in enumerate(theirs)}
    found: Matrix = alike[np.ix_([rows[t] for t in sung.texts], [columns[t] for t in heard.texts])]
    return found


def _spread(
    number: int, line: LyricLine, longest_seconds: float = WORD_SECONDS
) -> Iterator[tuple[str, int, int, float]]:
    """The words of a line as (text, line, place, seconds); a word lasts no longer than that."""
    start, end = line.start_seconds or 0.0, line.end_seconds or 0.0
    if line.words:
        place = 0
        for word in line.words:
            for piece in split_text(word.text):
                yield piece, number, place, word.start_seconds
                place += 1
        return
    pieces = split_text(line.text)
    step = min(longest_seconds, max(end - start, 0.5) / max(len(pieces), 1))
    for place, piece in enumerate(pieces):
        yield piece, number, place, start + place * step


def _gather(found: Sequence[tuple[str, int, int, float]]) -> Tokens:
    return Tokens(
        [text for text, *_ in found],
        np.array([line for _, line, _, _ in found], np.intp),
        np.array([place for _, _, place, _ in found], np.intp),
        np.array([seconds for *_, seconds in found], np.float64),
    )
