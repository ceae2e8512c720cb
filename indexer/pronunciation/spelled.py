"""Writes the sounds of words by their letters."""

import re

from mvsearch.indexer.pronunciation.alphabet import SOUNDS
from mvsearch.indexer.pronunciation.letters import COMMON, Table

# Longer words are no words; what remains of them is not read.
MAX_WORD_LETTERS = 60

_REPEATS = re.compile(r"(.)\1+")
_NO_SOUND = re.compile(f"[^{re.escape(SOUNDS)}]")


class Speller:
    """Writes the sounds of words by a table, and what it lacks by the one that languages share."""

    def __init__(self, table: Table) -> None:
        self._sounds = {**COMMON, **table}
        keys = sorted(self._sounds, key=lambda key: (-len(key.strip("^$")), "^" not in key, key))
        edges = ((key, key.startswith("^"), key.endswith("$")) for key in keys)
        self._pattern = re.compile(
            "|".join(
                f"{'(?<![^ ])' * first}{re.escape(key.strip('^$'))}{'(?![^ ])' * last}"
                for key, first, last in edges
            )
        )
        self._bare = {key.strip("^$") for key in keys}

    def write_word(self, word: str) -> str:
        """The sounds of a word in lower case; accents that the table lacks are left out."""
        from anyascii import anyascii

        word = word[:MAX_WORD_LETTERS]
        plain = "".join(
            letter if letter.isascii() or letter in self._bare else anyascii(letter)
            for letter in word
        )
        sounds = self._pattern.sub(self._replace, plain.lower())
        return _REPEATS.sub(r"\1", _NO_SOUND.sub("", sounds))

    def _replace(self, found: re.Match[str]) -> str:
        key = found.group()
        first = "^" * (found.start() == 0)
        last = "$" * (found.end() == len(found.string))
        for framed in (first + key + last, first + key, key + last, key):
            if framed in self._sounds:
                return self._sounds[framed]
        return ""
