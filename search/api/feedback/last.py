"""Writes the last search of the command line, so that it can be refined without a name."""

from typing import TYPE_CHECKING, Any

from mvsearch.search.results import Result, SearchResults

if TYPE_CHECKING:
    from mvsearch.search.api.library import VideoLibrary


def write_search(results: SearchResults) -> Any:
    """A search and the ids of its results as JSON; None where a session cannot keep it."""
    from mvsearch.search.feedback.records import (
        MAX_SHOWN,
        AskedPart,
        FeedbackSession,
        Round,
        write_maybe,
    )
    from mvsearch.search.feedback.stored import write_session

    if any(part.media for part in results.query.parts) or any(one.mood for one in results):
        return None
    parts = tuple(map(AskedPart.take, results.query.parts))
    shown = tuple(result.video.id for result in results[:MAX_SHOWN])
    asked = results.query.filter, results.options
    tree = write_maybe(results.query.expression)
    session = FeedbackSession("last", parts, *asked, (Round(shown),), expression=tree)
    return write_session(session)


def read_search(library: "VideoLibrary", given: Any) -> SearchResults:
    """The search that was written; of its results, those that the library still has.

    Raises:
        ValueError, MvsearchError: it is something else.
    """
    from mvsearch.search.feedback.stored import read_session
    from mvsearch.store.catalog.filter import Filter

    session = read_session(given)
    known = {video.id: video for video in library.videos(Filter(ids=session.shown))}
    found = [known[one] for one in session.shown if one in known]
    results = tuple(Result(rank, 0.0, video) for rank, video in enumerate(found, start=1))
    return SearchResults(session.query, session.options, results)
