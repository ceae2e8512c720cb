"""Decides which lines a video leaves out, and from which line on the next offset holds."""

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.lyrics.fitting.words import Times
from mvsearch.store.records import FitPiece

# A cut may end so much after the line that begins behind it.
_SLACK_SECONDS = 0.5
Span = tuple[float, float]


def describe_pieces(
    starts: Times,
    pieces: npt.NDArray[np.intp],
    rate: float,
    offsets: Times,
    is_heard: npt.NDArray[np.bool_],
) -> tuple[tuple[FitPiece, ...], tuple[Span, ...]]:
    """Pieces with the times from which they hold, and spans of the lyrics that were cut.

    Args:
        starts: of the lines.
        pieces: the piece of each line.
        rate: seconds of the video for one of the lyrics.
        offsets: of each piece, where a lyric time is 0.
        is_heard: whether a word of each line was heard.
    """
    begins, cuts = [float(starts[0])], list[Span]()
    for piece in range(1, len(offsets)):
        first = int(np.argmax(pieces == piece))
        missing = (offsets[piece - 1] - offsets[piece]) / rate
        begin = float(starts[first])
        if missing > 0:
            cut = _place_cut(starts, is_heard, first, float(missing))
            cuts.append(cut)
            begin = cut[1]
        begins.append(begin)
    found = tuple(
        FitPiece(begin, float((rate - 1) * begin + offset))
        for begin, offset in zip(begins, offsets, strict=True)
    )
    return found, tuple(cuts)


def _place_cut(
    starts: Times, is_heard: npt.NDArray[np.bool_], first: int, missing_seconds: float
) -> Span:
    """The span that was cut, of a known length: around lines that were not heard.

    Args:
        starts: of the lines.
        is_heard: of each line.
        first: a line behind the cut.
        missing_seconds: how much was cut.
    """
    heard = np.flatnonzero(is_heard)
    before, after = heard[heard < first], heard[heard >= first]
    last = float(starts[before[-1]]) if len(before) else float(starts[0]) - missing_seconds
    following = float(starts[after[0]]) if len(after) else float(starts[-1])
    unheard = starts[(starts > last) & (starts < following)]
    latest = max(following - missing_seconds, last + 0.01)
    begins = [latest, *(float(one) for one in unheard if one <= latest + _SLACK_SECONDS)]

    def count(begin: float) -> int:
        return int(((unheard >= begin) & (unheard < begin + missing_seconds)).sum())

    begin = max(begins, key=lambda one: (count(one), one))
    return begin, min(begin + missing_seconds, following)
