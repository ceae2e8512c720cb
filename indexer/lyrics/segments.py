"""Selects the lyric segments to index: each line, or the whole song as one text."""

from mvsearch.store.records import LyricLine, Lyrics, Segment

# Syllables that singers fill a line with; a line of nothing else says nothing to search for.
_VOCABLES = """
    aah ah ay ayy ba bop da dee di doo dum eh ey ha haha hah heh hey hm hmm ho hoo huh la lala li lo
    mm mmm mmmm na nah nana oh ohh ohoh oo ooh oooh ooo pa pam pom ra sha shoop ta ti tra uh uhh um
    wah whoa woah wo woo whoo woohoo ya yah yay yea yeah yeh
"""
_VOCABLE_WORDS = frozenset(_VOCABLES.split())


def lyric_segments(lyrics: Lyrics) -> tuple[Segment, ...]:
    """The lines that are embedded, in order of time.

    A rejected line and one without a word stay out. A line that returns is a moment of its own each
    time, so it stays a segment each time.
    """
    return tuple(
        Segment(line.start_seconds, line.end_seconds, line.text)
        for line in _list_accepted(lyrics)
        if has_words(line)
    )


def song_segment(lyrics: Lyrics) -> tuple[Segment, ...]:
    """All lines that are not rejected as one text, a line each, from the first time to the last.

    None where no line has words.
    """
    kept = _list_accepted(lyrics)
    if not any(map(has_words, kept)):
        return ()
    text = "\n".join(line.text for line in kept)
    starts = [line.start_seconds for line in kept if line.start_seconds is not None]
    ends = [line.end_seconds for line in kept if line.end_seconds is not None]
    return (Segment(min(starts, default=None), max(ends, default=None), text),)


def _list_accepted(lyrics: Lyrics) -> list[LyricLine]:
    """The lines that are not rejected, in order of time, those without a time last."""
    kept = [line for line in lyrics.lines if line.rejected is None]
    return sorted(kept, key=lambda line: (line.start_seconds is None, line.start_seconds or 0.0))


def has_words(line: LyricLine) -> bool:
    """Whether a line says anything beyond "la la la" and "oh yeah"."""
    letters = (mark if mark.isalnum() else " " for mark in line.text.casefold())
    words = "".join(letters).split()
    return any(word not in _VOCABLE_WORDS for word in words)
