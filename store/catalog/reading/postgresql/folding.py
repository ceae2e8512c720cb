"""Cuts lines into the terms that are indexed, as FTS5 of SQLite does it."""

import hashlib
import re
from functools import lru_cache

from mvsearch.store.unicode import normalise

_WORDS = re.compile(r"[^\W_]+")
# PostgreSQL indexes terms of up to 2,700 bytes; a longer word is known by its digest.
MAX_BYTES = 1000


def cut_words(line: str) -> list[str]:
    """The words of a line (tokenizer "unicode61 remove_diacritics 2").

    Letters and digits without case; accents of Latin letters are removed.
    """
    plain = line.lower() if line.isascii() else "".join(map(_fold_plainly, line))
    return [_shorten(word) for word in _WORDS.findall(plain)]


def cut_threes(line: str) -> list[str]:
    """Three characters at a time, without case (tokenizer "trigram")."""
    folded = line.lower() if line.isascii() else "".join(map(_fold, line))
    return [folded[at : at + 3] for at in range(len(folded) - 2)]


@lru_cache(maxsize=8192)
def _fold(letter: str) -> str:
    """A letter without case, still one: by simple case folding of Unicode."""
    for folded in (letter.casefold(), letter.lower()):
        if len(folded) == 1:
            return folded
    return letter


@lru_cache(maxsize=8192)
def _fold_plainly(letter: str) -> str:
    """A letter without case and, if it is Latin, without accents; nothing for an accent alone."""
    if "\u0300" <= letter <= "\u036f":
        return ""
    first = normalise(letter, "NFD")[0]
    return _fold(first if first.isascii() else letter)


def _shorten(word: str) -> str:
    """A word that can be indexed; digests look like no word, as they begin with a stop."""
    whole = word.encode()
    return word if len(whole) <= MAX_BYTES else "." + hashlib.sha256(whole).hexdigest()
