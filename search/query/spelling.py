"""Compares words with tolerance for typing errors."""

from collections.abc import Iterable

# So many letters for each that may be wrong: one of three to five, two of six or more, as in the
# rule that Lucene's users know as AUTO.
LETTERS_PER_ERROR = 3
MAX_N_ERRORS = 2
# Longer ones are the same or not: to compare two takes time by the product of their letters.
MAX_WORD_LETTERS = 50


def find_alike_words(asked: Iterable[str], known: Iterable[str]) -> dict[str, dict[str, float]]:
    """For each word that is asked, the known words that are spelled like it, and how closely."""
    by_length: dict[int, set[str]] = {}
    for other in known:
        by_length.setdefault(len(other), set()).add(other)
    found: dict[str, dict[str, float]] = {}
    for word in asked:
        lengths = range(len(word) - MAX_N_ERRORS, len(word) + MAX_N_ERRORS + 1)
        near = (other for length in lengths for other in by_length.get(length, ()))
        alike = ((other, compare_spelling(word, other)) for other in near)
        found[word] = {other: closeness for other, closeness in alike if closeness > 0}
    return found


def compare_spelling(word: str, other: str) -> float:
    """How alike two words are spelled: 1 for the same, 0 where too many letters are wrong.

    In between, the share of the longer word's letters that are right.
    """
    if word == other:
        return 1.0
    longest = max(len(word), len(other))
    if longest > MAX_WORD_LETTERS:
        return 0.0
    n_allowed = min(MAX_N_ERRORS, longest // LETTERS_PER_ERROR)
    if abs(len(word) - len(other)) > n_allowed or not _share_letters(word, other, n_allowed):
        return 0.0
    n_errors = count_errors(word, other)
    return 1 - n_errors / longest if n_errors <= n_allowed else 0.0


def _share_letters(word: str, other: str, n_allowed: int) -> bool:
    """A quick look first: an error puts at most one letter into one word that the other lacks."""
    letters, others = set(word), set(other)
    return len(letters - others) <= n_allowed and len(others - letters) <= n_allowed


def count_errors(word: str, other: str) -> int:
    """Letters to put in, leave out, change or swap with the next one to make one of the other.

    The optimal string alignment distance (Damerau 1964, Levenshtein 1966): no letter is touched
    twice.
    """
    last: list[int] = []
    before = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and wanted == word[i - 2]:
                best = min(best, last[j - 2] + 1)
            row.append(best)
        last, before = before, row
    return before[-1]
