"""Compares words with tolerance for typing errors."""

from collections.abc import Iterable

# So many letters for each that may be wrong: one of three to five, two of six or more, as in the
# rule that Lucene's users know as AUTO.
LETTERS_PER_ERROR = 3
MAX_N_ERRORS = 2
# Longer ones are the same or not: to compare two takes time by the product of their letters.
MAX_WORD_LETTERS = 50


def find_alike_words(asked: Iterable[str], known: Iterable[str]) -> dict[str, dict[str, float]]:
    """For each word that is asked, the known words that are spelled like it, and how closely.

    A word counts 1 for itself; another counts the share of the longer one's letters that are right.
    Errors are counted by the optimal string alignment distance (Damerau 1964, Levenshtein 1966):
    letters put in, left out, changed or swapped with the next one, no letter touched twice.
    """
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extract_iter

    by_length: dict[int, set[str]] = {}
    for other in known:
        by_length.setdefault(len(other), set()).add(other)
    found: dict[str, dict[str, float]] = {}
    for word in asked:
        alike = found[word] = {}
        for length in range(len(word) - MAX_N_ERRORS, len(word) + MAX_N_ERRORS + 1):
            longest = max(len(word), length)
            most = _count_allowed(longest)
            near = extract_iter(
                word, by_length.get(length, ()), scorer=OSA.distance, score_cutoff=most
            )
            alike |= {other: 1 - n_errors / max(longest, 1) for other, n_errors, _ in near}
    return found


def _count_allowed(n_letters: int) -> int:
    """How many letters may be wrong in words of which the longer has so many."""
    return 0 if n_letters > MAX_WORD_LETTERS else min(MAX_N_ERRORS, n_letters // LETTERS_PER_ERROR)
