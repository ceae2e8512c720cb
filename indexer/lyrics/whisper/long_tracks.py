"""Splits long tracks into parts, so that memory does not grow with them, and joins their lyrics."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mvsearch.indexer.lyrics.whisper.voice import VOICE_SAMPLE_RATE
from mvsearch.indexer.lyrics.whisper.windows import FRAMES_A_SECOND
from mvsearch.store.records import LyricLine, Lyrics, Matrix

# Longer than almost every song. A transcription holds about 20 MB a minute.
PART_SAMPLES = 20 * 60 * VOICE_SAMPLE_RATE
# A part ends in the quietest moment of its last minute.
_SEARCHED_SAMPLES = 60 * VOICE_SAMPLE_RATE
_MOMENT_SAMPLES = VOICE_SAMPLE_RATE // 2


def split_track(samples: Matrix) -> list[slice]:
    """Split a track of (n,) samples into parts of at most 20 minutes; a song is one part."""
    parts, start = [], 0
    while len(samples) - start > PART_SAMPLES:
        searched = start + PART_SAMPLES - _SEARCHED_SAMPLES
        tail = np.nan_to_num(samples[searched : searched + _SEARCHED_SAMPLES])
        levels = np.abs(tail.reshape(-1, _MOMENT_SAMPLES)).mean(axis=1)
        end = searched + int(levels.argmin()) * _MOMENT_SAMPLES + _MOMENT_SAMPLES // 2
        parts.append(slice(start, end))
        start = end
    return [*parts, slice(start, len(samples))]


def join_parts(parts: Sequence[tuple[slice, Lyrics]]) -> Lyrics:
    """Join the lyrics of the parts of a track: times, ids and seeks count from its start.

    The language is that of the part with the most lines.
    """
    if len(parts) == 1:
        return parts[0][1]
    lines: list[LyricLine] = []
    for part, lyrics in parts:
        first_id = sum(line.whisper is not None for line in lines)
        start_seconds = part.start / VOICE_SAMPLE_RATE
        lines += (_shift(line, start_seconds, first_id) for line in lyrics.lines)
    _, longest = max(parts, key=lambda part: len(part[1].lines))
    return replace(longest, lines=tuple(lines))


def _shift(line: LyricLine, seconds: float, first_id: int) -> LyricLine:
    """Move a line to its place in the track."""
    words = tuple(
        replace(
            word, start_seconds=word.start_seconds + seconds, end_seconds=word.end_seconds + seconds
        )
        for word in line.words
    )
    segment = line.whisper and replace(
        line.whisper,
        id=line.whisper.id + first_id,
        seek=line.whisper.seek + round(seconds * FRAMES_A_SECOND),
    )
    return replace(
        line,
        start_seconds=None if line.start_seconds is None else line.start_seconds + seconds,
        end_seconds=None if line.end_seconds is None else line.end_seconds + seconds,
        words=words,
        whisper=segment,
    )
