import pytest

from mvsearch.indexer.lyrics.files.cleaning import MAX_LINE_LETTERS, clean_line, is_section_header
from tests.cpu import assert_linear


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  two \t words ", "two words"),
        ("<i>Sing</i> <font color='red'>it</font>", "Sing it"),
        ("I <3 you", "I <3 you"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("rock &amp; roll", "rock & roll"),
        ("♪ la vie ♫", "la vie"),
        ("so\u00adft\u200b", "soft"),
        ("cafe\u0301", "café"),
        ("a\x07b\x1b[31m", "ab[31m"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (r"{\an8}kept", r"{\an8}kept"),
    ],
)
def test_clean_line(text: str, clean: str) -> None:
    assert clean_line(text) == clean


def test_overrides_go_where_they_are_styling() -> None:
    assert clean_line(r"{\an8\i1}Sing{\i0} it", has_overrides=True) == "Sing it"


@pytest.mark.parametrize(
    "line",
    [
        "[Chorus]",
        "[Verse 1: Someone]",
        "[Music]",
        "(Chorus)",
        "Chorus:",
        "Pre-Chorus x2:",
        "【副歌】",
    ],
)
def test_section_headers(line: str) -> None:
    assert is_section_header(line)


@pytest.mark.parametrize(
    "line",
    ["Bridge over troubled water", "(oh baby)", "[sings] on", "He said:", "Bridge", "", "(2x)"],
)
def test_sung_lines_are_no_headers(line: str) -> None:
    assert not is_section_header(line)


@pytest.mark.parametrize(
    "mark", ["<a", "{", "&", "<", "&#", "{\\", "&#1", "1", "\u0301\u0327", "&#769;"]
)
def test_time_stays_linear(mark: str) -> None:
    assert_linear(
        lambda text: clean_line(text, has_overrides=True),
        lambda size: "a&#" + mark * (size // len(mark)),
        2**20,
    )


def test_a_line_is_cut_where_no_song_goes_on() -> None:
    assert clean_line("a" * MAX_LINE_LETTERS) == "a" * MAX_LINE_LETTERS
    assert clean_line("a" * 4_000_000) == "a" * (MAX_LINE_LETTERS - 1) + "…"
