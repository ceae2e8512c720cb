"""Formats an evaluation as one self-contained HTML page."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.metric_values import (
    MOMENT_NEAR,
    MRR,
    RECALL_1,
    SHARE_10,
    Difference,
    keep_answerable,
)
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.report.comparison import EXPLANATION, Comparison, Line, compare
from mvsearch.search.evaluation.report.page_style import PAGE_STYLE
from mvsearch.search.evaluation.report.plots import (
    draw_errors,
    draw_legend,
    draw_occurrences,
    draw_recall,
)
from mvsearch.search.evaluation.report.table import (
    ALL_METRICS,
    explain_figures,
    list_notes,
    say_hubness,
    say_title,
)
from mvsearch.search.evaluation.report.wording import (
    METRICS,
    name_distortion,
    name_group,
    say_chance,
    say_difference,
    say_difference_interval,
    say_interval,
    say_value,
)
from mvsearch.search.evaluation.tables import Gain, Row, Tables, Topic, find_headline, make_tables
from mvsearch.search.output.html.page import hash_style
from mvsearch.search.output.html.style import STYLE
from mvsearch.store.unicode import printable

# What a first table can do without; every metric has its place further down.
NOT_IN_SHORT = (SHARE_10, MOMENT_NEAR)


def render_evaluation(evaluation: Evaluation) -> str:
    """Render one evaluation.

    Returns:
        A whole HTML document without a script, all text from outside escaped.
    """
    return _write_page(_write_body(make_tables(evaluation)))


def render_comparison(evaluations: Sequence[Evaluation]) -> str:
    """Render several evaluations of the same queries: side by side, then each."""
    comparison = compare(evaluations)
    bodies = [
        part
        for name, tables in zip(comparison.names, comparison.tables, strict=True)
        for part in (f'<h2 class="part">{_safe(name)}</h2>', *_write_body(tables))
    ]
    return _write_page([_write_comparison(comparison), *bodies])


def _write_page(body: Iterable[str]) -> str:
    style = STYLE + PAGE_STYLE
    digest = hash_style(style)
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>How well the library answers</title><style>{style}</style></head><body>",
            "<h1>How well the library answers</h1>",
            *body,
            "<footer>Made by mvsearch.</footer></body></html>",
        ]
    )


def _write_body(tables: Tables) -> list[str]:
    topics = tables.list_topics()
    groups = [list(block) for _, block in groupby(topics, key=name_group)]
    return [
        f'<p class="lead">{_safe(say_title(tables))}</p>',
        _write_headline(tables, topics),
        *(_write_group(tables, group) for group in groups),
        _write_hubness(tables.evaluation),
        _write_notes(tables),
    ]


def _safe(text: object) -> str:
    return escape(printable(text))


def _write_headline(tables: Tables, topics: Sequence[Topic]) -> str:
    fusion = tables.evaluation.name_fusion()
    headline = find_headline(topics)
    rows = [row for _, topic in headline if (row := tables.find_row(topic, fusion)) is not None]
    if not rows or fusion is None:
        return ""
    names = [name for name in _list_metrics(rows) if name not in NOT_IN_SHORT]
    parts = []
    for group, block in groupby(headline, key=lambda entry: name_group(entry[1])):
        lines, shown = [], []
        for words, topic in block:
            row = tables.find_row(topic, fusion)
            if row is not None:
                shown.append(row)
                gain = _write_gain(tables.find_gain(topic, fusion))
                lines.append(_write_row(words, row, names, gain))
        if shown:
            parts.append(_write_block(group, lines, shown, names, n_after=1))
    head = _write_head(("asked with", "queries", *(METRICS[n] for n in names), "over best alone"))
    return (
        f"<section><h2>In short</h2><p>Asked with all there is ({_safe(fusion)}).</p>"
        f"{_wrap(head, parts)}</section>"
    )


def _write_group(tables: Tables, topics: Sequence[Topic]) -> str:
    """One kind of query: the results of each system under each distortion, as plots and tables."""
    group = name_group(topics[0])
    e = tables.evaluation
    systems = [m for m in e.list_systems() if any(tables.find_row(topic, m) for topic in topics)]
    caption = (
        "Each mark is one system, its line the 95 % interval over videos; the dashed line is "
        "chance, the highest where systems rank different numbers of videos."
    )
    return (
        f"<section><h2>{_safe(group).capitalize()}</h2>"
        f"<figure><h3>How often the first answer is right</h3><figcaption>{caption}</figcaption>"
        f"{draw_legend(e, systems)}{draw_recall(tables, topics, f'recall@1 of {group}')}</figure>"
        f"{_draw_moments(e, topics[0], systems)}"
        f"{_write_figures(tables, topics, systems)}</section>"
    )


def _draw_moments(evaluation: Evaluation, topic: Topic, systems: Sequence[str]) -> str:
    timed: dict[str, list[Outcome]] = {}
    for outcome in keep_answerable(evaluation.outcomes):
        if outcome.is_moment_asked and (outcome.kind, outcome.seconds) == (
            topic.kind,
            topic.seconds,
        ):
            timed.setdefault(outcome.system, []).append(outcome)
    if not timed:
        return ""
    ordered = {name: timed[name] for name in systems if name in timed}
    return (
        "<figure><h3>How far the moment given is off</h3><figcaption>Over all distortions; a curve "
        "ends at the share of queries that were given a time.</figcaption>"
        f"{draw_legend(evaluation, list(ordered), has_chance=False)}"
        f"{draw_errors(evaluation, ordered)}</figure>"
    )


def _write_figures(tables: Tables, topics: Sequence[Topic], systems: Sequence[str]) -> str:
    whole = _write_whole(tables, topics)
    if len(topics) == 1:
        return whole
    details = f"<details><summary>Every metric</summary>{whole}</details>"
    return _write_matrix(tables, topics, systems) + details


def _write_matrix(tables: Tables, topics: Sequence[Topic], systems: Sequence[str]) -> str:
    fusion = tables.evaluation.name_fusion()
    head = _write_head(("recall@1 · MRR", *systems, f"{fusion} over best alone"))
    lines = []
    for topic in topics:
        rows = [tables.find_row(topic, name) for name in systems]
        cells = "".join(_write_pair(row) for row in rows)
        label = f"<td>{_safe(name_distortion(topic))}</td>"
        gain = _write_gain(tables.find_gain(topic, fusion))
        start = '<tr class="summary">' if topic.is_summary else "<tr>"
        lines.append(f"{start}{label}{cells}{gain}</tr>")
    of_group = [row for row in tables.rows if row.topic in topics]
    chances = "".join(
        f"<td>{say_chance(RECALL_1, [row for row in of_group if row.system == name])}</td>"
        for name in systems
    )
    lines.append(f'<tr class="chance"><td>chance, recall@1</td>{chances}<td></td></tr>')
    return _wrap(head, [f"<tbody>{''.join(lines)}</tbody>"])


def _write_whole(tables: Tables, topics: Sequence[Topic]) -> str:
    of_group = [row for row in tables.rows if row.topic in topics]
    names = _list_metrics(of_group)
    blocks = []
    for topic in topics:
        rows = [row for row in of_group if row.topic == topic]
        lines = [_write_row(row.system, row, names) for row in rows]
        blocks.append(_write_block(name_distortion(topic), lines, rows, names))
    return _wrap(_write_head(("", "queries", *(METRICS[n] for n in names))), blocks)


def _write_hubness(evaluation: Evaluation) -> str:
    hubness = evaluation.hubness
    if hubness is None or not hubness.counts:
        return ""
    return (
        f"<section><h2>Hubs</h2><p>{_safe(say_hubness(hubness))}.</p><figure>"
        f"<h3>How often each video is among the first {hubness.k} of the others</h3>"
        "<figcaption>Bars are what was found; the dashed line is what random order would give."
        f"</figcaption>{draw_occurrences(hubness)}</figure></section>"
    )


def _write_notes(tables: Tables) -> str:
    items = "".join(
        f"<li>{_safe(note)}</li>" for note in (*explain_figures([tables]), *list_notes(tables))
    )
    return f'<section><h2>Notes</h2><ul class="notes">{items}</ul></section>'


def _write_comparison(comparison: Comparison) -> str:
    others = [f"{name} less first" for name in comparison.names[1:]]
    head = _write_head(("recall@1 · MRR", *comparison.names, *others))
    blocks = []
    for group, block in groupby(comparison.lines, key=lambda line: name_group(line.topic)):
        lines = "".join(_write_line(line) for line in block)
        n_columns = 1 + len(comparison.names) + len(others)
        title = f'<tr><th colspan="{n_columns}">{_safe(group)}</th></tr>'
        blocks.append(f'<tbody class="group">{title}{lines}</tbody>')
    return (
        f"<section><h2>Side by side</h2><p>{_safe(EXPLANATION)}.</p>{_wrap(head, blocks)}</section>"
    )


def _write_line(line: Line) -> str:
    cells = "".join(_write_pair(row) for row in line.rows)
    parted = "".join(_write_difference(each) for each in line.differences[1:])
    return f"<tr><td>{_safe(name_distortion(line.topic))}</td>{cells}{parted}</tr>"


def _list_metrics(rows: Sequence[Row]) -> list[str]:
    return [name for name in ALL_METRICS if any(name in row.figures for row in rows)]


def _wrap(head: str, bodies: Iterable[str]) -> str:
    return f'<div class="scroll"><table>{head}{"".join(bodies)}</table></div>'


def _write_head(names: Iterable[str]) -> str:
    cells = "".join(f'<th scope="col">{_safe(name)}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _write_block(
    title: str, lines: Sequence[str], rows: Sequence[Row], names: Sequence[str], n_after: int = 0
) -> str:
    """Lines under a title, with chance below them."""
    n_columns = 2 + len(names) + n_after
    chances = "".join(f"<td>{say_chance(name, rows)}</td>" for name in names) + "<td></td>" * (
        n_after
    )
    return (
        f'<tbody class="group"><tr><th colspan="{n_columns}">{_safe(title)}</th></tr>'
        f'{"".join(lines)}<tr class="chance"><td>chance</td><td></td>{chances}</tr></tbody>'
    )


def _write_row(label: str, row: Row, names: Sequence[str], after: str = "") -> str:
    cells = []
    for name in names:
        figure = row.figures.get(name)
        value = "" if figure is None else say_value(name, figure.value)
        cells.append(_write_cell(value, "" if figure is None else say_interval(name, figure)))
    return f"<tr><td>{_safe(label)}</td><td>{row.n_queries}</td>{''.join(cells)}{after}</tr>"


def _write_pair(row: Row | None) -> str:
    if row is None or RECALL_1 not in row.figures:
        return "<td></td>"
    recall, mrr = row.figures[RECALL_1], row.figures[MRR]
    values = f"{say_value(RECALL_1, recall.value)} · {say_value(MRR, mrr.value)}"
    return _write_cell(values, say_interval(RECALL_1, recall))


def _write_gain(gain: Gain | None) -> str:
    return "<td></td>" if gain is None else _write_difference(gain.difference, gain.best)


def _write_difference(difference: Difference | None, beside: str = "") -> str:
    if difference is None:
        return "<td></td>"
    value = f"{say_difference(difference)} {_safe(beside)}".strip()
    return _write_cell(value, say_difference_interval(difference))


def _write_cell(value: str, span: str) -> str:
    return f"<td>{value}{f'<small>{span}</small>' if span else ''}</td>"
