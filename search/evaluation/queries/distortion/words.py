"""Distorts lyric lines by the name of the distortion."""

import random

from mvsearch.search.evaluation.queries.distortion.distortions import (
    DROPPED_WORDS,
    MISHEARD,
    TYPING_ERRORS,
)
from mvsearch.search.evaluation.queries.distortion.mishearing import mishear
from mvsearch.search.evaluation.queries.distortion.typos import drop_words, misspell


def distort_words(text: str, distortion: str, draw: random.Random) -> str:
    """A line with a distortion of words; as it is with any other."""
    if distortion == TYPING_ERRORS:
        return misspell(text, draw)
    if distortion == MISHEARD:
        return mishear(text, draw)
    return drop_words(text, draw) if distortion == DROPPED_WORDS else text
