"""Builds the result cards of a page: stills, score bars, moments."""

from collections.abc import Sequence
from typing import Any

from mvsearch.search.output.html.page import PictureSheet, StillSource, find_nearest, gather_sheet
from mvsearch.search.output.html.score_bar import describe_score, find_longest, split_bar
from mvsearch.search.output.report import list_places
from mvsearch.search.output.text import format_seconds
from mvsearch.search.results import Result


def describe_answers(results: Sequence[Result]) -> dict[str, Any]:
    """The variables of `answer.html`, apart from the pictures."""
    return {
        "longest": find_longest(results),
        "format_seconds": format_seconds,
        "picture_seconds": picture_seconds,
        "list_places": list_places,
        "describe_score": describe_score,
        "split_bar": split_bar,
    }


def gather_pictures(results: Sequence[Result], stills: StillSource) -> PictureSheet:
    """Gather the nearest still to the best moment of each result, first ranks first."""
    results = sorted(results, key=lambda result: result.rank)
    seconds = stills.list_seconds(list({r.video.id: r.video for r in results}.values()))
    nearest = (
        (r.video.id, find_nearest(seconds.get(r.video.id, ()), picture_seconds(r))) for r in results
    )
    return gather_sheet([(one, at) for one, at in nearest if at is not None], stills)


def picture_seconds(result: Result) -> float:
    """The time of the still: the middle of the best moment, at most 2 s after its start."""
    moment = result.best_moment
    if moment is None or moment.start_seconds is None or moment.end_seconds is None:
        return round(result.video.duration_seconds / 3, 1)
    return round(min((moment.start_seconds + moment.end_seconds) / 2, moment.start_seconds + 2), 1)
