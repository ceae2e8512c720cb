"""Compares evaluations of the same queries, such as one library under two profiles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.metric_values import RECALL_1, Difference, keep_answerable, subtract
from mvsearch.search.evaluation.outcomes import JOINT_KINDS, Outcome
from mvsearch.search.evaluation.report.table import (
    explain_figures,
    format_title,
    list_notes,
    start_table,
    write_pair,
)
from mvsearch.search.evaluation.report.wording import (
    format_chance,
    format_difference,
    format_difference_interval,
    name_distortion,
    name_group,
)
from mvsearch.search.evaluation.tables import (
    Row,
    Tables,
    Topic,
    group_outcomes,
    make_tables,
    sort_topics,
)
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from rich.console import Console


# Their rows have no recall@1, or other queries under each profile.
NOT_COMPARED = ("quadrant", "feedback")


@dataclass(frozen=True, slots=True)
class Line:
    """One topic under each profile.

    Attributes:
        space: the joint space that was asked; None for the main fusion of each profile.
        rows: of each evaluation; None without queries on the topic.
        differences: of each evaluation from the first, over the queries of both; None for the
            first, and without queries.
    """

    topic: Topic
    space: str | None
    rows: tuple[Row | None, ...]
    differences: tuple[Difference | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evaluations side by side, each by its main fusion; own sounds by each joint space.

    Attributes:
        names: of the evaluations, such as `paper, weighted`.
        lines: one for each topic of any evaluation, and space; without quadrants
            and feedback.
    """

    names: tuple[str, ...]
    tables: tuple[Tables, ...]
    lines: tuple[Line, ...]


def compare(evaluations: Sequence[Evaluation]) -> Comparison:
    """Compare evaluations of the same queries.

    A query that an evaluation lacks, such as a sound without a sound encoder, counts as not found.
    """
    tables = tuple(make_tables(evaluation) for evaluation in evaluations)
    fusions = [evaluation.name_fusion() for evaluation in evaluations]
    groups = [group_outcomes(evaluation.outcomes) for evaluation in evaluations]
    lines = []
    for topic, space in _list_asked(tables):
        systems = [space or fusion for fusion in fusions]
        rows = tuple(t.find_row(topic, m) for t, m in zip(tables, systems, strict=True))
        if any(rows):
            found = [
                keep_answerable(each.get((topic, m), ()) if m else ())
                for each, m in zip(groups, systems, strict=True)
            ]
            lines.append(Line(topic, space, rows, _part(found, tables)))
    names = (f"{e.profile}, {m}" for e, m in zip(evaluations, fusions, strict=True))
    return Comparison(tuple(names), tables, tuple(lines))


def _list_asked(all_tables: Sequence[Tables]) -> Iterable[tuple[Topic, str | None]]:
    """The topics in their order, and the joint spaces that answered them."""
    rows = [
        row for tables in all_tables for row in tables.rows if row.topic.kind not in NOT_COMPARED
    ]
    for topic in sort_topics(row.topic for row in rows):
        if topic.kind in JOINT_KINDS:
            spaces = dict.fromkeys(row.system for row in rows if row.topic == topic)
            yield from ((topic, space) for space in spaces)
        else:
            yield topic, None


def _part(
    found: Sequence[Sequence[Outcome]], tables: Sequence[Tables]
) -> tuple[Difference | None, ...]:
    """The difference of each from the first, over the queries of the one with more."""
    first, options = found[0], tables[0].options
    differences: list[Difference | None] = [None]
    for other in found[1:]:
        if len(other) >= len(first):
            differences.append(subtract(other, first, options))
        else:
            turned = subtract(first, other, options)
            differences.append(None if turned is None else turned.turn())
    return tuple(differences)


def name_line(line: Line) -> str:
    """The distortion of a line, or the joint space that was asked."""
    return name_distortion(line.topic) if line.space is None else printable(line.space)


def print_comparison(evaluations: Sequence[Evaluation], console: "Console") -> None:
    """Print evaluations side by side: recall@1 and MRR of each, and the differences."""
    comparison = compare(evaluations)
    for tables in comparison.tables:
        console.print(Text(format_title(tables), style="bold"))
    console.print()
    console.print(_build_table(comparison))
    console.print()
    console.print(Text(EXPLANATION))
    for line in explain_figures(comparison.tables):
        console.print(Text(line))
    for name, tables in zip(comparison.names, comparison.tables, strict=True):
        for line in list_notes(tables):
            console.print(Text(f"{printable(name)}: {line}"))


EXPLANATION = (
    "recall@1 · MRR, with the interval of recall@1; then recall@1 less that of the first profile, "
    "query by query: what a profile could not be asked, it did not find"
)


def _build_table(comparison: Comparison) -> Table:
    others = [f"{printable(name)} less first" for name in comparison.names[1:]]
    table = start_table("Side by side", (*comparison.names, *others))
    for group, block in groupby(comparison.lines, key=lambda line: name_group(line.topic)):
        lines = list(block)
        for line in lines:
            label = Text(f"{group}, {name_line(line)}")
            cells = [Text("–") if row is None else write_pair(row) for row in line.rows]
            table.add_row(label, *cells, *_write_differences(line))
        chances = [
            format_chance(RECALL_1, [row for line in lines if (row := line.rows[at]) is not None])
            for at in range(len(comparison.names))
        ]
        table.add_row("chance", *chances, style="dim", end_section=True)
    return table


def _write_differences(line: Line) -> Iterable[Text]:
    for difference in line.differences[1:]:
        if difference is None:
            yield Text("")
        else:
            span = format_difference_interval(difference)
            yield Text.assemble(format_difference(difference), "\n" if span else "", (span, "dim"))
