"""Formats names, times, cells and JSON safely for terminals and programs."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mvsearch.store.unicode import is_harmless, printable

if TYPE_CHECKING:
    from mvsearch.search.results import Result
    from mvsearch.search.temporal.found import FoundPart
    from mvsearch.store.catalog.filter import Filter
    from mvsearch.store.records import Video

MAX_CELL = 100
# ASCII and full-width characters.
FORMULA_MARKS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def shorten(text: str) -> str:
    """A text of at most `MAX_CELL` characters for a cell of a table."""
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def name_video(video: "Video") -> str:
    """The display name: artist and title."""
    return printable(f"{video.artist} - {video.title}" if video.artist else video.title)


def describe_tempo(video: "Video") -> str:
    """Tempo and key in a line, such as `124.0 BPM, A minor (8A)`; empty where none is known."""
    parts = [] if video.bpm is None else [f"{video.bpm:.1f} BPM"]
    parts += [] if video.key is None else [f"{video.key} ({video.camelot})"]
    return ", ".join(parts)


def describe_sources(results: "Sequence[Result]") -> str:
    """Which videos the picture and the sound of a query are from; empty where it is not two."""
    names = {result.source_of: name_video(result.video) for result in results}
    if not {"frames", "audio"} <= names.keys():
        return ""
    return f"The picture is from {names['frames']}, the sound from {names['audio']}."


def describe_no_results(asked: "Filter") -> str:
    """The message for an empty result, with the filter."""
    return printable(f"nothing found with {asked}") if asked else "nothing found"


def guard_cell(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    is_risky = text.lstrip().startswith(FORMULA_MARKS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if is_risky else text


def write_json(data: Any) -> str:
    """Format data as JSON; control characters are escaped.

    A byte of a path that is not UTF-8 becomes the surrogate U+DC00 + byte, as in Python.
    """
    text = json.dumps(data, ensure_ascii=False, indent=2)
    for letter in set(text) - {"\n"}:
        if not is_harmless(letter):
            text = text.replace(letter, json.dumps(letter)[1:-1])
    return text


def format_seconds(seconds: float | None) -> str:
    """A time as m:ss, or h:mm:ss from an hour on; "–" where there is none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def format_part(part: "FoundPart") -> str:
    """Where a part of a query was found, such as `1:05–1:10 lyric("river")`."""
    name = shorten(printable(f"excluded: {part.name}" if part.is_against else part.name))
    if not part.is_found:
        return f"{name}: not found"
    if part.start_seconds is None:
        return f"{name}: no time"
    start, end = format_seconds(part.start_seconds), format_seconds(part.end_seconds)
    text = f" “{shorten(printable(part.text))}”" if part.text else ""
    return f"{start if start == end else f'{start}–{end}'} {name}{text}"
