"""Estimates the end times of lyric lines in formats that give only start times."""

from collections.abc import Sequence
from dataclasses import dataclass

from mvsearch.indexer.lyrics.files.cleaning import MAX_LINE_LETTERS
from mvsearch.store.errors import MediaError
from mvsearch.store.records import LyricLine, Word
from mvsearch.store.unicode import is_truncated, truncate

# A line that waits longer for the next one is followed by music, not by singing.
MAX_LINE_SECONDS = 10.0
# A concert of three hours has some four thousand lines.
MAX_LINES = 20_000
# Stamps repeat a line: a small file could ask for gigabytes.
MAX_LETTERS = 500_000
# The words of a longer line have no times.
MAX_WORDS_OF_A_LINE = 400
# Days, not hours: whatever lies beyond is a slip of the pen.
MAX_SECONDS = 100 * 3600.0


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser read.

    Attributes:
        language: ISO 639-1, where the file names it.
    """

    lines: tuple[LyricLine, ...]
    language: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would swamp the index."""
        if len(self.lines) > MAX_LINES:
            message = f"it has {len(self.lines)} lines, more than {MAX_LINES}"
            raise MediaError("bad_lyrics", message)
        n_letters = sum(len(line.text) for line in self.lines)
        if n_letters > MAX_LETTERS:
            message = f"it has {n_letters} letters, more than {MAX_LETTERS}"
            raise MediaError("bad_lyrics", message)

    @property
    def is_timed(self) -> bool:
        """Whether any line has a time."""
        return any(line.start_seconds is not None for line in self.lines)

    def list_problems(self, name: str) -> list[MediaError]:
        """What was left out of a source of this name, as one problem or none."""
        n_cut = sum(is_truncated(line.text, MAX_LINE_LETTERS) for line in self.lines)
        if n_cut == 0:
            return []
        lines = "a line is" if n_cut == 1 else f"{n_cut} lines are"
        limit = f"longer than {MAX_LINE_LETTERS} letters and cut to that"
        return [MediaError("too_long", f"{name}: {lines} {limit}")]


@dataclass(frozen=True, slots=True)
class Cue:
    """A line as a file gives it, its times not yet in order.

    Attributes:
        text: clean; empty where only the end of the line before is marked.
        start_seconds, end_seconds: may be negative or swapped; the end may be missing.
    """

    start_seconds: float
    text: str
    end_seconds: float | None = None
    words: tuple[Word, ...] = ()


def close_cues(cues: Sequence[Cue]) -> tuple[LyricLine, ...]:
    """Put lines in order of time and give each an end.

    A line without end lasts until the next one starts, at most `MAX_LINE_SECONDS`; lines that start
    together (a translation) end together. A line of more than `MAX_LINE_LETTERS` is cut, and one of
    more than `MAX_WORDS_OF_A_LINE` loses the times of its words.
    """
    ordered = sorted(cues, key=lambda cue: cue.start_seconds)
    lines: list[LyricLine] = []
    next_seconds = later_seconds = float("inf")
    for cue in reversed(ordered):
        if cue.start_seconds < next_seconds:
            later_seconds, next_seconds = next_seconds, cue.start_seconds
        start = clip_seconds(cue.start_seconds)
        end = cue.end_seconds
        if end is None or end < cue.start_seconds:
            end = min(later_seconds, cue.start_seconds + MAX_LINE_SECONDS)
        if cue.text:
            text = truncate(cue.text, MAX_LINE_LETTERS)
            words = cue.words if len(cue.words) <= MAX_WORDS_OF_A_LINE else ()
            lines.append(LyricLine(text, start, max(start, clip_seconds(end)), words))
    return tuple(reversed(lines))


def clip_seconds(seconds: float) -> float:
    """A time that a video may have."""
    return round(min(max(seconds, 0.0), MAX_SECONDS), 3)
