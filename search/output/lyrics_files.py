"""Formats lyrics as plain text, CSV, LRC and SubRip."""

import csv
import io
import unicodedata
from collections.abc import Callable, Collection
from itertools import pairwise
from pathlib import Path
from typing import Literal

from mvsearch.search.output.text import guard_cell
from mvsearch.store.errors import QueryError
from mvsearch.store.records import LyricLine, Lyrics, Video
from mvsearch.store.unicode import normalise

LyricsFormat = Literal["txt", "csv", "lrc", "srt"]

CSV_COLUMNS = (
    "id",
    "seek",
    "start",
    "end",
    "text",
    "tokens",
    "temperature",
    "avg_logprob",
    "compression_ratio",
    "no_speech_prob",
)
_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
# File systems end at 255 bytes; an ending and an id must fit too.
_MAX_STEM_BYTES = 200
# A shorter gap after a line is a breath.
_MIN_GAP_SECONDS = 1.0


def format_lyrics(lyrics: Lyrics, form: LyricsFormat) -> str:
    """Write lyrics as text of one of the formats.

    txt and csv contain every line with text, also rejected ones; lrc and srt leave rejected lines
    out.

    Raises:
        QueryError: lrc or srt of lyrics without times.
    """
    return _FORMATS[form](lyrics)


def name_lyrics(
    lyrics: Lyrics,
    video: Video,
    form: LyricsFormat,
    folder: Path,
    taken: Collection[Path] = (),
) -> dict[Path, bytes]:
    """Format lyrics as files that are named like the video's file; csv also gives a txt.

    Args:
        lyrics: of the video.
        video: whose lyrics they are.
        form: the format.
        folder: of the files.
        taken: files of other videos; a second video with the same file name gets a part of its id
            in the name.

    Returns:
        The content of each file, in UTF-8.

    Raises:
        QueryError: lrc or srt of lyrics without times.
    """
    forms: tuple[LyricsFormat, ...] = ("csv", "txt") if form == "csv" else (form,)
    stem = safe_stem(video)
    if folder / f"{stem}.{form}" in taken:
        stem = f"{stem} [{video.id[:8]}]"
    return {
        folder / f"{stem}.{each}": format_lyrics(lyrics, each).encode("utf-8", "replace")
        for each in forms
    }


def safe_stem(video: Video) -> str:
    """The file name of a video without ending, and without what a file system may forbid."""
    name = normalise(video.path.stem)
    marks = ("_" if _is_unsafe(mark) else mark for mark in name)
    stem = " ".join("".join(marks).split()).lstrip(".-").rstrip(". ")
    stem = stem.encode()[:_MAX_STEM_BYTES].decode(errors="ignore").rstrip(". ")
    if not stem.strip("_ "):
        return f"lyrics-{video.id[:8]}"
    return f"_{stem}" if stem.split(".")[0].strip().casefold() in _RESERVED else stem


def _is_unsafe(mark: str) -> bool:
    """Whether a character is forbidden in file names, or invisible."""
    return mark in _FORBIDDEN or unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def _format_txt(lyrics: Lyrics) -> str:
    """One line per lyric line."""
    return "".join(f"{_flatten(line.text)}\n" for line in lyrics.lines if line.text)


def _format_csv(lyrics: Lyrics) -> str:
    """One row per lyric line, with Whisper's fields; empty for other sources."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for number, line in enumerate(line for line in lyrics.lines if line.text):
        writer.writerow(_make_row(number, line))
    return written.getvalue()


def _make_row(number: int, line: LyricLine) -> list[object]:
    """The cells of a line; csv writes None as an empty cell."""
    text = guard_cell(_flatten(line.text))
    heard = line.whisper
    if heard is None:
        return [number, None, line.start_seconds, line.end_seconds, text, *[None] * 5]
    tokens = f"[{', '.join(str(token) for token in heard.tokens)}]"
    scores = (heard.avg_logprob, heard.compression_ratio, heard.no_speech_prob)
    times = (line.start_seconds, line.end_seconds)
    return [heard.id, heard.seek, *times, text, tokens, heard.temperature, *scores]


def _format_lrc(lyrics: Lyrics) -> str:
    """One time and text per line; a time without text ends a line before an instrumental part."""
    timed = _list_timed(lyrics, "lrc")
    end_of_all = (float("inf"), float("inf"), "")
    rows: list[str] = []
    for (start, end, text), (next_start, _, _) in pairwise([*timed, end_of_all]):
        # A line in brackets would be read as a tag.
        shown = f"({text[1:]}" if text.startswith("[") else text
        rows.append(f"[{_show_minutes(start)}]{shown}\n")
        if next_start - end >= _MIN_GAP_SECONDS:
            rows.append(f"[{_show_minutes(end)}]\n")
    return "".join(rows)


def _format_srt(lyrics: Lyrics) -> str:
    """Numbered cues of SubRip."""
    return "".join(
        f"{number}\n{_show_hours(start)} --> {_show_hours(end)}\n{text.replace('-->', '→')}\n\n"
        for number, (start, end, text) in enumerate(_list_timed(lyrics, "srt"), 1)
    )


def _list_timed(lyrics: Lyrics, form: LyricsFormat) -> list[tuple[float, float, str]]:
    """Start, end and text of the accepted lines, in order of time."""
    if not lyrics.is_timed:
        raise QueryError(f"these lyrics have no times, so there is no {form}; txt and csv work")
    return sorted(
        (line.start_seconds, line.end_seconds, _flatten(line.text))
        for line in lyrics.lines
        if line.rejected is None
        and line.text
        and line.start_seconds is not None
        and line.end_seconds is not None
    )


def _flatten(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def _show_minutes(seconds: float) -> str:
    """A time as mm:ss.xx."""
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"


def _show_hours(seconds: float) -> str:
    """A time as hh:mm:ss,mmm."""
    minutes, thousandths = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{thousandths // 1000:02d},{thousandths % 1000:03d}"


_FORMATS: dict[LyricsFormat, Callable[[Lyrics], str]] = {
    "txt": _format_txt,
    "csv": _format_csv,
    "lrc": _format_lrc,
    "srt": _format_srt,
}
