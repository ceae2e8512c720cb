"""Aligns words that are heard with words that are sung."""

from collections.abc import Sequence
from functools import cache
from typing import Any

# Weighs a second against an error: so little that even an hour for each word is none.
SECOND = 1e-7

Sung = tuple[float, str]


def find_offsets(lines: Sequence[Sung], words: Sequence[Sung]) -> list[float]:
    """How late each line begins whose first word is aligned with a sung one, in seconds."""
    meant = [(word, start) for start, text in words for word in normalise(text).split()]
    said = [
        (word, number) for number, (_, text) in enumerate(lines) for word in normalise(text).split()
    ]
    partners = align_words(meant, [(word, lines[number][0]) for word, number in said])
    first = {number: at for at, (_, number) in reversed(list(enumerate(said)))}
    return [
        lines[number][0] - meant[partners[at]][1]
        for number, at in sorted(first.items())
        if at in partners
    ]


def align_words(
    meant: Sequence[tuple[str, float]], said: Sequence[tuple[str, float]]
) -> dict[int, int]:
    """Align words with their times: the fewest errors, and of these the least time apart.

    Returns:
        By the number of a word that is said that of the one that is meant.
    """
    table = [[(float(at), "del") for at in range(len(meant) + 1)]]
    for word, at_seconds in said:
        row = [(table[-1][0][0] + 1, "ins")]
        for column, (other, seconds) in enumerate(meant):
            pair = (word != other) + SECOND * abs(at_seconds - seconds)
            ways = (table[-1][column][0] + pair, "pair"), (table[-1][column + 1][0] + 1, "ins")
            row.append(min(*ways, (row[-1][0] + 1, "del")))
        table.append(row)
    partners: dict[int, int] = {}
    at, column = len(said), len(meant)
    while at and column:
        _, way = table[at][column]
        at, column = at - (way != "del"), column - (way != "ins")
        if way == "pair":
            partners[at] = column
    return partners


@cache
def _load_normaliser() -> Any:
    from whisper.normalizers import EnglishTextNormalizer

    return EnglishTextNormalizer()


def normalise(text: str) -> str:
    """A text as both sides are compared."""
    return str(_load_normaliser()(text))
