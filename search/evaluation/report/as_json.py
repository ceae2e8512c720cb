"""Formats an evaluation as JSON with stable keys."""

from collections.abc import Sequence
from typing import Any

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.intervals import LEVEL, Interval
from mvsearch.search.evaluation.metric_values import Difference, Figure
from mvsearch.search.evaluation.report.comparison import Comparison, compare
from mvsearch.search.evaluation.report.wording import name_group
from mvsearch.search.evaluation.tables import Gain, Row, Tables, Topic, find_headline, make_tables

PLACES = 6


def evaluation_to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Format an evaluation.

    Returns:
        The same for the same outcomes in any order. A row has `figures` by name, each with `value`,
        `low`, `high` and `chance`, or null. `headline` contains positions in `rows`, of the system
        named by `fusion`.
    """
    tables = make_tables(evaluation)
    fusion = evaluation.name_fusion()
    return {
        "library": evaluation.library,
        "profile": evaluation.profile,
        "seed": evaluation.seed,
        "n_videos": evaluation.n_videos,
        "interval": {"level": LEVEL, "n_resamples": tables.options.n_resamples},
        "means": list(evaluation.list_systems()),
        "fusion": fusion,
        "headline": [
            {"asked": f"{name_group(topic)}, {words}", "row": _find(tables, topic, fusion)}
            for words, topic in find_headline(tables.list_topics())
        ],
        "rows": [_write_row(row) for row in tables.rows],
        "gains": [_write_gain(gain) for gain in tables.gains],
        "hubness": None if evaluation.hubness is None else _write_hubness(evaluation.hubness),
        "notes": list(evaluation.notes),
    }


def comparison_to_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Format several evaluations of the same queries, and their differences in recall@1."""
    return {
        "evaluations": [evaluation_to_json(evaluation) for evaluation in evaluations],
        "comparison": _write_comparison(compare(evaluations)),
    }


def _find(tables: Tables, topic: Topic, system: str | None) -> int | None:
    row = tables.find_row(topic, system)
    return None if row is None else tables.rows.index(row)


def _write_topic(topic: Topic) -> dict[str, Any]:
    return {
        "kind": topic.kind,
        "seconds": topic.seconds,
        "distortion": topic.distortion,
        "is_summary": topic.is_summary,
    }


def _write_row(row: Row) -> dict[str, Any]:
    return {
        **_write_topic(row.topic),
        "means": row.system,
        "n_queries": row.n_queries,
        "n_sources": row.n_sources,
        "n_left_out": row.n_left_out,
        "figures": {name: _write_figure(figure) for name, figure in row.figures.items()},
    }


def _write_figure(figure: Figure) -> dict[str, float | None]:
    return {
        "value": _round(figure.value),
        **_write_interval(figure.interval),
        "chance": _round(figure.chance),
    }


def _write_gain(gain: Gain) -> dict[str, Any]:
    return {
        **_write_topic(gain.topic),
        "fusion": gain.fusion,
        "best": gain.best,
        "recall@1": _write_difference(gain.difference),
    }


def _write_difference(difference: Difference) -> dict[str, float | None]:
    return {"value": _round(difference.value), **_write_interval(difference.interval)}


def _write_interval(span: Interval | None) -> dict[str, float | None]:
    return {
        "low": None if span is None else _round(span.low),
        "high": None if span is None else _round(span.high),
    }


def _write_hubness(hubness: Hubness) -> dict[str, Any]:
    return {
        "k": hubness.k,
        "n_rankings": hubness.n_rankings,
        "skewness": _round(hubness.skewness),
        "skewness_chance": _round(hubness.expect_skewness()),
        "largest_share": _round(hubness.largest_share),
        "mean_share": _round(hubness.mean_share),
        "occurrences": [
            {"video": name, "count": count}
            for name, count in zip(hubness.names, hubness.counts, strict=True)
        ],
    }


def _write_comparison(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            **_write_topic(line.topic),
            "space": line.space,
            "profiles": list(comparison.names),
            "recall@1": [_write_difference(d) if d is not None else None for d in line.differences],
        }
        for line in comparison.lines
    ]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES)
