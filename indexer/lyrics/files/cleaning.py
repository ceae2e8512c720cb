"""Removes from lyric lines what is not sung, and limits their length."""

import html
import re
import unicodedata

from mvsearch.store.unicode import normalise, truncate

# Each repetition ends at the character that could begin it anew, so that time stays linear.
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>|<\d[\d:.]{3,20}>")
_OVERRIDE = re.compile(r"\{[^{}\n]{0,1000}\}")
# Python refuses numbers of thousands of digits, and no character has more than seven.
_NO_CHARACTER = re.compile(r"&#\d{8,};?")
_NOTES = str.maketrans("♪♫♩♬", "    ")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Joiners spell words in Persian and in the scripts of India.
_JOINERS = frozenset("\u200c\u200d")
_SECTIONS = """
    bridge breakdown chorus coda couplet drop ending estribillo estrofa hook instrumental interlude
    intro introduction outro pont prechorus postchorus refrain refrão ritornello solo strofa strophe
    vers verse verso zwischenspiel
"""
_SECTION_PARTS = "pre post middle final last first second third repeat guitar piano a b c"
_SECTION_NAMES = frozenset(_SECTIONS.split())
_SECTION_WORDS = _SECTION_NAMES | frozenset(_SECTION_PARTS.split())
_MAX_HEADER_LETTERS = 60
# Whole songs are written as one line; few are longer.
MAX_LINE_LETTERS = 5000


def clean_line(text: str, *, has_overrides: bool = False) -> str:
    r"""One line of plain text: no HTML, no notes signs, no control characters, single spaces.

    Of a longer line, `MAX_LINE_LETTERS` are left.

    Args:
        text: as the file has it.
        has_overrides: whether `{\i1}` and its like are styling, as in subtitles.
    """
    if has_overrides:
        text = _OVERRIDE.sub("", text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(_NO_CHARACTER.sub("", text))
    visible = "".join(
        mark
        if mark in _JOINERS or unicodedata.category(mark) not in _INVISIBLE
        # A tab or a line end separates words; a soft hyphen does not.
        else " " * (mark in "\t\n\v\f\r")
        for mark in text.translate(_NOTES)
    )
    return truncate(" ".join(normalise(visible).split()), MAX_LINE_LETTERS)


def is_section_header(line: str) -> bool:
    """Whether a clean line such as `[Chorus]`, `(Verse 2)` or `Bridge:` names a part of the song.

    A whole line in square brackets is never sung; `[Music]` is among them.
    """
    if len(line) > _MAX_HEADER_LETTERS:
        return False
    if line.startswith(("[", "【")) and line.endswith(("]", "】")):
        return True
    is_marked = (line.startswith("(") and line.endswith(")")) or line.endswith(":")
    words = [word.strip("():.#-*–").casefold() for word in line.replace("-", " ").split()]
    words = [word for word in words if word and not word.strip("x×").isdecimal()]
    if not words or not is_marked:
        return False
    return _SECTION_WORDS.issuperset(words) and not _SECTION_NAMES.isdisjoint(words)
