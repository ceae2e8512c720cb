"""Spelling against a definition that is too slow to use, and against errors counted by hand."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvsearch.search.query.words.spelling import find_alike_words


@cache
def define_errors(word: str, other: str) -> int:
    """The textbook's recursion, from the ends of both words."""
    if not word or not other:
        return len(word) + len(other)
    choices = [
        define_errors(word[:-1], other) + 1,
        define_errors(word, other[:-1]) + 1,
        define_errors(word[:-1], other[:-1]) + (word[-1] != other[-1]),
    ]
    if word[-2:] == other[-2:][::-1] and len(word) > 1 < len(other):
        choices.append(define_errors(word[:-2], other[:-2]) + 1)
    return min(choices)


WORDS = st.text("abc", min_size=1, max_size=8)


@given(WORDS, st.sets(WORDS))
@settings(max_examples=300, deadline=None)
def test_alike_is_what_the_definition_says(word: str, known: set[str]) -> None:
    expected = {}
    for other in known:
        longest, n_errors = max(len(word), len(other)), define_errors(word, other)
        if n_errors <= min(2, longest // 3):
            expected[other] = pytest.approx(1 - n_errors / longest)
    assert find_alike_words([word], known) == {word: expected}


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("midnight", "midnight", 1.0),
        ("midnigth", "midnight", 1 - 1 / 8),  # a swap is one error
        ("milions", "millions", 1 - 1 / 8),
        ("mdnigth", "midnight", 1 - 2 / 8),
        ("mdnigthx", "midnight", 0.0),  # three are too many
        ("star", "stars", 1 - 1 / 5),
        ("cat", "car", 1 - 1 / 3),
        ("to", "so", 0.0),  # of two letters none may be wrong
        ("dance", "dancr", 1 - 1 / 5),
        ("dance", "fancy", 0.0),  # of five letters one
        ("dances", "danse", 1 - 2 / 6),
        ("a" * 50, "a" * 49 + "b", 1 - 1 / 50),
        ("a" * 51, "a" * 50 + "b", 0.0),
        ("a" * 51, "a" * 51, 1.0),
        ("night", "lilac", 0.0),
        ("фонрь", "фонарь", 1 - 1 / 6),
    ],
)
def test_words_are_alike_by_the_share_of_letters_that_are_right(
    word: str, other: str, expected: float
) -> None:
    for asked, known in ((word, other), (other, word)):
        found = find_alike_words([asked], [known])[asked]
        assert found == ({known: pytest.approx(expected)} if expected else {})
