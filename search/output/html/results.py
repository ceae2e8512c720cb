"""Writes the results of a search as one self-contained page."""

from mvsearch.search.output.html.answers import describe_answers, gather_pictures
from mvsearch.search.output.html.page import StillSource, render_page
from mvsearch.search.output.html.score_bar import WHAT, list_rest
from mvsearch.search.output.report import title_query
from mvsearch.search.output.text import describe_sources
from mvsearch.search.results import Result, SearchResults
from mvsearch.store.records import MODALITIES


def render_results(found: SearchResults, stills: StillSource) -> str:
    """Render the results of a query; each title links to its file at the best moment.

    Args:
        found: best first.
        stills: pictures of the videos; a placeholder is shown if there is none.

    Returns:
        A complete HTML document in which all text is escaped.
    """
    pictures = gather_pictures(found.results, stills)
    marks: list[tuple[str, str]] = [
        (modality, WHAT[modality])
        for modality in MODALITIES
        if any(modality in result.contributions for result in found)
    ]
    return render_page(
        "results.html",
        title_query(found.query),
        ["pictures.css", "results.css"],
        pictures.style,
        results=found.results,
        sources=describe_sources(found),
        pictures=pictures,
        marks=[*marks, *list_rest(found)],
        find_address=find_address,
        **describe_answers(found.results),
    )


def find_address(result: Result) -> str:
    """The URI of the file at its best moment (W3C Media Fragments URI 1.0, 4.2.1)."""
    address = result.video.path.absolute().as_uri()
    moment = result.best_moment
    if moment is None or moment.start_seconds is None:
        return address
    return f"{address}#t={moment.start_seconds:.3f}"
