"""Reads plain text lyrics, one line of text per lyric line."""

from mvsearch.indexer.lyrics.files.cleaning import clean_line, is_section_header
from mvsearch.indexer.lyrics.files.timing import Parsed
from mvsearch.store.records import LyricLine


def parse_plain(text: str) -> Parsed:
    """Read lines without times; empty ones and section headers are left out.

    Raises:
        MediaError: "bad_lyrics": more lines than any song has.
    """
    lines = (clean_line(line) for line in text.splitlines())
    return Parsed(tuple(LyricLine(line) for line in lines if line and not is_section_header(line)))
