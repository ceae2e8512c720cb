"""Adds typing errors to lyric lines, or drops words."""

import random

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
N_ERRORS = 2
DROPPED_SHARE = 0.3
# Shorter words would not be recognisable.
MIN_WORD_LETTERS = 3


def misspell(line: str, draw: random.Random) -> str:
    """Make two typing errors, in different words if there are two long enough.

    An error is an insertion, a deletion, a neighbouring key, or a transposition; it always changes
    the word.
    """
    words = line.split()
    long = [at for at, word in enumerate(words) if _count_letters(word) >= MIN_WORD_LETTERS]
    places = long if len(long) >= N_ERRORS else range(len(words))
    for at in draw.sample(list(places), min(N_ERRORS, len(places))):
        words[at] = _err(words[at], draw)
    return " ".join(words)


def drop_words(line: str, draw: random.Random) -> str:
    """Drop about three words in ten, at least one; the others keep their order."""
    words = line.split()
    n_dropped = min(max(1, round(DROPPED_SHARE * len(words))), len(words) - 1)
    dropped = set(draw.sample(range(len(words)), n_dropped))
    return " ".join(word for at, word in enumerate(words) if at not in dropped)


def _count_letters(word: str) -> int:
    return sum(letter.isalpha() for letter in word)


def _err(word: str, draw: random.Random) -> str:
    at = draw.choice([place for place, letter in enumerate(word) if letter.isalnum()] or [0])
    ways = [_insert, _delete, _substitute, _transpose]
    draw.shuffle(ways)
    return next(found for way in ways if (found := way(word, at, draw)) not in ("", word))


def _insert(word: str, at: int, draw: random.Random) -> str:
    return word[:at] + draw.choice(LETTERS) + word[at:]


def _delete(word: str, at: int, draw: random.Random) -> str:
    return word[:at] + word[at + 1 :]


def _substitute(word: str, at: int, draw: random.Random) -> str:
    """A neighbouring key; letters that are not on the keyboard become any letter."""
    row = next((row for row in _ROWS if word[at].lower() in row), "")
    place = row.find(word[at].lower())
    near = [row[i] for i in (place - 1, place + 1) if 0 <= i < len(row)] if row else list(LETTERS)
    return word[:at] + draw.choice(near) + word[at + 1 :]


def _transpose(word: str, at: int, draw: random.Random) -> str:
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
