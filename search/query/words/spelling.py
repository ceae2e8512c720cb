"""Compares words with tolerance for typing errors."""

from collections.abc import Iterable

# Letters of a word per allowed error: one error from three letters on, two from six on, as Lucene's
# fuzziness AUTO.
LETTERS_PER_ERROR = 3
MAX_N_ERRORS = 2
# Longer words must be equal: the time of a comparison grows with the product of the lengths.
MAX_WORD_LETTERS = 50


def find_alike_words(asked: Iterable[str], known: Iterable[str]) -> dict[str, dict[str, float]]:
    """For each query word, the known words with a similar spelling, and their similarity.

    The similarity is 1 minus the number of errors per letter of the longer word. Errors are counted
    by the optimal string alignment distance (Damerau 1964, Levenshtein 1966): insertions,
    deletions, substitutions and transpositions, none of them within another.
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
    """The maximum number of errors for the length of the longer word."""
    return 0 if n_letters > MAX_WORD_LETTERS else min(MAX_N_ERRORS, n_letters // LETTERS_PER_ERROR)
