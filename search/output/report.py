"""Formats results as JSON, CSV, playlists, plain text and tables."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.indexer.encoders.operating_points import NOT_CALIBRATED
from mvsearch.indexer.progress import Progress, Silence, count_steps
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.output.forms import REPORT_FORMS
from mvsearch.search.output.playlists import results_to_m3u, similar_to_m3u
from mvsearch.search.output.plugin_forms import ResultList, find_form, write_form
from mvsearch.search.output.tables.links import link_file, stack_lines
from mvsearch.search.output.text import (
    describe_no_results,
    describe_sources,
    format_part,
    format_seconds,
    guard_cell,
    name_video,
    shorten,
    write_json,
)
from mvsearch.search.query.contents import list_videos
from mvsearch.search.query.query import Query
from mvsearch.search.results import Moment, Result
from mvsearch.search.retrieval.matrix import ScoreMap, gather_scores
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import MODALITIES, OPTIONAL, Modality, Video
from mvsearch.store.unicode import printable

Similar = Sequence[tuple[Video, Sequence[Result]]]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The format of a similar-songs report.

    Attributes:
        form: one of `REPORT_FORMS`, or a format of a plug-in.
        width: of a table, in characters.
        has_links: whether names in a table link to their files, for a terminal.
    """

    form: str = "table"
    width: int = 120
    has_links: bool = False


_NUMBERS = ("similarity", "calibrated", "weight")
_FIRST = tuple(modality for modality in MODALITIES if modality != OPTIONAL)
_CSV_RESULT = (
    *("rank", "score", "is_weak", "id", "title", "artist", "path", "duration_seconds"),
    *(f"{m}_{what}" for m in _FIRST for what in _NUMBERS),
    *(f"moment_{what}" for what in ("modality", "start_seconds", "end_seconds")),
    *("moment_similarity", "moment_text", "moment_support", "moment_rate"),
    # Last, as they came last.
    *(f"ocr_{what}" for what in _NUMBERS),
    *("valence", "arousal", "mood_gap", "bpm", "key"),
)


def _round_times(moment: Moment) -> tuple[float | None, float | None]:
    if moment.start_seconds is None or moment.end_seconds is None:
        return None, None
    return round(moment.start_seconds, 3), round(moment.end_seconds, 3)


def similar_to_json(similar: Similar) -> list[dict[str, Any]]:
    """The similar-songs report as JSON: each video with its results."""
    return [
        {"video": video.to_dict(), "similar": [result.to_dict() for result in results]}
        for video, results in similar
    ]


def title_query(query: Query) -> str:
    """The query in one line, for display."""
    if query.written is not None:
        return printable(" ".join(words for words in (query.written, str(query.filter)) if words))
    parts = [f"{(one.role or '').replace('-', ' ')} {one.value}".strip() for one in query.parts]
    return printable(", ".join(words for words in (*parts, str(query.filter)) if words))


def results_to_csv(results: Sequence[Result]) -> str:
    """One row per result."""
    return _write_csv(_CSV_RESULT, (_result_cells(result) for result in results))


def similar_to_csv(similar: Similar) -> str:
    """One row per video and result."""
    rows = (
        [video.id, guard_cell(name_video(video)), *_result_cells(result)]
        for video, results in similar
        for result in results
    )
    return _write_csv(("song_id", "song", *_CSV_RESULT), rows)


def _write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _result_cells(result: Result) -> list[object]:
    video = result.video
    cells: list[object] = [result.rank, f"{result.score:.6f}", str(result.is_weak).lower()]
    names = (video.title, video.artist or "", str(video.path))
    cells += [video.id, *(printable(guard_cell(name)) for name in names)]
    cells.append(f"{video.duration_seconds:.3f}")
    for modality in _FIRST:
        cells += _number_cells(result, modality)
    mood = (video.valence, video.arousal, video.mood_gap)
    last = _number_cells(result, "ocr") + ["" if one is None else f"{one:.4f}" for one in mood]
    last += ["" if video.bpm is None else f"{video.bpm:.1f}", video.key or ""]
    if not result.moments:
        return cells + [""] * 7 + last
    moment = result.best_moment or result.moments[0]
    cells += [moment.modality, *_round_times(moment)]
    support = "" if moment.support is None else f"{moment.support:.3f}"
    text = printable(guard_cell(moment.text))
    cells += [f"{moment.similarity:.6f}", text, support, f"{moment.rate:.3f}"]
    return cells + last


def _number_cells(result: Result, modality: Modality) -> list[object]:
    part = result.contributions.get(modality)
    numbers = () if part is None else (part.similarity, part.calibrated, part.weight)
    return [f"{number:.6f}" for number in numbers] or ["", "", ""]


def results_to_text(results: Sequence[Result]) -> str:
    """The published format: one line per similar song, best first."""
    return "".join(f"Song: {name_video(r.video)} Score: {r.score:.4f}\n" for r in results)


def similar_to_text(similar: Similar) -> str:
    """The published format for several songs."""
    return "\n".join(
        f"Similar to {name_video(video)}:\n{results_to_text(results)}" for video, results in similar
    )


def print_results(
    results: Sequence[Result],
    console: Console,
    title: str | None = None,
    asked: Filter = Filter(),
) -> None:
    """Print one row per result: score, name, contribution of each modality, moments."""
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.title = None if title is None else Text(printable(title))
    for name in ("#", "score"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("video", "why", "where"):
        table.add_column(name, overflow="fold")
    for result in results:
        where = "\n".join(list_places(result))
        cells = (_list_names(result), Text(_describe_contributions(result)), Text(where))
        table.add_row(str(result.rank), f"{result.score:.3f}", *cells)
    if sources := describe_sources(results):
        console.print(Text(sources))
    console.print(table if results else Text(describe_no_results(asked)))


def list_places(result: Result) -> list[str]:
    """Where each part of a query in time is, else the moments; then what is excluded, if there."""
    asked = [format_part(part) for part in result.parts if not part.is_against]
    excluded = [format_part(part) for part in result.parts if part.is_against and part.is_found]
    return (asked or [format_moment(moment) for moment in result.moments[:3]]) + excluded


def _list_names(result: Result) -> Text:
    """The name of the video, and below it the file names of its copies."""
    names = [(shorten(name_video(result.video)), result.video.path)]
    names += [(f"= {shorten(printable(copy.path.name))}", copy.path) for copy in result.copies]
    return stack_lines(link_file(name, path) for name, path in names)


def _describe_contributions(result: Result) -> str:
    said = [
        f"{'mood' if result.mood else name:<6} {c.similarity:5.2f} → {c.calibrated:4.1f} ×"
        f" {c.weight:.2f}"
        for name, c in result.contributions.items()
    ]
    said += [] if result.mood is None else [result.mood.describe()]
    said += [] if result.feedback is None else [result.feedback.describe()]
    return "\n".join([*said, "weak: no better than chance"] if result.is_weak else said)


def format_moment(moment: Moment) -> str:
    """A moment as text, such as `1:05–1:10 lyrics “river”` or `0:20–0:25 frames at 1.1×`."""
    if moment.is_unclear:
        return "moment unclear"
    start, end = format_seconds(moment.start_seconds), format_seconds(moment.end_seconds)
    span = f"{start} " if start == end else f"{start}–{end} "
    text = f" “{shorten(printable(moment.text))}”" if moment.text else ""
    speed = "" if round(moment.rate, 2) == 1 else f" at {round(moment.rate, 2):g}×"
    words = f" (words: {shorten(printable(' '.join(moment.words)))})" if moment.words else ""
    heard = moment.sounds_like
    sounds = f" (sounds like: {shorten(printable(heard))})" if heard else ""
    peaks = f" ({moment.peaks[0]} of {moment.peaks[1]} peaks agree)" if moment.peaks else ""
    when = span if moment.start_seconds is not None else ""
    doubt = "" if moment.is_calibrated else f" ({NOT_CALIBRATED})"
    return f"{when}{moment.modality}{speed}{text}{words}{sounds}{peaks}{doubt}"


def write_report(
    engine: Engine,
    video: Video | None,
    options: SearchOptions,
    report: ReportOptions,
    progress: Progress | None = None,
    filter: Filter = Filter(),
) -> str:
    """Write the similar-songs report on one video, or on all that pass the filter.

    Args:
        engine: of the library.
        video: None for all that pass the filter.
        options: the number of similar songs and their scoring.
        report: the format.
        progress: of the stages "compare" and "pictures".
        filter: selects the videos to compare.

    Raises:
        MvsearchError: the library is empty, the format is unknown, or no video passes for a page.
        PluginError: the plug-in of the format fails.
    """
    progress = progress or Silence()
    compared = count_steps(progress, "compare")
    plugin = None if report.form in REPORT_FORMS else find_form(report.form, REPORT_FORMS)
    matrix: ScoreMap
    videos = [video] if video is not None else list_videos(engine.library, filter)
    if report.form == "html" and not videos:
        raise QueryError(describe_no_results(filter))
    if video is not None:
        similar = [(video, engine.similar(video, options, filter))]
    else:
        pairs = engine.all_pairs(options, videos)
        if pairs.is_large:
            similar = list(pairs.rank_likely(compared))
            matrix = gather_scores(similar)
        else:
            matrix = whole = pairs.compute_matrix(compared)
            similar = list(pairs.rank(whole))
    if report.form == "html":
        if video is not None:
            near = [result.video for result in similar[0][1]]
            matrix = engine.all_pairs(options, [video, *near]).compute_matrix(compared)
        return _write_page(engine, matrix, similar, options, progress)
    if plugin is not None:
        found = [ResultList(name_video(video), tuple(results)) for video, results in similar]
        return write_form(plugin, found)
    return _write_plain(similar, report, filter, is_all=video is None)


def _write_page(
    engine: Engine, matrix: ScoreMap, similar: Similar, options: SearchOptions, progress: Progress
) -> str:
    # Only the page has pictures.
    from mvsearch.search.output.html.similar import render_html
    from mvsearch.search.output.html.stills import LibraryStills

    stills = LibraryStills(engine.library, count_steps(progress, "pictures"))
    return render_html(matrix, similar, engine.weights(options), stills)


def _write_plain(similar: Similar, report: ReportOptions, asked: Filter, *, is_all: bool) -> str:
    results = [result for _, results in similar for result in results]
    if report.form == "json":
        found = similar_to_json(similar)
        return write_json(found if is_all else found[0])
    if report.form == "csv":
        return similar_to_csv(similar) if is_all else results_to_csv(results)
    if report.form == "m3u":
        return similar_to_m3u(similar) if is_all else results_to_m3u(results)
    if report.form == "txt":
        return similar_to_text(similar) if is_all else results_to_text(results)
    page = io.StringIO()
    console = Console(
        file=page, width=report.width, force_terminal=report.has_links, markup=False, emoji=False
    )
    for video, found_for_it in similar:
        print_results(found_for_it, console, f"Similar to {name_video(video)}", asked)
    return page.getvalue() if similar else f"{describe_no_results(asked)}\n"
