"""The tables and the JSON of an evaluation: what is measured is said, whatever the width."""

import io
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.intervals import Interval
from mvsearch.search.evaluation.metric_values import Difference
from mvsearch.search.evaluation.report.as_json import comparison_to_json, evaluation_to_json
from mvsearch.search.evaluation.report.comparison import print_comparison
from mvsearch.search.evaluation.report.table import print_evaluation
from mvsearch.search.evaluation.report.wording import (
    format_difference,
    format_difference_interval,
    format_span,
    format_value,
)
from mvsearch.search.output.text import write_json


def show(write: Callable[..., None], what: Any, width: int = 200, **options: Any) -> str:
    page = io.StringIO()
    write(what, Console(file=page, width=width, color_system=None), **options)
    return page.getvalue()


def line_of(text: str, label: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(label))


def test_the_figures_are_those_that_were_measured(invent: Any) -> None:
    evaluation = invent()
    text = show(print_evaluation, evaluation)
    asked = [o for o in evaluation.outcomes if (o.distortion, o.system) == ("noise 0 dB", "audio")]
    n_right = sum(o.relevant_ranks[0] == 1 for o in asked)
    mrr = sum(1 / o.relevant_ranks[0] for o in asked) / len(asked)
    assert f"{n_right / len(asked):.2f} · {mrr:.2f}" in line_of(text, "noise 0 dB")
    assert "0.08" in line_of(text, "chance")  # one of twelve videos


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_number_is_cut_at_any_width(invent: Any, width: int) -> None:
    text = show(print_evaluation, invent(note="read this"), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text.replace("1 … n", "")
    for word in ("frames", "audio", "weighted", "rrf", "lyrics", "mirrored", "chance"):
        assert word in text
    assert "read this" in text
    assert "left out" in text


def test_two_prints_are_the_same(invent: Any) -> None:
    evaluation = invent()
    shuffled = list(evaluation.outcomes)
    random.Random(1).shuffle(shuffled)
    systems = sorted(shuffled, key=lambda o: evaluation.list_systems().index(o.system))
    other = replace(evaluation, outcomes=tuple(systems))
    assert show(print_evaluation, evaluation) == show(print_evaluation, other)
    assert write_json(evaluation_to_json(evaluation)) == write_json(evaluation_to_json(other))


def test_names_from_strangers_do_not_reach_the_terminal(invent: Any) -> None:
    evaluation = invent()
    for text in (
        show(print_evaluation, evaluation),
        show(print_comparison, [evaluation, invent(profile="\x1b[2J")]),
    ):
        assert "\x1b" not in text
        assert "<script>" in text


def test_nothing_asked_is_no_error() -> None:
    empty = Evaluation("lib", "toy", 1, 3, (), notes=("nothing could be asked",))
    assert "nothing could be asked" in show(print_evaluation, empty)
    assert evaluation_to_json(empty)["rows"] == []
    assert comparison_to_json([empty, empty])["comparison"] == []
    assert "nothing could be asked" in show(print_comparison, [empty, empty])


def test_json_holds_every_figure_with_its_interval_and_chance(invent: Any) -> None:
    found = evaluation_to_json(invent())
    assert found["fusion"] == "weighted"
    assert found["means"] == ["frames", "lyrics", "audio", "weighted", "rrf"]
    row = next(
        r for r in found["rows"] if (r["distortion"], r["means"]) == ("mirrored", "weighted")
    )
    assert row["n_queries"] == 24
    assert row["n_sources"] == 12
    recall = row["figures"]["recall@1"]
    assert 0 <= recall["low"] <= recall["value"] <= recall["high"] <= 1
    assert recall["chance"] == round(1 / 12, 6)
    assert set(row["figures"]) == {
        *("recall@1", "recall@5", "recall@10", "mrr", "median_rank"),
        *("moment_error_seconds", "moment_within_1s", "moment_unsure"),
    }
    similar = next(r for r in found["rows"] if r["kind"] == "similar")
    assert {"map", "ndcg@10", "recall_share@10"} < set(similar["figures"])
    assert similar["n_queries"] + similar["n_left_out"] == 12
    for entry in found["headline"]:
        assert found["rows"][entry["row"]]["means"] == "weighted"
    assert sum(each["count"] for each in found["hubness"]["occurrences"]) > 0


def test_profiles_stand_side_by_side(invent: Any) -> None:
    first, second = invent(profile="one"), invent(seed=2, profile="two", note="without sound")
    second = replace(
        second, seed=1, outcomes=tuple(o for o in second.outcomes if o.distortion != "sound only")
    )
    text = show(print_comparison, [first, second])
    line = line_of(text, "clips of 5 s, sound only")
    asked = [o for o in first.outcomes if (o.distortion, o.system) == ("sound only", "weighted")]
    recall = sum(o.relevant_ranks[0] == 1 for o in asked) / len(asked)
    assert f"{recall:.2f} · " in line
    assert "–" in line
    assert f"−{recall:.2f}" in line
    assert "two, weighted: without sound" in text
    found = comparison_to_json([first, second])
    assert [each["profile"] for each in found["evaluations"]] == ["one", "two"]
    parted = next(c for c in found["comparison"] if c["distortion"] == "sound only")
    assert parted["recall@1"][0] is None
    assert parted["recall@1"][1]["value"] == round(-recall, 6)


def test_numbers_are_written_in_their_units() -> None:
    assert [format_value("median_rank", value) for value in (1, 17.5, 19.025, 1200)] == [
        *("1", "17.5", "19", "1200")
    ]
    assert format_value("moment_error_seconds", 0.156) == "0.16 s"
    assert format_span("moment_error_seconds", 0.1, 2) == "0.10–2.00 s"
    assert format_value("mrr", None) == "–"
    assert format_difference(Difference(-0.004, None)) == "0.00"
    assert format_difference(Difference(-0.126, None)) == "−0.13"
    assert format_difference_interval(Difference(0.1, Interval(-0.02, 0.22))) == "−0.02 to +0.22"
