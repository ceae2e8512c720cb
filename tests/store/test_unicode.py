"""Normal forms, against Python's own on short texts and against the rule of UAX #15."""

import ast
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvsearch.store.unicode import (
    GRAPHEME_JOINER,
    MAX_NON_STARTERS,
    is_truncated,
    normalise,
    replace_surrogates,
    truncate,
)
from tests.cpu import assert_linear

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
# Marks of several classes; characters that become several, or begin with marks once they are
# taken apart; and starters that join: a vowel sign of Bengali, two halves of a syllable of Korean.
LETTERS = "a\u0301\u0327\u0345\u0315é\u1e69\u0344\u0f73\u0f81\uff9e\u309b\ufb2c\ufdfa\u09c7\u09be"
LETTERS += "\u1100\u1161\u11a8가カ"


def longest_run(text: str) -> int:
    """The longest run of non-starters, once a text is taken apart letter by letter."""
    longest = now = 0
    for letter in text:
        for part in unicodedata.normalize("NFKD", letter):
            now = now + 1 if unicodedata.combining(part) else 0
            longest = max(longest, now)
    return longest


@pytest.mark.parametrize("form", FORMS)
@given(st.text(st.sampled_from(LETTERS) | st.characters(), max_size=40))
def test_text_without_long_runs_is_normalised_as_ever(form: str, text: str) -> None:
    if longest_run(text) <= MAX_NON_STARTERS:
        assert normalise(text, form) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@given(st.text(st.sampled_from(LETTERS), max_size=200))
def test_no_run_is_longer_than_the_standard_allows(form: str, text: str) -> None:
    done = normalise(text, form)
    assert longest_run(done) <= MAX_NON_STARTERS
    assert normalise(done, form) == done
    divided = normalise(text, "NFD").split(GRAPHEME_JOINER)
    assert sorted("".join(divided)) == sorted(unicodedata.normalize("NFD", text))


def test_a_run_is_divided_where_the_standard_says() -> None:
    marks = "\u0301" * 65
    expected = (
        "á" + "\u0301" * 29 + GRAPHEME_JOINER + "\u0301" * 30 + GRAPHEME_JOINER + "\u0301" * 5
    )
    assert normalise("a" + marks) == expected


def assert_linear_over(piece: str, form: str, size: int) -> None:
    n_bytes = len(piece.encode())
    assert_linear(lambda n: normalise("a" + piece * (n // n_bytes), form), lambda n: n, size)


@pytest.mark.parametrize(
    "piece",
    [
        "\u0327\u0301",
        "\u0344\u0327",
        "\u0f73\u0f81",
        "\u0f81\u0f71",
        "\uff9e",
        "\u0345\u0315\u0301",
        "\u1e69\u0323",
        "\u1100\u1161\u11a8",
        "\u09c7\u09be",
        "\U0001d160",
    ],
)
def test_time_is_linear(piece: str) -> None:
    for form in ("NFC", "NFKD"):
        assert_linear_over(piece, form, 2**19)


def test_time_is_linear_over_four_megabytes() -> None:
    assert_linear_over("\u0301\u0327", "NFC", 2**22)


def test_nothing_else_calls_pythons_own() -> None:
    root = Path(__file__).parents[2]
    callers = set()
    paths = [
        path for name in ("store", "indexer", "search") for path in (root / name).rglob("*.py")
    ]
    for path in [root / "cli.py", *paths]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (isinstance(node, ast.Attribute) and node.attr == "normalize") and (
                isinstance(node.value, ast.Name) and node.value.id == "unicodedata"
            ):
                callers.add(path.relative_to(root).as_posix())
            if isinstance(node, ast.ImportFrom) and node.module == "unicodedata":
                assert "normalize" not in {name.name for name in node.names}
    assert callers == {"store/unicode.py"}


def test_what_is_too_long_is_cut_and_says_so() -> None:
    assert truncate("abcdef", 6) == "abcdef"
    assert truncate("abcdefg", 6) == "abcde…"
    assert is_truncated(truncate("abcdefg", 6), 6)
    assert not is_truncated("abcdef", 6)
    assert not is_truncated("abc…", 6)


def test_bytes_that_are_no_text_are_replaced_and_others_read() -> None:
    assert replace_surrogates("J\udcc3\udcb3ga") == "Jóga"
    assert replace_surrogates("\udce9a") == "\ufffda"
    assert replace_surrogates("\ud83da\udce9") == "\ufffda\ufffd"
