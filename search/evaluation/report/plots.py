"""Draws evaluation plots as SVG: recall by distortion, moment errors, hubs."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.metric_values import RECALL_1, Figure
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.report.wording import name_distortion, say_interval, say_value
from mvsearch.search.evaluation.tables import Row, Tables, Topic
from mvsearch.search.output.html.page import wrap_wide
from mvsearch.store.records import MODALITIES
from mvsearch.store.unicode import printable

# In CSS pixels; the page scales them to its width.
WIDTH, LEFT, RIGHT, HEAD, FOOT = 900, 160, 24, 26, 44
LINE_HEIGHT = 6
CURVE_HEIGHT = 300
DOT = 3.6
N_FUSION_COLOURS = 4
SECONDS_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
MAX_BARS = 40

Scale = Callable[[float], float]


def name_class(evaluation: Evaluation, system: str) -> str:
    """The CSS class for the colour of a system; the main fusion has the strongest."""
    if system in MODALITIES:
        return system
    main = evaluation.name_fusion()
    others = [m for m in evaluation.list_systems() if m not in (*MODALITIES, main)]
    at = 0 if system == main else 1 + others.index(system) % (N_FUSION_COLOURS - 1)
    return f"fusion-{at}"


def draw_mark(x: float, y: float, system: str, size: float = DOT) -> str:
    """A dot for a modality, a diamond for a fusion, so that colour is not all there is."""
    if system in MODALITIES:
        return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{size:g}"/>'
    s = size * 1.3
    return f'<path class="dot" d="M{x:.1f} {y - s:.1f}l{s:g} {s:g}l-{s:g} {s:g}l-{s:g} -{s:g}z"/>'


def draw_legend(evaluation: Evaluation, systems: Sequence[str], *, has_chance: bool = True) -> str:
    """What each mark is."""
    items = "".join(
        f'<li><svg viewBox="0 0 10 10" aria-hidden="true">'
        f'<g class="{name_class(evaluation, name)}">{draw_mark(5, 5, name)}</g></svg>'
        f"{escape(printable(name))}</li>"
        for name in systems
    )
    chance = (
        '<li><svg viewBox="0 0 10 10" aria-hidden="true"><line class="chance" x1="0" y1="5" '
        'x2="10" y2="5"/></svg>chance</li>'
    )
    return f'<ul class="legend">{items}{chance if has_chance else ""}</ul>'


def draw_recall(tables: Tables, topics: Sequence[Topic], title: str) -> str:
    """Recall@1 of each system by topic, with intervals, and chance as a dashed line.

    Args:
        tables: measured.
        topics: a line each, from the top.
        title: for those who do not see it.
    """
    systems = tables.evaluation.list_systems()
    asked = [m for m in systems if any(tables.find_row(topic, m) for topic in topics)]
    step = 14 + LINE_HEIGHT * max(len(asked), 2)
    bottom = HEAD + step * len(topics)
    parts = [
        _draw_shares(HEAD, bottom),
        _name_axis(bottom, "recall@1: share of queries whose first answer is right"),
    ]
    for at, topic in enumerate(topics):
        top = HEAD + step * at
        parts += _draw_topic(tables, topic, asked, top, step, has_band=at % 2 == 0)
    return _frame(bottom + FOOT, title, parts)


def _draw_topic(
    tables: Tables, topic: Topic, systems: Sequence[str], top: float, step: float, *, has_band: bool
) -> list[str]:
    middle = top + step / 2
    strong = " strong" if topic.is_summary else ""
    parts = [
        f'<rect class="band" x="0" y="{top:g}" width="{WIDTH}" height="{step:g}"/>'
        if has_band
        else "",
        f'<text class="label{strong}" x="{LEFT - 14}" y="{middle + 4:g}" text-anchor="end">'
        f"{escape(name_distortion(topic))}</text>",
    ]
    rows = [row for name in systems if (row := tables.find_row(topic, name)) is not None]
    known = [row.figures[RECALL_1] for row in rows if RECALL_1 in row.figures]
    chances = [figure.chance for figure in known if figure.chance is not None]
    if chances:
        x = _place_share(max(chances))
        parts.append(f'<path class="chance" d="M{x:.1f} {top:g}v{step:g}"/>')
    for row in rows:
        y = middle + LINE_HEIGHT * (systems.index(row.system) - (len(systems) - 1) / 2)
        parts.append(_draw_figure(tables.evaluation, row, y))
    return parts


def _draw_figure(evaluation: Evaluation, row: Row, y: float) -> str:
    figure = row.figures.get(RECALL_1, Figure(None))
    if figure.value is None:
        return ""
    span = figure.interval
    line = ""
    if span is not None:
        low, high = _place_share(span.low), _place_share(span.high)
        line = f'<path class="span" d="M{low:.1f} {y:g}H{high:.1f}"/>'
    said = escape(
        f"{name_distortion(row.topic)}, {printable(row.system)}: "
        f"{say_value(RECALL_1, figure.value)} {say_interval(RECALL_1, figure)}".strip()
    )
    mark = draw_mark(_place_share(figure.value), y, row.system)
    return f'<g class="{name_class(evaluation, row.system)}"><title>{said}</title>{line}{mark}</g>'


def draw_errors(evaluation: Evaluation, by_system: Mapping[str, Sequence[Outcome]]) -> str:
    """The share of queries with a moment error up to each time, for each system.

    Args:
        evaluation: for colours.
        by_system: outcomes that were asked for a moment; one without a time never counts as near,
            so that a curve ends at the share that was given a time.
    """
    bottom = HEAD + CURVE_HEIGHT
    place_share = _make_scale(0, 1, bottom, HEAD)
    place = _make_scale(math.log(SECONDS_TICKS[0]), math.log(SECONDS_TICKS[-1]), LEFT, _right())
    parts = [_draw_levels(place_share), _name_axis(bottom, "moment off by at most, in seconds")]
    for tick in SECONDS_TICKS:
        x = place(math.log(tick))
        parts.append(
            f'<path class="grid" d="M{x:.1f} {HEAD}V{bottom}"/>'
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
        )
    for system, outcomes in by_system.items():
        errors = [o.moment_error_seconds for o in outcomes if o.moment_error_seconds is not None]
        path = _trace(sorted(errors), len(outcomes), place, place_share)
        parts.append(
            f'<g class="{name_class(evaluation, system)}">'
            f"<title>{escape(printable(system))}</title>"
            f'<path class="curve" d="{path}"/></g>'
        )
    parts.append(_name_levels("share of queries", HEAD, bottom))
    return _frame(bottom + FOOT, "Share of queries by moment error", parts)


def _trace(errors: Sequence[float], n: int, place: Scale, place_share: Scale) -> str:
    """A step up by 1 / n at each error; those below the first tick are on it."""
    low, high = SECONDS_TICKS[0], SECONDS_TICKS[-1]
    path = f"M{place(math.log(low)):.1f} {place_share(0):.1f}"
    for at, error in enumerate(errors, start=1):
        if error > high:
            break
        path += f"H{place(math.log(max(error, low))):.1f}V{place_share(at / max(n, 1)):.1f}"
    return f"{path}H{place(math.log(high)):.1f}"


def draw_occurrences(hubness: Hubness) -> str:
    """How many videos are how often among the first k, beside what random order would give."""
    counts = np.asarray(hubness.counts)
    most = max(int(counts.max(initial=0)), 2 * hubness.k if hubness.n_rankings > hubness.k else 1)
    width = max(1, math.ceil((most + 1) / MAX_BARS))
    n_bins = math.ceil((most + 1) / width)
    seen = np.bincount(counts // width, minlength=n_bins)
    expected = hubness.expect_occurrences(n_bins * width).reshape(n_bins, width).sum(axis=1)
    peak = max(float(seen.max(initial=1)), float(expected.max(initial=1)), 1.0)
    bottom = HEAD + CURVE_HEIGHT
    place_x = _make_scale(0, n_bins, LEFT, _right())
    place_y = _make_scale(0, peak, bottom, HEAD)
    parts = [
        _name_axis(bottom, f"times among the first {hubness.k}"),
        _name_levels("number of videos", HEAD, bottom),
        *(_draw_level(place_y(level), f"{level:g}") for level in _choose_levels(peak)),
    ]
    for at, n_seen in enumerate(seen.tolist()):
        name = str(at * width) if width == 1 else f"{at * width}–{(at + 1) * width - 1}"
        parts.append(_draw_bar(place_x(at), place_x(at + 1), place_y(n_seen), bottom, name, n_seen))
        if at % math.ceil(n_bins / 12) == 0:
            x = (place_x(at) + place_x(at + 1)) / 2
            parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{name}</text>')
    middles = ((place_x(at) + place_x(at + 1)) / 2 for at in range(n_bins))
    points = " ".join(
        f"{x:.1f},{place_y(v):.1f}" for x, v in zip(middles, expected.tolist(), strict=True)
    )
    parts.append(f'<polyline class="chance" points="{points}"/>')
    return _frame(bottom + FOOT, "Occurrences among the first similar songs", parts)


def _draw_bar(left: float, right: float, top: float, bottom: float, name: str, n: int) -> str:
    return (
        f'<g><title>{name} times: {n} videos</title><rect class="column" x="{left + 1:.1f}" '
        f'y="{top:.1f}" width="{max(right - left - 2, 1):.1f}" height="{bottom - top:.1f}"/></g>'
    )


def _choose_levels(peak: float) -> list[int]:
    step = max(1, round(peak / 5))
    return list(range(0, math.floor(peak) + 1, step))


def _make_scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _right() -> float:
    return WIDTH - RIGHT


def _place_share(share: float) -> float:
    return _make_scale(0, 1, LEFT, _right())(share)


def _draw_shares(top: float, bottom: float) -> str:
    """Upright lines at every fifth, named above and below."""
    parts = []
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x = _place_share(tick)
        parts.append(f'<path class="grid" d="M{x:.1f} {top:g}V{bottom:g}"/>')
        for y in (top - 8, bottom + 18):
            parts.append(f'<text x="{x:.1f}" y="{y:g}" text-anchor="middle">{tick:g}</text>')
    return "".join(parts)


def _draw_levels(place: Scale) -> str:
    return "".join(_draw_level(place(tick), f"{tick:g}") for tick in (0, 0.2, 0.4, 0.6, 0.8, 1))


def _draw_level(y: float, name: str) -> str:
    return (
        f'<path class="grid" d="M{LEFT} {y:.1f}H{_right():g}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
    )


def _name_axis(bottom: float, words: str) -> str:
    x = (LEFT + _right()) / 2
    return f'<text x="{x:g}" y="{bottom + 38:g}" text-anchor="middle">{words}</text>'


def _name_levels(words: str, top: float, bottom: float) -> str:
    middle = (top + bottom) / 2
    x = LEFT - 48
    return (
        f'<text x="{x}" y="{middle:g}" text-anchor="middle" '
        f'transform="rotate(-90 {x} {middle:g})">{words}</text>'
    )


def _frame(height: float, title: str, parts: Sequence[str]) -> str:
    drawing = (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
    return wrap_wide(drawing, f"Plot: {escape(title)}")
