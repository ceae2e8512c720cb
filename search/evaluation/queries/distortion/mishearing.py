"""Writes a lyric line in other words that sound nearly like it, as a person may mishear it."""

import random
from collections.abc import Mapping
from functools import cache

from mvsearch.indexer.pronunciation import (
    SOUNDS,
    VOWELS,
    choose_reading,
    read_dictionary,
    score_pairs,
    write_sounds,
)

# One sound in so many is another, near one, or is lost.
SOUNDS_PER_MISTAKE = 7
N_NEAR = 3
LOST_SHARE = 0.25
# Sounds of a word: longer words are what they are.
WORD_SOUNDS = (2, 7)
# Letters for a sound that no word of the dictionary has at such a place.
_LETTERS = {
    "T": "th",
    "D": "th",
    "S": "sh",
    "Z": "zh",
    "C": "ch",
    "J": "j",
    "N": "ng",
    "@": "uh",
    "i": "ee",
    "I": "i",
    "e": "ay",
    "E": "e",
    "A": "a",
    "a": "ah",
    "O": "aw",
    "o": "oh",
    "U": "oo",
    "u": "oo",
}


def mishear(line: str, draw: random.Random) -> str:
    """Write a line anew: some sounds are others, and words begin where others would.

    Sounds are exchanged by how often one is taken for the other; the words are those of the
    dictionary of English. A line that is not read by its sounds stays as it is.
    """
    sounds = write_sounds(line, choose_reading(line, None))
    if not sounds:
        return line
    heard = "".join(_change(sounds, draw))
    return " ".join(_cut(heard, draw)) or line


def _change(sounds: str, draw: random.Random) -> list[str]:
    near = _find_near()
    n_mistakes = max(1, len(sounds) // SOUNDS_PER_MISTAKE)
    places = set(draw.sample(range(len(sounds)), n_mistakes))
    return [
        sound
        if place not in places
        else ""
        if draw.random() < LOST_SHARE
        else draw.choice(near[sound])
        for place, sound in enumerate(sounds)
    ]


def _cut(sounds: str, draw: random.Random) -> list[str]:
    """Cut sounds into words, of drawn lengths where the dictionary has some."""
    known = _list_words()
    words: list[str] = []
    at = 0
    while at < len(sounds):
        low, high = WORD_SOUNDS
        lengths = [n for n in range(low, high + 1) if sounds[at : at + n] in known]
        if lengths and at + min(lengths) <= len(sounds):
            length = draw.choice(lengths)
            words.append(draw.choice(known[sounds[at : at + length]]))
        else:
            length = 1
            # A consonant alone is no word: it belongs to the one before it.
            letters = _LETTERS.get(sounds[at], sounds[at])
            if words and sounds[at] not in VOWELS:
                words[-1] += letters
            else:
                words.append(letters)
        at += length
    return words


@cache
def _find_near() -> Mapping[str, list[str]]:
    """The sounds that each is most often taken for."""
    scores = score_pairs()
    return {
        sound: [SOUNDS[other] for other in row.argsort()[::-1][1 : N_NEAR + 1]]
        for sound, row in zip(SOUNDS, scores, strict=True)
    }


@cache
def _list_words() -> Mapping[str, list[str]]:
    """The words of the dictionary by their sounds."""
    words: dict[str, list[str]] = {}
    for word, sounds in read_dictionary():
        words.setdefault(sounds, []).append(word)
    return words
