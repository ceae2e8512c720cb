"""Looks up the sounds of English words in the dictionary of Carnegie Mellon University.

The dictionary is a sorted text of words and sounds, a line each; see `english.md`.
"""

import gzip
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from mvsearch.indexer.pronunciation.letters import ENGLISH
from mvsearch.indexer.pronunciation.spelled import Speller

_FILE = Path(__file__).with_name("english.txt.gz")
_DIGITS = ["ziro", "w@n", "tu", "Tri", "fOr", "faIv", "sIks", "sEv@n", "et", "naIn"]
_VOICELESS = frozenset("ptkfT")
_HISSING = frozenset("szSZCJ")
# More words than a person sings; unknown ones come from anywhere.
MAX_WORDS = 200_000


class English:
    """The sounds of English words: by the dictionary, else by their letters."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._speller = Speller(ENGLISH)

    def write_words(self, words: Iterable[str]) -> list[str]:
        """The sounds of words in lower-case letters without accents and apostrophes."""
        if len(self._known) > MAX_WORDS:
            self._known.clear()
        return [self._known.get(word) or self._find(word) for word in words]

    def _find(self, word: str) -> str:
        sounds = _look_up(word) or self._look_up_ending(word) or self._write_unknown(word)
        self._known[word] = sounds
        return sounds

    def _look_up_ending(self, word: str) -> str:
        """A word whose apostrophe is gone: `it'd` is no word, `somebody's` is somebody and z."""
        if word.endswith("in"):
            return _look_up(word + "g").removesuffix("N") + "n" if _look_up(word + "g") else ""
        whole = _look_up(word[:-1]) if word.endswith("s") else ""
        if not whole:
            return ""
        return whole + ("Iz" if whole[-1] in _HISSING else "s" if whole[-1] in _VOICELESS else "z")

    def _write_unknown(self, word: str) -> str:
        if word.isdigit():
            return "".join(_DIGITS[int(digit)] for digit in word if digit.isascii())
        return self._speller.write_word(word)


@cache
def _read() -> list[bytes]:
    """The lines of the dictionary, 118,000, in the order of their bytes."""
    return gzip.decompress(_FILE.read_bytes()).splitlines()


def read_dictionary() -> Iterator[tuple[str, str]]:
    """The words of the dictionary with their sounds."""
    for line in _read():
        word, _, sounds = line.decode().partition(" ")
        yield word, sounds


def _look_up(word: str) -> str:
    """The sounds of a word; empty for one that the dictionary lacks."""
    if not (word.isascii() and word.isalpha()):
        return ""
    lines, start = _read(), word.encode() + b" "
    at = bisect_left(lines, start)
    is_known = at < len(lines) and lines[at].startswith(start)
    return lines[at][len(start) :].decode() if is_known else ""
