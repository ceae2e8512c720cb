"""Writes how lines sound, word by word, as a language is read."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from mvsearch.indexer.pronunciation.english import English
from mvsearch.indexer.pronunciation.letters import TABLES, UNREADABLE
from mvsearch.indexer.pronunciation.spelled import Speller
from mvsearch.store.unicode import normalise

# Changes with the sounds that are written for a line; lines of another one are written anew.
REVISION = "1"
# Longer lines are cut: no sung line is longer.
MAX_LETTERS = 1000
MAX_SOUNDS = 240

# The way of reading of languages that have no table of their own, by a transliteration.
TRANSLITERATED = "*"
# That of lines of which nothing is known but their letters.
NOT_READ = "-"

# A word with its apostrophes, or one character of Chinese or Japanese.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORDS = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+(?:['’`][^\W_{_IDEOGRAPHS}]+)*['’]?")
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3040-\u30ff]")
_LATIN_END = "\u024f"


class _Reader(Protocol):
    """Writes the sounds of words."""

    def write_words(self, words: Sequence[str]) -> list[str]:
        """The sounds of words in lower case, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of a line.

    Attributes:
        begin, end: of the word in the line, in characters.
        sounds: see `alphabet`.
    """

    begin: int
    end: int
    sounds: str


class _Spelled:
    """Words by their letters."""

    def __init__(self, language: str) -> None:
        self._speller = Speller(TABLES.get(language, {}))

    def write_words(self, words: Sequence[str]) -> list[str]:
        return [self._speller.write_word(word) for word in words]


@cache
def _find_reader(reading: str) -> _Reader:
    return English() if reading == "en" else _Spelled(reading)


def choose_reading(line: str, language: str | None) -> str:
    """How a line is read: by the code of a language, TRANSLITERATED, or NOT_READ.

    Args:
        line: sung.
        language: of the song, by ISO 639-1; None if it is unknown: Latin letters are English then.
    """
    has_chinese = _CHINESE.search(line) is not None
    if has_chinese and (language in UNREADABLE or _KANA.search(line)):
        return NOT_READ
    if language is None:
        return "en" if _is_latin(line) else TRANSLITERATED
    return language if language in TABLES and _is_latin(line) else TRANSLITERATED


def write_sounds(line: str, reading: str) -> str:
    """How a line sounds, without the bounds of its words; empty if it is not read."""
    return "".join(word.sounds for word in split_sounds(line, reading))[:MAX_SOUNDS]


def split_sounds(line: str, reading: str) -> list[SpokenWord]:
    """The words of a line with their sounds."""
    if reading == NOT_READ:
        return []
    line = line[:MAX_LETTERS]
    spans = [found.span() for found in _WORDS.finditer(line)]
    words = [normalise(line[begin:end], "NFC").lower() for begin, end in spans]
    if reading == "en":
        words = [_fold(word) for word in words]
    words = [word.replace("'", "").replace("’", "").replace("`", "") for word in words]
    sounds = _find_reader(reading).write_words(words)
    return [SpokenWord(*span, heard) for span, heard in zip(spans, sounds, strict=True) if heard]


def find_readings(line: str, held: Collection[str]) -> Iterator[tuple[str, str]]:
    """How a query sounds for each way that the lines of a library are read: way and sounds.

    Words in Latin letters are read as the lines are, and as English: a line in another language is
    misheard in words of one's own.
    """
    is_latin, is_unread = _is_latin(line), choose_reading(line, None) == NOT_READ
    for reading in sorted(held):
        if not is_unread and (is_latin or reading == TRANSLITERATED) and reading != NOT_READ:
            ways = dict.fromkeys((reading, "en") if is_latin else (reading,))
            for sounds in dict.fromkeys(write_sounds(line, way) for way in ways):
                if sounds:
                    yield reading, sounds


def _is_latin(line: str) -> bool:
    """Whether more than half of the letters are Latin."""
    letters = [letter for letter in line if letter.isalpha()]
    return sum(letter <= _LATIN_END for letter in letters) * 2 > len(letters)


def _fold(word: str) -> str:
    if word.isascii():
        return word
    folded = normalise(word, "NFD").encode("ascii", "ignore").decode()
    return folded or word
