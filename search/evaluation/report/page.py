"""Writes one or several evaluations as one self-contained page: tables and plots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.metric_values import (
    FEEDBACK_METRICS,
    MOMENT_NEAR,
    MRR,
    PART_METRICS,
    QUADRANT_METRICS,
    RECALL_1,
    SHARE_10,
    WEAK_METRICS,
    Difference,
    keep_answerable,
)
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.report.comparison import (
    EXPLANATION,
    Comparison,
    compare,
    name_line,
)
from mvsearch.search.evaluation.report.plots import (
    SECONDS_TICKS,
    Key,
    RecallPlot,
    Steps,
    choose_key,
    place_seconds,
    plot_errors,
    plot_occurrences,
    plot_recall,
)
from mvsearch.search.evaluation.report.table import (
    ALL_METRICS,
    describe_hubness,
    explain_figures,
    format_title,
    list_notes,
)
from mvsearch.search.evaluation.report.wording import (
    METRICS,
    format_chance,
    format_difference,
    format_difference_interval,
    format_interval,
    format_value,
    name_distortion,
    name_group,
)
from mvsearch.search.evaluation.tables import Gain, Row, Tables, Topic, find_headline, make_tables
from mvsearch.search.output.html.page import render_page

# Metrics that one kind of query has.
OWN_METRICS = (*PART_METRICS, *QUADRANT_METRICS, *FEEDBACK_METRICS)
# Metrics that the headline table leaves out.
NOT_IN_SHORT = (SHARE_10, MOMENT_NEAR)

# A figure and its interval, as text.
Cell = tuple[str, str]
EMPTY: Cell = ("", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table."""

    cells: list[Cell]
    style: Literal["", "summary", "chance"] = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a table, with an optional title."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures; each row has as many cells as there are columns."""

    head: tuple[str, ...]
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of query: the results of each system under each distortion, as plots and tables.

    Attributes:
        title: the kind.
        keys: of the systems.
        recall: plot of recall@1; None of queries that have none.
        curves: plot of moment errors by system; empty without true moments.
        matrix: the main metrics, one row per topic; None for a single topic.
        whole: all metrics, one row per topic and system.
    """

    title: str
    keys: list[Key]
    recall: RecallPlot | None
    curves: list[tuple[Key, Steps]]
    matrix: Table | None
    whole: Table


def render_evaluation(evaluation: Evaluation) -> str:
    """Render one evaluation.

    Returns:
        A complete HTML document without scripts, in which all text is escaped.
    """
    return _render([("", make_tables(evaluation))], None)


def render_comparison(evaluations: Sequence[Evaluation]) -> str:
    """Render several evaluations of the same queries: side by side, then each."""
    comparison = compare(evaluations)
    named = zip(comparison.names, comparison.tables, strict=True)
    return _render(named, tabulate(comparison))


def _render(named: Iterable[tuple[str, Tables]], comparison: Table | None) -> str:
    return render_page(
        "evaluation.html",
        "How well the library answers",
        ["evaluation.css"],
        evaluations=[{"name": name, **_gather(tables)} for name, tables in named],
        comparison=comparison,
        explanation=EXPLANATION,
        seconds_ticks=[(seconds, place_seconds(seconds)) for seconds in SECONDS_TICKS],
    )


def _gather(tables: Tables) -> dict[str, object]:
    """The content of the page for one evaluation."""
    topics, hubness = tables.list_topics(), tables.evaluation.hubness
    return {
        "title": format_title(tables),
        "fusion": tables.evaluation.name_fusion(),
        "headline": _list_headline(tables, topics),
        "groups": [_gather_group(tables, list(some)) for _, some in groupby(topics, name_group)],
        "hubness": describe_hubness(hubness) if hubness and hubness.counts else None,
        "occurrences": plot_occurrences(hubness) if hubness and hubness.counts else None,
        "notes": [*explain_figures([tables]), *list_notes(tables)],
    }


def _list_headline(tables: Tables, topics: Sequence[Topic]) -> Table | None:
    fusion = tables.evaluation.name_fusion()
    found = [
        (words, topic, row)
        for words, topic in find_headline(topics)
        if (row := tables.find_row(topic, fusion)) is not None
    ]
    if not found or fusion is None:
        return None
    metrics = _list_metrics([row for *_, row in found])
    names = [name for name in metrics if name not in NOT_IN_SHORT]
    blocks = []
    for group, some in groupby(found, key=lambda entry: name_group(entry[1])):
        block = list(some)
        lines = [
            _list_figures(words, row, names, _format_gain(tables.find_gain(topic, fusion)))
            for words, topic, row in block
        ]
        rows = [row for *_, row in block]
        blocks.append(Block(group, [*lines, _list_chances(rows, names, EMPTY)]))
    return Table(
        ("asked with", "queries", *(METRICS[name] for name in names), "over best alone"), blocks
    )


def _gather_group(tables: Tables, topics: Sequence[Topic]) -> Group:
    title, e = name_group(topics[0]), tables.evaluation
    systems = [m for m in e.list_systems() if any(tables.find_row(topic, m) for topic in topics)]
    timed = _list_timed(e, topics[0])
    has_ranks = topics[0].kind != "feedback"
    return Group(
        title,
        [choose_key(e, name) for name in systems],
        plot_recall(tables, topics, f"recall@1 of {title}") if has_ranks else None,
        plot_errors(e, {name: timed[name] for name in systems if name in timed}),
        _list_recalls(tables, topics, systems) if len(topics) > 1 else None,
        _list_all(tables, topics),
    )


def _list_timed(evaluation: Evaluation, topic: Topic) -> dict[str, list[Outcome]]:
    """The outcomes of a kind of query with a true moment, by system."""
    timed: dict[str, list[Outcome]] = {}
    for outcome in keep_answerable(evaluation.outcomes):
        is_kind = (outcome.kind, outcome.seconds) == (topic.kind, topic.seconds)
        if outcome.is_moment_asked and is_kind:
            timed.setdefault(outcome.system, []).append(outcome)
    return timed


def _list_recalls(tables: Tables, topics: Sequence[Topic], systems: Sequence[str]) -> Table:
    fusion = tables.evaluation.name_fusion()
    lines = []
    for topic in topics:
        cells = [_format_pair(tables.find_row(topic, name)) for name in systems]
        gain = _format_gain(tables.find_gain(topic, fusion))
        style: Literal["", "summary"] = "summary" if topic.is_summary else ""
        lines.append(Line([(name_distortion(topic), ""), *cells, gain], style))
    rows = [row for row in tables.rows if row.topic in topics]
    chances = [
        format_chance(RECALL_1, [row for row in rows if row.system == name]) for name in systems
    ]
    cells = [(chance, "") for chance in ("chance, recall@1", *chances, "")]
    head = ("recall@1 · MRR", *systems, f"{fusion} over best alone")
    return Table(head, [Block("", [*lines, Line(cells, "chance")])])


def _list_all(tables: Tables, topics: Sequence[Topic]) -> Table:
    of_group = [row for row in tables.rows if row.topic in topics]
    names = _list_metrics(of_group)
    blocks = []
    for topic in topics:
        rows = [row for row in of_group if row.topic == topic]
        lines = [_list_figures(row.system, row, names) for row in rows]
        blocks.append(Block(name_distortion(topic), [*lines, _list_chances(rows, names)]))
    return Table(("", "queries", *(METRICS[name] for name in names)), blocks)


def tabulate(comparison: Comparison) -> Table:
    """The evaluations beside each other, with the differences from the first."""
    others = [f"{name} less first" for name in comparison.names[1:]]
    blocks = []
    for group, block in groupby(comparison.lines, key=lambda line: name_group(line.topic)):
        lines = []
        for line in block:
            differences = [_format_difference(each) for each in line.differences[1:]]
            cells = [(name_line(line), ""), *map(_format_pair, line.rows), *differences]
            lines.append(Line(cells))
        blocks.append(Block(group, lines))
    return Table(("recall@1 · MRR", *comparison.names, *others), blocks)


def _list_metrics(rows: Sequence[Row]) -> list[str]:
    return [
        name
        for name in (*ALL_METRICS, *OWN_METRICS, *WEAK_METRICS)
        if any(name in row.figures for row in rows)
    ]


def _list_figures(label: str, row: Row, names: Sequence[str], *after: Cell) -> Line:
    figures = [row.figures.get(name) for name in names]
    cells = [
        EMPTY
        if figure is None
        else (format_value(name, figure.value), format_interval(name, figure))
        for name, figure in zip(names, figures, strict=True)
    ]
    return Line([(label, ""), (str(row.n_queries), ""), *cells, *after])


def _list_chances(rows: Sequence[Row], names: Sequence[str], *after: Cell) -> Line:
    chances = [(format_chance(name, rows), "") for name in names]
    return Line([("chance", ""), EMPTY, *chances, *after], "chance")


def _format_pair(row: Row | None) -> Cell:
    if row is None or RECALL_1 not in row.figures:
        return EMPTY
    recall, mrr = row.figures[RECALL_1], row.figures[MRR]
    values = f"{format_value(RECALL_1, recall.value)} · {format_value(MRR, mrr.value)}"
    return values, format_interval(RECALL_1, recall)


def _format_gain(gain: Gain | None) -> Cell:
    return EMPTY if gain is None else _format_difference(gain.difference, gain.best)


def _format_difference(difference: Difference | None, beside: str = "") -> Cell:
    if difference is None:
        return EMPTY
    return f"{format_difference(difference)} {beside}".strip(), format_difference_interval(
        difference
    )
