"""Writes the similar-songs report as one self-contained page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mvsearch.search.output.html.heatmap import draw_heatmap
from mvsearch.search.output.html.page import (
    PICTURE_STYLE,
    PictureSheet,
    StillSource,
    find_nearest,
    gather_sheet,
    write_page,
)
from mvsearch.search.output.html.score_bar import (
    NOT_COMPARED,
    WHAT,
    count_rest,
    draw_bar,
    find_longest,
)
from mvsearch.search.output.html.style import STYLE
from mvsearch.search.output.report import Similar, find_best_moment, name_video, say_moment
from mvsearch.search.output.text import format_seconds
from mvsearch.search.query.query import Weights
from mvsearch.search.results import Result
from mvsearch.search.retrieval.matrix import ScoreMap
from mvsearch.store.records import MODALITIES, Video
from mvsearch.store.unicode import printable

# The lists of more songs are folded: a page of 500 would be 200,000 pixels high.
MAX_UNFOLDED = 40


@dataclass(frozen=True, slots=True)
class _Page:
    """What every part of the page refers to.

    Attributes:
        position: of each video, by id; its number on the page.
        songs: ids of the videos that have a card.
        pictures: of all results.
        longest: the score whose bar fills the width.
    """

    position: dict[str, int]
    songs: frozenset[str]
    pictures: PictureSheet
    longest: float


def render_html(
    matrix: ScoreMap,
    similar: Similar,
    weights: Weights,
    stills: StillSource,
) -> str:
    """Render the report over all songs.

    Args:
        matrix: for the heat map.
        similar: videos of the matrix, each with its results, which are of the matrix too.
        weights: of the modalities, shown in the legend.
        stills: pictures of the videos; where there is none, a mark stands for it.

    Returns:
        A whole HTML document, all text from outside escaped.
    """
    position = {video.id: at for at, video in enumerate(matrix.videos)}
    pairs = {(position[v.id], position[r.video.id]) for v, results in similar for r in results}
    songs = frozenset(video.id for video, _ in similar)
    results = [result for _, some in similar for result in some]
    page = _Page(position, songs, gather_pictures(similar, stills), find_longest(results))
    cards = [_draw_song(video, results, page) for video, results in similar]
    title = escape(_name_page(similar))
    body = [
        _draw_head(title, _say_what(len(matrix.videos), similar), weights, results),
        draw_heatmap(matrix, pairs),
        '<main id="songs">',
        *cards,
        "</main>",
    ]
    return write_page(title, STYLE + PICTURE_STYLE + page.pictures.style, body)


def gather_pictures(similar: Similar, stills: StillSource) -> PictureSheet:
    """Gather the still that is nearest to each best moment, first ranks first."""
    results = sorted((r for _, results in similar for r in results), key=lambda r: r.rank)
    seconds = stills.list_seconds(list({r.video.id: r.video for r in results}.values()))
    nearest = (
        (r.video.id, find_nearest(seconds.get(r.video.id, ()), _picture_seconds(r)))
        for r in results
    )
    return gather_sheet([(one, at) for one, at in nearest if at is not None], stills)


def _picture_seconds(result: Result) -> float:
    """Where to take the picture: in the middle of the best moment, a little in at the latest."""
    moment = find_best_moment(result)
    if moment is None or moment.start_seconds is None or moment.end_seconds is None:
        return round(result.video.duration_seconds / 3, 1)
    return round(min((moment.start_seconds + moment.end_seconds) / 2, moment.start_seconds + 2), 1)


def _name_page(similar: Similar) -> str:
    return f"Songs like {name_video(similar[0][0])}" if len(similar) == 1 else "Similar songs"


def _say_what(n_songs: int, similar: Similar) -> str:
    """What the page lists."""
    if len(similar) == 1:
        n_like = len(similar[0][1])
        return f"The {n_like} most like it" if n_like > 1 else "The one most like it"
    folded = "; unfold a song for more than the first" if len(similar) > MAX_UNFOLDED else ""
    return f"{n_songs} songs, each with those most like it{folded}"


def _draw_head(title: str, what: str, weights: Weights, results: Sequence[Result]) -> str:
    total = sum(weights.values())
    marks: list[tuple[str, str]] = [
        (modality, f"{WHAT[modality]}, weight {weights[modality] / total:.2f}")
        for modality in MODALITIES
        if weights.get(modality, 0.0) > 0
    ]
    if any(count_rest(result) for result in results):
        marks.append(("rest", f"{NOT_COMPARED}: the median of unrelated videos"))
    legend = "".join(
        f'<li><svg viewBox="0 0 8 8" aria-hidden="true"><rect class="{name}" width="8" '
        f'height="8" rx="2"/></svg>{what}</li>'
        for name, what in marks
    )
    longest = find_longest(results)
    full = (
        f" A bar of full width is {longest:.3f}, the highest on this page." if longest > 0 else ""
    )
    return (
        '<a class="skip" href="#songs">Skip to the songs</a>'
        f'<h1 dir="auto">{title}</h1><p class="lead">{what}. A bar is '
        "as long as the score; its parts are what each kind of likeness adds to it; what counts "
        f"against a song shortens them alike.{full}</p>"
        f'<ul class="legend">{legend}</ul>'
    )


def _draw_song(video: Video, results: Sequence[Result], page: _Page) -> str:
    """A song with its list; a link to the list unfolds it (HTML, "details" and fragments)."""
    at = page.position[video.id]
    items = "".join(_draw_result(result, at, page) for result in results)
    body = f'<ol class="similar">{items}</ol>' if items else '<p class="none">None like it.</p>'
    is_folded = len(page.songs) > MAX_UNFOLDED
    near = ""
    if is_folded and results:
        near = f'<span class="near" dir="auto">{escape(name_video(results[0].video))}</span>'
        near += f'<span class="time">{results[0].score:.3f}</span>'
    return (
        f'<article class="song{" folded" if is_folded else ""}">'
        f"<details{'' if is_folded else ' open'}><summary>"
        f'<span class="number">{at + 1}</span><h2 dir="auto">{escape(name_video(video))}</h2>'
        f'<span class="time">{format_seconds(video.duration_seconds)}</span>{near}</summary>'
        f'<div class="list" id="s-{at}">{body}</div></details></article>'
    )


def _draw_result(result: Result, song: int, page: _Page) -> str:
    other = page.position[result.video.id]
    link = f' href="#s-{other}"' if result.video.id in page.songs else ""
    title = escape(printable(result.video.title))
    artist = escape(printable(result.video.artist or ""))
    copies = "".join(
        f'<p class="artist" dir="auto">= {escape(printable(copy.path.name))}</p>'
        for copy in result.copies
    )
    where = "".join(f'<li dir="auto">{escape(say_moment(m))}</li>' for m in result.moments)
    return (
        f'<li id="p-{song}-{other}">{_draw_picture(result, page)}'
        f'<div class="title"><a{link} dir="auto">{title}</a>'
        f"<span>{'weak, ' if result.is_weak else ''}{result.score:.3f}</span></div>"
        f'<p class="artist" dir="auto">{artist}</p>{copies}'
        f"{draw_bar(result, page.longest)}"
        f'<ul class="where">{where}</ul></li>'
    )


def _draw_picture(result: Result, page: _Page) -> str:
    moment = find_best_moment(result)
    seconds = "" if moment is None else format_seconds(moment.start_seconds)
    time = f'<span class="time">{seconds}</span>' if seconds else ""
    still = page.pictures.draw(result.video.id, _picture_seconds(result))
    return f'<div class="shot">{still}{time}</div>'
