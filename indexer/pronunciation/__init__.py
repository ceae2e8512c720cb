"""How lines sound: by a dictionary of English words, and by the letters of other languages."""

from mvsearch.indexer.pronunciation.alphabet import SOUNDS, VOWELS, count_losses, score_pairs
from mvsearch.indexer.pronunciation.coding import (
    NOT_READ,
    REVISION,
    SpokenWord,
    choose_reading,
    find_readings,
    split_sounds,
    write_sounds,
)
from mvsearch.indexer.pronunciation.english import read_dictionary
from mvsearch.indexer.pronunciation.grams import write_grams

__all__ = [
    "NOT_READ",
    "REVISION",
    "SOUNDS",
    "VOWELS",
    "SpokenWord",
    "choose_reading",
    "count_losses",
    "find_readings",
    "read_dictionary",
    "score_pairs",
    "split_sounds",
    "write_grams",
    "write_sounds",
]
