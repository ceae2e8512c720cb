"""Reads SubRip, WebVTT and SubStation subtitles with pysubs2."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from mvsearch.indexer.lyrics.files.cleaning import clean_line, is_section_header
from mvsearch.indexer.lyrics.files.rolling_captions import Caption, is_rolling, unroll
from mvsearch.indexer.lyrics.files.timing import Cue, Parsed, close_cues
from mvsearch.store.errors import MediaError

SubtitleFormat = Literal["srt", "vtt", "ass"]

_BLANKS = re.compile(r"[^\S\n]+")
# Dialogue: layer, start, end, style, name, three margins, effect, text
_DIALOGUE = re.compile(
    r"Dialogue:[^,\n]{0,40},\s?(-?\d{1,2}:\d\d:\d\d[.,]\d{1,3})\s?,\s?"
    r"(-?\d{1,2}:\d\d:\d\d[.,]\d{1,3})\s?,(?:[^,\n]{0,200},){6}(.*)",
    re.IGNORECASE,
)
# The time of a word within a cue. pysubs2 would take a row with two of them for a cue's own times.
_WORD_STAMP = re.compile(r"<\d[\d:]{3,12}\.\d{3}>")
_WORD_STARTS = "<t>"
_DRAWING = re.compile(r"\{[^{}]{0,200}\\p[1-9]")


def parse_subtitles(text: str) -> Parsed:
    """Read subtitles; which of the three formats it is shows in the text, not in a name.

    Cues of several lines become one line. Sounds in square brackets are left out. Captions that
    roll up, as YouTube makes them, give each line once, when it comes up.

    Raises:
        MediaError: "bad_lyrics": no cue can be read, or more than any song has.
    """
    import pysubs2

    form = guess_format(text)
    prepared = _PREPARE[form](_squeeze(text))
    try:
        events = pysubs2.SSAFile.from_string(prepared, form, keep_html_tags=True).events
    except (pysubs2.Pysubs2Error, ValueError, LookupError, TypeError) as error:
        raise MediaError(
            "bad_lyrics", f"it is not a subtitle file: {type(error).__name__}"
        ) from None
    events = [event for event in events if event.type == "Dialogue"]
    captions = _read_captions(events)
    if is_rolling(captions):
        cues = unroll(captions)
    else:
        cues = [
            Cue(event.start / 1000, _clean_cue(event.text), event.end / 1000) for event in events
        ]
    cues = [cue for cue in cues if not is_section_header(cue.text)]
    if not cues:
        raise MediaError("bad_lyrics", "it is not a subtitle file: no line has a time")
    return Parsed(close_cues(cues))


def guess_format(text: str) -> SubtitleFormat:
    """Tell the format by its signature; SubRip, which has none, is what is left."""
    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    return "ass" if "[Script Info]" in text or "\nDialogue:" in text else "srt"


def _read_captions(events: Sequence[Any]) -> list[Caption]:
    """The cues that show something, row by row, in order of time."""
    captions = []
    for event in sorted(events, key=lambda event: event.start):
        texts = [row for row in event.text.split(r"\N") if _clean_cue(row)]
        n_settled = next((at for at, row in enumerate(texts) if _WORD_STARTS in row), len(texts))
        rows = tuple(map(_clean_cue, texts))
        if rows:
            captions.append(Caption(event.start / 1000, event.end / 1000, rows, n_settled))
    return captions


def _clean_cue(text: str) -> str:
    r"""The words of a cue, on one line; `\N`, `\n` and `\h` are the line ends and the space."""
    for mark in (r"\N", r"\n", r"\h"):
        text = text.replace(mark, " ")
    return clean_line(text, has_overrides=True)


def _squeeze(text: str) -> str:
    """Make runs of blanks and of empty lines one: pysubs2's patterns are quadratic in them."""
    lines: list[str] = []
    for line in text.splitlines():
        squeezed = _BLANKS.sub(" ", line).strip()
        # Rolling captions begin with a row of blanks, which ends no cue of WebVTT.
        if line and not squeezed and lines and "-->" in lines[-1]:
            continue
        if squeezed or (lines and lines[-1]):
            lines.append(squeezed)
    return "\n".join(lines)


def _prepare_srt(text: str) -> str:
    """Write times without hours, as some programs leave them out, in full."""
    return "\n".join(
        re.sub(r"(?<![\d:])(\d\d:\d\d[.,]\d{1,3})", r"00:\1", line)
        if "-->" in line
        else _WORD_STAMP.sub(_WORD_STARTS, line)
        for line in text.split("\n")
    )


def _prepare_vtt(text: str) -> str:
    """Keep times and text: names of cues, notes and styles would be taken for text."""
    kept: list[str] = []
    is_cue = False
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if "-->" in line:
            is_cue = True
        elif not line:
            is_cue = is_cue and "-->" in lines[at - 1] and _is_text(lines[at + 1 : at + 3])
        if is_cue:
            kept.append(_WORD_STAMP.sub(_WORD_STARTS, line))
    return "\n".join(kept)


def _is_text(lines: Sequence[str]) -> bool:
    """Whether the lines after an empty one go on with a cue, as where ffmpeg wrote a row of blanks.

    Otherwise a note or a style follows, or the next cue, with its name or without.
    """
    return bool(lines and lines[0]) and not (
        lines[0].startswith(("NOTE", "STYLE", "REGION")) or any("-->" in line for line in lines)
    )


def _prepare_ass(text: str) -> str:
    """Keep the events: pysubs2 refuses a whole file for one bad style, font or time."""
    kept = ["[Events]"]
    for line in text.split("\n"):
        if (event := _DIALOGUE.match(line)) and not _DRAWING.search(event[3]):
            kept.append(f"Dialogue: 0,{event[1]},{event[2]},Default,,0,0,0,,{event[3]}")
    return "\n".join(kept)


_PREPARE = {"srt": _prepare_srt, "vtt": _prepare_vtt, "ass": _prepare_ass}
