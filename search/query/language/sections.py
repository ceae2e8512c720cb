"""Times, and sections of files and videos, as people write them: `1:05`, `FILE@1:05-1:10`."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from mvsearch.store.errors import QueryError

# Larger numbers are mistakes, and more than ffmpeg can represent.
MAX_SECONDS = 1e7
_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)", re.ASCII)
_SECONDS = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Section:
    """A time range of a file; None is its start or end."""

    start_seconds: float | None = None
    end_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check that the section ends after it starts."""
        start = self.start_seconds or 0.0
        end = math.inf if self.end_seconds is None else self.end_seconds
        if not 0 <= start < end:
            raise QueryError(f"a section ends after it starts, not {start:g}-{end:g} s")

    def holds(self, start_seconds: float | None, end_seconds: float | None) -> bool:
        """Whether a segment overlaps the section; not without times."""
        if start_seconds is None or end_seconds is None:
            return False
        end = math.inf if self.end_seconds is None else self.end_seconds
        return start_seconds < end and end_seconds > (self.start_seconds or 0.0)


def parse_time(text: str) -> float:
    """Parse `mm:ss`, `h:mm:ss` or seconds, with decimals, into seconds.

    Raises:
        QueryError: it is none of these, has more than 59 seconds or (after hours) minutes, or is
            too large.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return _check_seconds(float(text))
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise QueryError(f"a time is written 83, 1:23 or 0:01:23, not {text!r}")
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), float(match[3])
    if seconds >= 60 or (match[1] is not None and minutes >= 60):
        raise QueryError(f"a time has at most 59 minutes and seconds, not {text!r}")
    return _check_seconds(hours * 3600 + minutes * 60 + seconds)


def _check_seconds(seconds: float) -> float:
    if seconds > MAX_SECONDS:
        raise QueryError("a time lies at most some thousand hours behind the start")
    return seconds


def parse_section(text: str) -> tuple[str, Section | None]:
    """Split `FILE@START-END`, where START or END may be omitted, into name and section.

    If a file of the whole name exists, there is no section.

    Raises:
        QueryError: FILE exists, but the text after the '@' is not a section.
    """
    name, mark, times = text.rpartition("@")
    if not mark or not name or _exists(text):
        return text, None
    try:
        return name, parse_section_times(times)
    except QueryError:
        # Other text after an '@' is part of the name, unless it consists of digits and signs.
        if _exists(name) or re.fullmatch(r"[\d:.,\s-]+", times):
            raise
        return text, None


def parse_section_times(times: str) -> Section:
    """Parse `START-END`, where START or END may be omitted.

    Raises:
        QueryError: it is none.
    """
    start, mark, end = times.partition("-")
    if not mark or not (start.strip() or end.strip()):
        raise QueryError(f"a section is written @START-END, for example @1:05-1:10, not @{times}")
    return Section(
        parse_time(start) if start.strip() else None, parse_time(end) if end.strip() else None
    )


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # the name is too long, or has a zero byte
        return False
