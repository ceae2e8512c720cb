"""Writes the similar-songs report as one self-contained page."""

from collections.abc import Sequence

from mvsearch.search.output.html.answers import describe_answers, gather_pictures
from mvsearch.search.output.html.heatmap import build_heatmap
from mvsearch.search.output.html.page import StillSource, render_page
from mvsearch.search.output.html.score_bar import WHAT, list_rest
from mvsearch.search.output.report import Similar
from mvsearch.search.output.text import name_video
from mvsearch.search.query.weights import Weights
from mvsearch.search.results import Result
from mvsearch.search.retrieval.matrix import ScoreMap
from mvsearch.store.records import MODALITIES

# The lists of more songs are collapsed: a page of 500 would be 200,000 pixels high.
MAX_UNFOLDED = 40


def render_html(
    matrix: ScoreMap,
    similar: Similar,
    weights: Weights,
    stills: StillSource,
) -> str:
    """Render the report over all songs.

    Args:
        matrix: for the heat map.
        similar: videos of the matrix, each with results from the matrix.
        weights: of the modalities, shown in the legend.
        stills: pictures of the videos; a placeholder is shown if there is none.

    Returns:
        A complete HTML document in which all text is escaped.
    """
    position = {video.id: at for at, video in enumerate(matrix.videos)}
    pairs = {(position[v.id], position[r.video.id]) for v, results in similar for r in results}
    results = [result for _, some in similar for result in some]
    pictures = gather_pictures(results, stills)
    return render_page(
        "similar.html",
        f"Songs like {name_video(similar[0][0])}" if len(similar) == 1 else "Similar songs",
        ["pictures.css"],
        pictures.style,
        similar=similar,
        songs={position[video.id] for video, _ in similar},
        position=position,
        heatmap=build_heatmap(matrix, pairs),
        pictures=pictures,
        marks=_list_marks(weights, results),
        is_folded=len(similar) > MAX_UNFOLDED,
        name_video=name_video,
        **describe_answers(results),
    )


def _list_marks(weights: Weights, results: Sequence[Result]) -> list[tuple[str, str]]:
    """The legend of the bars."""
    total = sum(weights.values())
    marks: list[tuple[str, str]] = [
        (modality, f"{WHAT[modality]}, weight {weights[modality] / total:.2f}")
        for modality in MODALITIES
        if weights.get(modality, 0.0) > 0
    ]
    return [*marks, *list_rest(results)]
