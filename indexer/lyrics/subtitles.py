"""SubRip, WebVTT and SubStation subtitles, read by pysubs2."""

import re
from typing import Literal

from indexer.lyrics.cleaning import clean_line, is_section_header
from indexer.lyrics.timing import Cue, Parsed, close_cues
from store.errors import MediaError

SubtitleFormat = Literal["srt", "vtt", "ass"]

_BLANKS = re.compile(r"[^\S\n]+")
# Dialogue: layer, start, end, style, name, three margins, effect, text
_DIALOGUE = re.compile(
    r"Dialogue:[^,\n]{0,40},\s?(-?\d{1,2}:\d\d:\d\d[.,]\d{1,3})\s?,\s?"
    r"(-?\d{1,2}:\d\d:\d\d[.,]\d{1,3})\s?,(?:[^,\n]{0,200},){6}(.*)",
    re.IGNORECASE,
)
_DRAWING = re.compile(r"\{[^{}]{0,200}\\p[1-9]")


def parse_subtitles(text: str) -> Parsed:
    """Read subtitles; which of the three formats it is shows in the text, not in a name.

    Cues of several lines become one line. Sounds in square brackets are left out.

    Raises:
        MediaError: "bad_lyrics": no cue can be read, or more than any song has.
    """
    import pysubs2

    form = guess_format(text)
    prepared = _PREPARE[form](_squeeze(text))
    try:
        events = pysubs2.SSAFile.from_string(prepared, form, keep_html_tags=True).events
    except (pysubs2.Pysubs2Error, ValueError, LookupError, TypeError) as error:
        raise MediaError("bad_lyrics", f"it is no subtitle file: {type(error).__name__}") from None
    cues = [
        Cue(event.start / 1000, line, event.end / 1000)
        for event in events
        if event.type == "Dialogue" and not is_section_header(line := _clean_cue(event.text))
    ]
    if not cues:
        raise MediaError("bad_lyrics", "it is no subtitle file: no line has a time")
    return Parsed(close_cues(cues))


def guess_format(text: str) -> SubtitleFormat:
    """Tell the format by its signature; SubRip, which has none, is what is left."""
    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    return "ass" if "[Script Info]" in text or "\nDialogue:" in text else "srt"


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
        if squeezed or (lines and lines[-1]):
            lines.append(squeezed)
    return "\n".join(lines)


def _prepare_srt(text: str) -> str:
    """Write times without hours, as some programs leave them out, in full."""
    return "\n".join(
        re.sub(r"(?<![\d:])(\d\d:\d\d[.,]\d{1,3})", r"00:\1", line) if "-->" in line else line
        for line in text.split("\n")
    )


def _prepare_vtt(text: str) -> str:
    """Keep times and text: names of cues, notes and styles would be taken for text."""
    kept: list[str] = []
    is_cue = False
    for line in text.split("\n"):
        if "-->" in line:
            is_cue = True
        elif not line:
            is_cue = False
        if is_cue:
            kept.append(line)
    return "\n".join(kept)


def _prepare_ass(text: str) -> str:
    """Keep the events: pysubs2 refuses a whole file for one bad style, font or time."""
    kept = ["[Events]"]
    for line in text.split("\n"):
        if (event := _DIALOGUE.match(line)) and not _DRAWING.search(event[3]):
            kept.append(f"Dialogue: 0,{event[1]},{event[2]},Default,,0,0,0,,{event[3]}")
    return "\n".join(kept)


_PREPARE = {"srt": _prepare_srt, "vtt": _prepare_vtt, "ass": _prepare_ass}
