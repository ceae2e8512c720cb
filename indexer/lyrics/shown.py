"""Decides whether the text that a picture shows is the lyrics of its song."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.store.records import LyricLine, Lyrics, ShownLine

# Measured on made clips and real videos: see docs/decisions/0061-shown-text.md.
MIN_LINES, MIN_TEXTS = 8, 6
# Longer ones are names of channels, titles and headlines.
MAX_LINE_SECONDS = 12.0
MAX_MEDIAN_SECONDS = 7.0
# What is shown for a larger share of a video, in all, is no line of a song.
MAX_SHARE, MIN_REPEATED_SECONDS = 0.2, 20.0
# From the first line to the last, in shares of the video: credits stand at its end.
MIN_SPREAD = 0.4
# Nine times in ten no more lines are shown at once.
MAX_AT_ONCE = 4
# Of words within lines, in mixed case: lists of names have more.
MAX_CAPITALS = 0.6
# The share of the voice that has text with it, and of the text that has a voice with it.
MIN_COVERED, MIN_VOICED = 0.4, 0.6

SOURCE = "ocr"


def find_sung(lines: Sequence[ShownLine], duration_seconds: float) -> tuple[ShownLine, ...]:
    """Choose the lines that could be lyrics, without a look at the sound.

    There must be many, which change over the song. Text that moves or stays, and lists of names,
    are none.

    Returns:
        The lines in the order of time; none if they are not as lyrics are.
    """
    if duration_seconds <= 0:
        return ()
    lasting = _find_lasting(lines, duration_seconds)
    kept = [
        line
        for line in lines
        if not line.is_moving
        and _last(line) <= MAX_LINE_SECONDS
        and line.text.casefold() not in lasting
    ]
    if len(kept) < MIN_LINES or len({line.text.casefold() for line in kept}) < MIN_TEXTS:
        return ()
    if 2 * len(kept) < len(lines):  # most of it rolls, crawls or stays
        return ()
    spread = kept[-1].start_seconds - kept[0].start_seconds
    is_song = spread >= MIN_SPREAD * duration_seconds and _has_few_at_once(kept)
    is_short = float(np.median([_last(line) for line in kept])) <= MAX_MEDIAN_SECONDS
    return tuple(kept) if is_song and is_short and not _are_names(kept) else ()


def follows_voice(lines: Sequence[ShownLine], voice: VoiceActivity) -> bool:
    """Whether text is shown where somebody sings, and hardly elsewhere."""
    spans = _join((line.start_seconds, line.end_seconds) for line in lines)
    shown = sum(end - start for start, end in spans)
    both = sum(voice.voiced_share(start, end) * (end - start) for start, end in spans)
    if shown <= 0 or voice.voiced_seconds <= 0:
        return False
    return both >= MIN_VOICED * shown and both >= MIN_COVERED * voice.voiced_seconds


def make_lyrics(lines: Sequence[ShownLine], origin: str) -> Lyrics:
    """The lines as lyrics.

    Args:
        lines: in the order of time.
        origin: key of the reader.
    """
    sung = (LyricLine(line.text, line.start_seconds, line.end_seconds) for line in lines)
    return Lyrics(tuple(sung), SOURCE, origin)


def _last(line: ShownLine) -> float:
    return line.end_seconds - line.start_seconds


def _find_lasting(lines: Iterable[ShownLine], duration_seconds: float) -> set[str]:
    """The texts that are shown for a large share of a video, as logos are."""
    totals: dict[str, float] = defaultdict(float)
    for line in lines:
        totals[line.text.casefold()] += _last(line)
    longest = max(MIN_REPEATED_SECONDS, MAX_SHARE * duration_seconds)
    return {text for text, seconds in totals.items() if seconds > longest}


def _has_few_at_once(lines: Sequence[ShownLine]) -> bool:
    """Whether few lines are shown at once, nine times in ten."""
    starts = np.array([line.start_seconds for line in lines])
    ends = np.array([line.end_seconds for line in lines])
    middles = (starts + ends) / 2
    at_once = ((starts <= middles[:, None]) & (middles[:, None] < ends)).sum(axis=1)
    return bool(np.quantile(at_once, 0.9) <= MAX_AT_ONCE)


def _are_names(lines: Sequence[ShownLine]) -> bool:
    """Whether most words behind the first of a line begin with a capital, and are no capitals."""
    later = [word for line in lines for word in line.text.split()[1:] if word[0].isalpha()]
    mixed = [word for word in later if len(word) > 1 and not word.isupper()]
    n_capital = sum(word[0].isupper() for word in mixed)
    return len(mixed) >= len(lines) / 2 and n_capital > MAX_CAPITALS * len(mixed)


def _join(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans without overlap, in order."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
