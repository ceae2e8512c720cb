"""Adds typing errors to lyric lines, or drops words."""

import random

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
N_ERRORS = 2
DROPPED_SHARE = 0.3
# A shorter word leaves nothing to recognise.
MIN_WORD_LETTERS = 3


def misspell(line: str, draw: random.Random) -> str:
    """Make exactly two typing errors, in different words where there are two to err in.

    An error is a letter too much, one missing, a neighbouring key, or two letters in the wrong
    order; it always changes the word.
    """
    words = line.split()
    long = [at for at, word in enumerate(words) if _count_letters(word) >= MIN_WORD_LETTERS]
    places = long if len(long) >= N_ERRORS else range(len(words))
    for at in draw.sample(list(places), min(N_ERRORS, len(places))):
        words[at] = _err(words[at], draw)
    return " ".join(words)


def drop_words(line: str, draw: random.Random) -> str:
    """Leave out about three words in ten, at least one; the others keep their order."""
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
    """A key beside the one meant; letters that are on no such keyboard become any other."""
    row = next((row for row in _ROWS if word[at].lower() in row), "")
    place = row.find(word[at].lower())
    near = [row[i] for i in (place - 1, place + 1) if 0 <= i < len(row)] if row else list(LETTERS)
    return word[:at] + draw.choice(near) + word[at + 1 :]


def _transpose(word: str, at: int, draw: random.Random) -> str:
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
