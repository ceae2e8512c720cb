"""Formats an evaluation as terminal tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.intervals import BootstrapOptions
from mvsearch.search.evaluation.metric_values import (
    FEEDBACK_METRICS,
    MAP,
    MIX_METRICS,
    MOMENT_ERROR,
    MOMENT_METRICS,
    MRR,
    PART_METRICS,
    QUADRANT_METRICS,
    RANK_METRICS,
    RECALL_1,
    SIMILAR_METRICS,
    WEAK_METRICS,
)
from mvsearch.search.evaluation.report.wording import (
    MEANING,
    METRICS,
    format_chance,
    format_difference,
    format_difference_interval,
    format_interval,
    format_value,
    name_distortion,
    name_group,
)
from mvsearch.search.evaluation.tables import (
    ALL,
    Gain,
    Row,
    Tables,
    Topic,
    find_headline,
    make_tables,
)
from mvsearch.search.output.text import shorten
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from rich.console import Console

ALL_METRICS = (*RANK_METRICS, *SIMILAR_METRICS, *MOMENT_METRICS)
# The metrics of the headline below a width in characters.
NARROW_METRICS = {100: (RECALL_1, MRR, MOMENT_ERROR), 125: (RECALL_1, MRR, MAP, MOMENT_ERROR)}
# Width of the table by distortion in characters: for each system, with the interval beside the
# value or below it, and for the rest.
WIDE_PAIR, WIDE_REST, PAIR, REST = 23, 50, 13, 37


def print_evaluation(evaluation: Evaluation, console: "Console") -> None:
    """Print an evaluation: the headline, then each system, then each distortion.

    Args:
        evaluation: to print.
        console: whose width limits the columns.
    """
    tables = make_tables(evaluation)
    console.print(Text(format_title(tables), style="bold"))
    for table in _build_tables(tables, console.width):
        console.print()
        console.print(table)
    console.print()
    for line in (*explain_figures([tables]), *list_notes(tables)):
        console.print(Text(line))


def format_title(tables: Tables) -> str:
    """The library, profile and size of an evaluation in one line."""
    e = tables.evaluation
    n_queries = len({(o.kind, o.seconds, o.query, o.distortion) for o in e.outcomes})
    return (
        f"{printable(e.library)} · profile {printable(e.profile)} · {e.n_videos} videos · "
        f"{n_queries} queries · seed {e.seed}"
    )


def explain_figures(all_tables: Sequence[Tables]) -> list[str]:
    """The explanations of the columns of these tables."""
    rows = [row for tables in all_tables for row in tables.rows]
    used = [name for name in MEANING if any(name in row.figures for row in rows)]
    lines = [f"{METRICS[name]}: {MEANING[name]}" for name in used]
    n_resamples = BootstrapOptions().n_resamples
    lines.append(
        "spans: 95 % bootstrap intervals over the videos that queries were made from "
        f"({n_resamples} resamples), without width where all fared alike, which is no certainty; "
        "chance: the same videos in random order"
    )
    if any(tables.gains for tables in all_tables):
        lines.append(
            "over best alone: recall@1 less that of the best modality on the same queries; what a "
            "modality cannot be asked, it does not find; it ranks the videos that have it, which "
            "may be fewer, so that its chance is higher"
        )
    return lines


def list_notes(tables: Tables) -> list[str]:
    """The remarks on an evaluation."""
    n_left_out = count_left_out(tables)
    notes = [f"left out, as no answer is right: {n_left_out} queries"] if n_left_out else []
    hubness = tables.evaluation.hubness
    if hubness is not None:
        notes.append(f"hubs: {describe_hubness(hubness)}")
    return notes + [printable(note) for note in tables.evaluation.notes]


def count_left_out(tables: Tables) -> int:
    """The number of queries without a right answer."""
    asked = {
        (o.kind, o.seconds, o.query, o.distortion)
        for o in tables.evaluation.outcomes
        if o.n_relevant == 0
    }
    return len(asked)


def describe_hubness(hubness: Hubness) -> str:
    """The hubness in words."""
    largest = ", ".join(
        f"{shorten(printable(name))} ({count})" for name, count in hubness.list_largest(3)
    )
    return (
        f"Among the first {hubness.k} of {hubness.n_rankings} lists of similar songs, the "
        f"occurrences have a skewness of {hubness.skewness:.2f} "
        f"(chance {hubness.expect_skewness():.2f}); "
        f"a video is in {hubness.mean_share:.0%} of the lists on average, the most frequent in up "
        f"to {hubness.largest_share:.0%}: {largest}"
    )


def _build_tables(tables: Tables, width: int) -> Iterable[Table]:
    topics = tables.list_topics()
    headline = find_headline(topics)
    if headline and tables.evaluation.name_fusion() is not None:
        yield _build_headline(tables, headline, width)
    names = _choose_metrics(tables.rows, width)
    ranked = [topic for topic in topics if topic.kind != "feedback"]
    if ranked:
        yield _build_systems(tables, ranked, "By system, over all distortions", names)
    for title, wanted in (
        ("Marked weak", WEAK_METRICS),
        ("Each part in time", PART_METRICS),
        ("Two videos", MIX_METRICS),
        ("Sound of the same quadrant", QUADRANT_METRICS),
        ("Lists until the video is shown, without and with feedback", FEEDBACK_METRICS),
    ):
        shown = [name for name in wanted if any(name in row.figures for row in tables.rows)]
        having = {row.topic for row in tables.rows if any(name in row.figures for name in shown)}
        if having:
            yield _build_systems(tables, [t for t in topics if t in having], title, shown)
    for _, group in groupby(topics, key=name_group):
        found = list(group)
        if len(found) > 1:
            yield from _build_distortions(tables, found, width)


def start_table(title: str, columns: Iterable[str]) -> Table:
    """A table without lines: a column of labels, then columns of numbers.

    Labels may be wrapped, numbers are not.
    """
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("", overflow="fold", min_width=20)
    for name in columns:
        table.add_column(Text(printable(name)), justify="right", no_wrap=True)
    return table


def _build_headline(tables: Tables, headline: Sequence[tuple[str, Topic]], width: int) -> Table:
    fusion = tables.evaluation.name_fusion()
    names = _choose_metrics([r for r in tables.rows if r.system == fusion], width)
    columns = ("n", *(METRICS[name] for name in names), "over best alone")
    table = start_table(f"In short, asked with all there is ({fusion})", columns)
    for group, block in groupby(headline, key=lambda entry: name_group(entry[1])):
        rows = []
        table.add_row(Text(group, style="bold"))
        for words, topic in block:
            row = tables.find_row(topic, fusion)
            if row is not None:
                rows.append(row)
                gain = _write_gain(tables.find_gain(topic, fusion))
                table.add_row(f"  {words}", str(row.n_queries), *_write_row(row, names), gain)
        _end_block(table, rows, names, n_before=1)
    return table


def _build_systems(
    tables: Tables, topics: Sequence[Topic], title: str, names: Sequence[str]
) -> Table:
    table = start_table(title, ("n", *(METRICS[name] for name in names)))
    for group, block in groupby(topics, key=name_group):
        found = list(block)
        table.add_row(Text(group, style="bold"))
        topic = next((t for t in found if t.distortion == ALL), found[0])
        rows = [row for row in tables.rows if row.topic == topic]
        for row in rows:
            label = f"  {printable(row.system)}"
            table.add_row(label, str(row.n_queries), *_write_row(row, names))
        _end_block(table, rows, names, n_before=1)
    return table


def _build_distortions(tables: Tables, topics: Sequence[Topic], width: int) -> Iterable[Table]:
    """One table, or several below each other if the systems do not fit into the width."""
    systems = tables.evaluation.list_systems()
    asked = [m for m in systems if any(tables.find_row(topic, m) for topic in topics)]
    is_wide = width >= WIDE_REST + WIDE_PAIR * len(asked)
    n_beside = len(asked) if is_wide else max(1, (width - REST) // PAIR)
    for start in range(0, len(asked), n_beside):
        part = asked[start : start + n_beside]
        is_last = start + n_beside >= len(asked)
        yield _build_part(tables, topics, part, is_wide=is_wide, has_gain=is_last)


def _build_part(
    tables: Tables,
    topics: Sequence[Topic],
    systems: Sequence[str],
    *,
    is_wide: bool,
    has_gain: bool,
) -> Table:
    fusion = tables.evaluation.name_fusion()
    title = f"Every distortion of {name_group(topics[0])}: recall@1 · MRR, interval of recall@1"
    table = start_table(title, (*systems, *(["over best alone"] if has_gain else [])))
    for topic in topics:
        rows = [tables.find_row(topic, name) for name in systems]
        cells = [Text("") if row is None else write_pair(row, is_wide=is_wide) for row in rows]
        if has_gain:
            cells.append(_write_gain(tables.find_gain(topic, fusion), is_wide=is_wide))
        label = Text(name_distortion(topic), style="bold" if topic.is_summary else "")
        table.add_row(label, *cells)
    chances = [
        format_chance(RECALL_1, [r for r in tables.rows if r.topic in topics and r.system == name])
        for name in systems
    ]
    table.add_row("chance", *chances, style="dim")
    return table


def _choose_metrics(rows: Sequence[Row], width: int) -> list[str]:
    fitting = (chosen for limit, chosen in NARROW_METRICS.items() if width < limit)
    wanted = next(fitting, ALL_METRICS)
    return [name for name in wanted if any(name in row.figures for row in rows)]


def _end_block(table: Table, rows: Sequence[Row], names: Sequence[str], n_before: int) -> None:
    if rows:
        chances = [format_chance(name, rows) for name in names]
        table.add_row("  chance", *[""] * n_before, *chances, style="dim", end_section=True)


def _write_row(row: Row, names: Sequence[str]) -> list[Text]:
    cells = []
    for name in names:
        figure = row.figures.get(name)
        value = "" if figure is None else format_value(name, figure.value)
        span = "" if figure is None else format_interval(name, figure)
        cells.append(_join(value, span))
    return cells


def write_pair(row: Row, *, is_wide: bool = False) -> Text:
    """Recall@1 and MRR of a row, with the interval of the first."""
    recall, mrr = row.figures.get(RECALL_1), row.figures.get(MRR)
    if recall is None or mrr is None:
        return Text("")
    values = f"{format_value(RECALL_1, recall.value)} · {format_value(MRR, mrr.value)}"
    return _join(values, format_interval(RECALL_1, recall), is_wide=is_wide)


def _write_gain(gain: Gain | None, *, is_wide: bool = False) -> Text:
    if gain is None:
        return Text("")
    value = f"{format_difference(gain.difference)} {gain.best}"
    return _join(value, format_difference_interval(gain.difference), is_wide=is_wide)


def _join(value: str, span: str, *, is_wide: bool = False) -> Text:
    """A value and its dimmed interval, next to it if the table is wide, else below it."""
    gap = "" if not span else (" " if is_wide else "\n")
    return Text.assemble(value, gap, (span, "dim"))
