"""Pairs of a still and a lyric line that is sung after it, and the query in time that asks both."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mvsearch.search.evaluation.queries.lines import QueryLine
from mvsearch.search.evaluation.queries.sample_times import SampleTimes
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.temporal.expression import Leaf, Then
from mvsearch.search.temporal.scoring import OVERLAP_SECONDS

# Maximum time from the still to the line.
WITHIN_SECONDS = 30.0


def make_query(still: QueryPart, line: str) -> Query:
    """The query for a still, and then a line within `WITHIN_SECONDS`."""
    expression = Then(Leaf(still), Leaf(QueryPart("lyric", line)), WITHIN_SECONDS)
    return Query((), expression=expression)


def draw_pairs(
    known: SampleTimes, lines: Sequence[QueryLine], n: int, draw: random.Random
) -> Iterator[tuple[float, QueryLine]]:
    """Draw at most n stills of one video, spread over it, each with a line that follows.

    Args:
        known: where stills may be.
        lines: of the video.
        n: number of pairs.
        draw: the generator.

    Returns:
        The seconds of the still, and a line with those of its times that follow it.
    """
    # Finer than the time to the line, so that no line in a long video is passed over.
    n_parts = max(2 * n, math.ceil(known.room_seconds(0.0) / WITHIN_SECONDS))
    n_left = n
    for number in draw.sample(range(n_parts), n_parts):
        at = known.draw(0.0, (number, n_parts), draw) if n_left else None
        following = [] if at is None else _list_following(at, known.period_seconds, lines)
        if at is not None and following:
            n_left -= 1
            yield at, draw.choice(following)


def _list_following(
    at: float, period_seconds: float, lines: Sequence[QueryLine]
) -> list[QueryLine]:
    """The lines that begin after a still in time; not so soon that both are one moment."""
    first, last = at + max(period_seconds, OVERLAP_SECONDS), at + WITHIN_SECONDS
    timed = [
        replace(line, spans=tuple(span for span in line.spans if first <= span[0] <= last))
        for line in lines
    ]
    return [line for line in timed if line.spans]
