"""Moves lyrics to where a fit says that they are in a video, and marks their state."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from mvsearch.indexer.lyrics.files.timing import clip_seconds
from mvsearch.store.records import LyricFit, LyricLine, Lyrics, Word

CUT = "cut from this video"
OUTSIDE = "outside of this video"


def move_lyrics(lyrics: Lyrics, fit: LyricFit, duration_seconds: float) -> Lyrics:
    """Lyrics with the times that they have in a video.

    Lines that are not in it are rejected, with the reason, and have no times. Source, origin and
    language stay.

    Args:
        lyrics: as they were fitted.
        fit: of these.
        duration_seconds: of the video; 0 if unknown.
    """
    moved = [_move_line(line, fit, duration_seconds) for line in lyrics.lines]
    return replace(lyrics, lines=tuple(_end_before_next(moved)))


def mark_lyrics(lyrics: Lyrics | None) -> str:
    """A mark that differs if lines, times or source of lyrics do: 32 hexadecimal digits."""
    hashed = hashlib.blake2b(digest_size=16)
    if lyrics is not None:
        hashed.update(repr((lyrics.source, lyrics.origin)).encode())
        for line in lyrics.lines:
            told = (line.text, line.start_seconds, line.end_seconds, line.rejected, line.words)
            hashed.update(repr(told).encode())
    return hashed.hexdigest()


def _move_line(line: LyricLine, fit: LyricFit, duration_seconds: float) -> LyricLine:
    start, end = line.start_seconds, line.end_seconds
    if start is None:
        return line
    begin = fit.find_time(start)
    length = fit.rate * max((end if end is not None else start) - start, 0.0)
    if begin is None:
        return _leave_out(line, CUT)
    if begin + length < 0 or (duration_seconds > 0 and begin >= duration_seconds):
        return _leave_out(line, OUTSIDE)

    def move(seconds: float) -> float:
        return clip_seconds(begin + fit.rate * (seconds - start))

    words = tuple(
        Word(word.text, move(word.start_seconds), move(word.end_seconds)) for word in line.words
    )
    until = None if end is None else clip_seconds(begin + length)
    return replace(line, start_seconds=clip_seconds(begin), end_seconds=until, words=words)


def _leave_out(line: LyricLine, reason: str) -> LyricLine:
    reason = line.rejected or reason
    return replace(line, start_seconds=None, end_seconds=None, words=(), rejected=reason)


def _end_before_next(lines: Sequence[LyricLine]) -> list[LyricLine]:
    """Lines in the order of time, none of which lasts beyond the start of a later one."""
    timed = sorted(
        (line for line in lines if line.start_seconds is not None),
        key=lambda line: line.start_seconds or 0.0,
    )
    ended = []
    for line, following in pairwise([*timed, None]):
        assert line is not None
        until = None if following is None else following.start_seconds
        end = line.end_seconds
        if until is not None and end is not None and until > (line.start_seconds or 0.0):
            line = replace(line, end_seconds=min(end, until))
        ended.append(line)
    return [*ended, *(line for line in lines if line.start_seconds is None)]
