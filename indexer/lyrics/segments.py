"""Which lines of lyrics go into the index."""

from store.records import LyricLine, Lyrics, Segment

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
    kept = [line for line in lyrics.lines if line.rejected is None and has_words(line)]
    kept.sort(key=lambda line: (line.start_seconds is None, line.start_seconds or 0.0))
    return tuple(Segment(line.start_seconds, line.end_seconds, line.text) for line in kept)


def has_words(line: LyricLine) -> bool:
    """Whether a line says anything beyond "la la la" and "oh yeah"."""
    letters = (mark if mark.isalnum() else " " for mark in line.text.casefold())
    words = "".join(letters).split()
    return any(word not in _VOCABLE_WORDS for word in words)
