"""Reads LRC files, with time stamps per line or per word."""

import re
from itertools import pairwise

from mvsearch.indexer.lyrics.files.cleaning import clean_line, is_section_header
from mvsearch.indexer.lyrics.files.languages import find_language
from mvsearch.indexer.lyrics.files.plain import parse_plain
from mvsearch.indexer.lyrics.files.timing import (
    MAX_LINE_SECONDS,
    MAX_WORDS_OF_A_LINE,
    Cue,
    Parsed,
    clip_seconds,
    close_cues,
)
from mvsearch.store.records import Word

# [mm:ss], [mm:ss.x], [mm:ss.xx], [mm:ss.xxx], [mm:ss:xx], [hh:mm:ss.xx]
_TIME = r"(-?)(?:(\d{1,2}):(?=\d\d:\d\d[.,]))?(\d{1,4}):(\d{1,2})(?:[.:,](\d{1,3}))?"
_STAMP = re.compile(rf"\[\s?{_TIME}\s?\]")
_WORD_STAMP = re.compile(rf"[\[<]\s?{_TIME}\s?[\]>]")
_TAG = re.compile(r"\[([A-Za-z#][A-Za-z_]{0,20}):([^\]\n]{0,500})\]")
_OFFSET = re.compile(r"[+-]?\d{1,8}(?:\.\d{0,3})?")


def has_stamps(text: str) -> bool:
    """Whether any line begins with a time stamp."""
    return any(_STAMP.match(line.lstrip()) for line in text.splitlines())


def parse_lrc(text: str) -> Parsed:
    """Read LRC in its simple and enhanced forms; text without any stamp is read as plain lyrics.

    `[offset:+500]` shows every line half a second earlier. A line lasts until the next one, or
    until the stamp of an empty line, at most `MAX_LINE_SECONDS`. A line without a stamp goes on
    with the line above it.

    Raises:
        MediaError: "bad_lyrics": more lines than any song has.
    """
    if not has_stamps(text):
        return parse_plain(text)
    tags: dict[str, str] = {}
    rows: list[tuple[list[float], list[str]]] = []
    for raw in text.splitlines():
        stamps, rest = _split_stamps(raw.strip())
        if stamps:
            rows.append((stamps, [rest]))
        elif tag := _TAG.fullmatch(rest):
            tags.setdefault(tag[1].casefold(), tag[2].strip())
        elif rows and rest and not is_section_header(clean_line(rest)):
            rows[-1][1].append(rest)
    offset_seconds = _read_offset(tags.get("offset", ""))
    cues = [
        cue for stamps, parts in rows for cue in _make_cues(stamps, " ".join(parts), offset_seconds)
    ]
    language = find_language(tags.get("la") or tags.get("lang") or tags.get("language"))
    return Parsed(close_cues(cues), language)


def _split_stamps(line: str) -> tuple[list[float], str]:
    """The stamps that a line begins with, in seconds, and what follows."""
    stamps: list[float] = []
    at = 0
    while stamp := _STAMP.match(line, at):
        stamps.append(_read_time(stamp))
        at = stamp.end()
        while line[at : at + 1].isspace() and _STAMP.match(line, at + 1):
            at += 1
    return stamps, line[at:]


def _read_time(stamp: re.Match[str]) -> float:
    """Seconds of a stamp."""
    sign, hours, minutes, seconds, fraction = stamp.groups()
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    total += int(fraction) / 10 ** len(fraction) if fraction else 0
    return -total if sign else total


def _read_offset(value: str) -> float:
    """Seconds by which the lines come earlier; 0 where the tag makes no sense."""
    return float(value) / 1000 if _OFFSET.fullmatch(value) else 0.0


def _make_cues(stamps: list[float], text: str, offset_seconds: float) -> list[Cue]:
    """A cue for each stamp of a line; word stamps belong to the first, and move with the others."""
    words, end = _split_words(text, stamps[0])
    if words:
        line = " ".join(word for word, _, _ in words)
    else:
        line = clean_line(_WORD_STAMP.sub(" ", text))
    if is_section_header(line):
        line, words, end = "", [], None
    # A small file could ask for millions.
    if len(words) * len(stamps) > MAX_WORDS_OF_A_LINE:
        words = []
    cues = []
    for stamp in stamps:
        delay = stamp - stamps[0] - offset_seconds
        moved = tuple(
            Word(word, clip_seconds(begin + delay), clip_seconds(until + delay))
            for word, begin, until in words
        )
        cues.append(Cue(stamp - offset_seconds, line, None if end is None else end + delay, moved))
    return cues


def _split_words(text: str, start: float) -> tuple[list[tuple[str, float, float]], float | None]:
    """The words between stamps as (word, start, end), and the line's end if a stamp marks it."""
    stamps = list(_WORD_STAMP.finditer(text))
    if not stamps:
        return [], None
    times = [start, *(_read_time(stamp) for stamp in stamps)]
    edges = [0, *(stamp.end() for stamp in stamps)]
    limits = [*(stamp.start() for stamp in stamps), len(text)]
    pieces = [clean_line(text[a:b]) for a, b in zip(edges, limits, strict=True)]
    has_end = not pieces[-1]
    times.append(times[-1] if has_end else times[-1] + MAX_LINE_SECONDS)
    words = [
        (piece, begin, max(begin, until))
        for piece, (begin, until) in zip(pieces, pairwise(times), strict=True)
        if piece
    ]
    return words, times[-2] if has_end else None
