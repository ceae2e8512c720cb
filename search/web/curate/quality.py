"""Quality: the report of the last evaluation of the own library as a page."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mvsearch.search.api.remote.requests.records import read
from mvsearch.search.web.jobs.board import AnyJob, find_running
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.evaluation.evaluation import Evaluation
    from mvsearch.search.evaluation.report.page import Table
    from mvsearch.search.evaluation.tables import Row, Tables

router = APIRouter(tags=["quality"])

_REPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report.", "content": {"text/html": {}}}
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the page: how well one kind of query finds its video.

    Attributes:
        share: of queries whose first answer is right, in percent.
        found: the same with its interval; `alone` by each modality.
        figures: of the other metrics, as (name, value).
    """

    name: str
    n_queries: int
    share: float
    found: str
    interval: str
    chance: str
    alone: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]


@router.get("/api/v1/evaluation")
def show_evaluation(served: ServedLibrary) -> dict[str, Any]:
    """The last evaluation since the start of the server; the JSON of `mvsearch evaluate --json`."""
    from mvsearch.search.evaluation.report.as_json import evaluation_to_json

    return evaluation_to_json(_find(served))


@router.get("/api/v1/evaluation.html", response_class=Response, responses=_REPORT)
def write_report(served: ServedLibrary) -> Response:
    """The whole report with plots, as one file to keep."""
    from mvsearch.search.evaluation.report.page import render_evaluation

    headers = {"Content-Disposition": 'attachment; filename="evaluation.html"'}
    return Response(render_evaluation(_find(served)), media_type="text/html", headers=headers)


@router.get("/api/v1/evaluation/comparison")
def show_comparison(served: ServedLibrary) -> dict[str, Any]:
    """The last comparison; the JSON of `mvsearch evaluate --compare NAME --json`."""
    from mvsearch.search.evaluation.report.as_json import comparison_to_json

    return comparison_to_json(_find_compared(served))


@router.get("/api/v1/evaluation/comparison.html", response_class=Response, responses=_REPORT)
def write_comparison(served: ServedLibrary) -> Response:
    """The whole comparison with plots, as one file to keep."""
    from mvsearch.search.evaluation.report.page import render_comparison

    headers = {"Content-Disposition": 'attachment; filename="comparison.html"'}
    return Response(
        render_comparison(_find_compared(served)), media_type="text/html", headers=headers
    )


@router.get("/quality", include_in_schema=False)
def show_quality(served: ServedLibrary) -> HTMLResponse:
    """The last report, and a form that starts an evaluation."""
    evaluation = next(iter(_read_last(served, "one") or ()), None)
    given: dict[str, Any] = {"title": "Quality", "known": None, "groups": [], "notes": []}
    given["compared"] = _tabulate(_read_last(served, "comparison"))
    given["others"] = _list_others(served)
    if evaluation is not None:
        from mvsearch.search.evaluation.report.table import (
            explain_figures,
            format_title,
            list_notes,
        )
        from mvsearch.search.evaluation.tables import make_tables

        tables = make_tables(evaluation)
        given["known"] = format_title(tables)
        given["groups"] = list(_describe(tables))
        given["notes"] = [*list_notes(tables), *explain_figures([tables])]
    running = find_running(served.jobs, "evaluate")
    given["profile"] = served.library.profile if given["others"] else ""
    return HTMLResponse(render("curate/quality.html", running=running, **given))


def _read_last(served: Served, topic: str) -> "list[Evaluation] | None":
    """What the last evaluation of a topic has measured; None where nothing was."""
    from mvsearch.search.evaluation.evaluation import Evaluation

    def read_text(job: AnyJob) -> list[Evaluation]:
        return read(list[Evaluation], json.loads(served.jobs.read_text(job.id) or "[]"))

    return served.find_found("evaluate", topic, read_text)


def _find(served: Served) -> "Evaluation":
    found = _read_last(served, "one")
    if not found:
        raise HTTPException(404, "nothing was evaluated since the server was started")
    return found[0]


def _find_compared(served: Served) -> "list[Evaluation]":
    found = _read_last(served, "comparison")
    if not found:
        raise HTTPException(404, "nothing was compared since the server was started")
    return found


def _tabulate(evaluations: "list[Evaluation] | None") -> "Table | None":
    """The last comparison; None for none."""
    if evaluations is None:
        return None
    from mvsearch.search.evaluation.report.comparison import compare
    from mvsearch.search.evaluation.report.page import tabulate

    return tabulate(compare(evaluations))


def _list_others(served: Served) -> list[str]:
    """The encoders that can be compared with those in use."""
    with suppress(MvsearchError):
        states = served.library.encoders()
        return [one.name for one in states if not (one.is_in_use or one.is_trained)]
    return []


def _describe(tables: "Tables") -> Iterator[tuple[str, list[Line]]]:
    """The lines of each kind of query, of the main fusion beside single modalities."""
    from mvsearch.search.evaluation.report.wording import name_group

    for title, topics in groupby(tables.list_topics(), key=name_group):
        lines = []
        for topic in topics:
            rows = [row for row in tables.rows if row.topic == topic]
            main = tables.find_row(topic, tables.evaluation.name_fusion()) or rows[0]
            lines.append(_describe_row(main, [row for row in rows if row is not main]))
        yield title, lines


def _describe_row(row: "Row", others: list["Row"]) -> Line:
    from mvsearch.search.evaluation.metric_values import RECALL_1
    from mvsearch.search.evaluation.report.wording import (
        METRICS,
        format_chance,
        format_interval,
        format_value,
        name_distortion,
    )

    name = RECALL_1 if RECALL_1 in row.figures else next(iter(row.figures))
    figure = row.figures[name]
    return Line(
        name_distortion(row.topic),
        row.n_queries,
        100 * min(max(figure.value or 0.0, 0.0), 1.0),
        format_value(name, figure.value),
        format_interval(name, figure),
        format_chance(name, [row]),
        tuple(
            (one.system, format_value(name, one.figures[name].value))
            for one in others
            if name in one.figures
        ),
        tuple(
            (METRICS[other], format_value(other, value.value))
            for other, value in row.figures.items()
            if other != name
        ),
    )
