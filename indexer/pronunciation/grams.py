"""Writes the text by which lines are found that sound alike, for an index of three characters each.

It has two parts. In the first, a character stands for two consonants in a row, so that three are
four consonants without what is between them; in the second, for a consonant and the vowel behind
it. Sounds that are often taken for each other are one.
"""

from itertools import pairwise

_GROUPS = ("pb", "tdTD", "kg", "fv", "szSZCJ", "mnN", "l", "r")
_CONSONANTS = {sound: at for at, group in enumerate(_GROUPS) for sound in group}
_N = len(_GROUPS)
# A vowel at the beginning has no consonant before it.
_NONE = _N
_VOWELS = {
    **dict.fromkeys("iIeEA", 1),
    **dict.fromkeys("a@", 2),
    **dict.fromkeys("oOuU", 3),
}
_N_VOWELS = 4
# Both ranges are letters and signs that no tokenizer folds or drops.
_FIRST_PAIR = 0x30
_FIRST_SYLLABLE = 0x100


def write_grams(sounds: str) -> str:
    """The text of grams of sounds; glides and h, which are easily missed, count for nothing."""
    consonants = [_CONSONANTS[sound] for sound in sounds if sound in _CONSONANTS]
    pairs = pairwise(consonants)
    first = "".join(chr(_FIRST_PAIR + one * _N + other) for one, other in pairs)
    syllables: list[list[int]] = []
    for sound in sounds:
        if sound in _CONSONANTS:
            syllables.append([_CONSONANTS[sound], 0])
        elif sound in _VOWELS and not syllables:
            syllables.append([_NONE, _VOWELS[sound]])
        elif sound in _VOWELS and not syllables[-1][1]:
            syllables[-1][1] = _VOWELS[sound]
    second = (chr(_FIRST_SYLLABLE + one * _N_VOWELS + vowel) for one, vowel in syllables)
    return f"{first} {''.join(second)}"
