"""Normalises untrusted Unicode text in linear time and limits its length."""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

# Unicode Standard Annex 15, Stream-Safe Text Format (UAX15-D3): no language needs more.
MAX_NON_STARTERS = 30
GRAPHEME_JOINER = "\u034f"
# Names that people give, and words that they ask with.
MAX_NAME_LETTERS = 500
ELLIPSIS = "…"

# Joiners, direction marks and soft hyphens; not the overrides, which turn round what follows.
_SHAPERS = frozenset("\u00ad\u200c\u200d\u200e\u200f\u2060")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Shorter runs hold no more than that: a character has at most three non-starters at its end, and
# one that begins with non-starters holds at most two.
_SUSPECTS = re.compile(r"[^\x00-\x7f]{15,}")


def normalise(text: str, form: Form = "NFC") -> str:
    """Bring text into a normal form, in time linear in its length.

    Python's own function is quadratic in a run of combining marks, and holds the interpreter: a
    run of 200,000 takes 10 s. Longer runs than `MAX_NON_STARTERS` are divided by grapheme joiners
    first, which do not show (the Stream-Safe Text Process, UAX15-D4).
    """
    if text.isascii():
        return text
    return unicodedata.normalize(form, _SUSPECTS.sub(_divide_run, text))


def fold_name(text: str) -> str:
    """A name to compare: case-folded, without accents, with plain dashes and single spaces."""
    letters = (
        "-" if unicodedata.category(letter) == "Pd" else letter
        for letter in normalise(text, "NFKD")
        if letter != GRAPHEME_JOINER and not unicodedata.combining(letter)
    )
    return " ".join("".join(letters).casefold().split())


def replace_surrogates(text: str) -> str:
    """Text of names and arguments that Python could not decode: as UTF-8, else as U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # halves of a pair, which no bytes stand for
        return _SURROGATES.sub("\ufffd", text)


def printable(text: object) -> str:
    """Text from strangers without control characters or surrogates, fit for a terminal."""
    clean = replace_surrogates(str(text))
    if clean.isprintable():
        return clean
    return "".join(letter if is_harmless(letter) else "\ufffd" for letter in clean)


def is_harmless(letter: str) -> bool:
    """Whether a terminal shows it without doing more; joiners shape words, emoji and paths."""
    return letter.isprintable() or letter in _SHAPERS or unicodedata.category(letter) == "Zs"


def truncate(text: str, max_letters: int) -> str:
    """Cut text that is longer than a limit to it; its last letter is then an ellipsis."""
    return text if len(text) <= max_letters else text[: max_letters - 1] + ELLIPSIS


def is_truncated(text: str, max_letters: int) -> bool:
    """Whether a text is as `truncate` leaves one that was too long."""
    return len(text) == max_letters and text.endswith(ELLIPSIS)


def _divide_run(run: re.Match[str]) -> str:
    """Put a grapheme joiner before each non-starter that would be one too many."""
    parts: list[str] = []
    n_open = 0
    for letter in run[0]:
        n_leading, n_trailing, is_open = _count_non_starters(letter)
        if n_open + n_leading > MAX_NON_STARTERS:
            parts.append(GRAPHEME_JOINER)
            n_open = 0
        parts.append(letter)
        n_open = n_open + n_leading if is_open else n_trailing
    return "".join(parts)


@lru_cache(maxsize=8192)
def _count_non_starters(letter: str) -> tuple[int, int, bool]:
    """How many a letter has at its beginning and its end in NFKD, and whether it has no other."""
    classes = [unicodedata.combining(part) for part in unicodedata.normalize("NFKD", letter)]
    starters = [at for at, kind in enumerate(classes) if kind == 0]
    if not starters:
        return len(classes), len(classes), True
    return starters[0], len(classes) - 1 - starters[-1], False
