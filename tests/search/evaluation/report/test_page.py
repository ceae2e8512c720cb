"""The page of an evaluation: whole in itself, safe, and its marks where the figures are."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation
from mvsearch.search.evaluation.report.plots import (
    LEFT,
    RIGHT,
    WIDTH,
    draw_errors,
    draw_occurrences,
    draw_recall,
)
from mvsearch.search.evaluation.tables import make_tables

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that every tag is closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def pages(invent: Any) -> list[str]:
    evaluation = invent()
    evil = replace(evaluation, profile='"><img src=x onerror=alert(1)>')
    odd = [replace(o, distortion="<b>odd</b>") for o in evaluation.outcomes[:40]]
    named = [replace(o, system="'><i>") for o in evaluation.outcomes[:40]]
    outcomes = (*evaluation.outcomes, *odd, *named)
    evil = replace(evil, outcomes=outcomes)
    empty = Evaluation("lib", "toy", 1, 3, (), notes=("nothing",))
    return [
        render_evaluation(evil),
        render_comparison([evil, evaluation]),
        render_evaluation(empty),
    ]


def test_a_page_is_whole_runs_nothing_and_takes_names_for_text(pages: list[str]) -> None:
    for page in pages:
        reader = Reader(page)
        assert not {"script", "link", "iframe", "object", "form", "img", "b", "i"} & {*reader.tags}
        for name, _ in reader.attributes:
            assert not name.startswith("on")
            assert name not in {"style", "href", "src"}
        assert "\x1b" not in page
    assert '<script>alert("x")</script>' in Reader(pages[0]).text


def test_the_figures_stand_in_the_page(invent: Any) -> None:
    evaluation = invent()
    text = Reader(render_evaluation(evaluation)).text
    asked = [o for o in evaluation.outcomes if (o.distortion, o.system) == ("mirrored", "audio")]
    recall = sum(o.relevant_ranks[0] == 1 for o in asked) / len(asked)
    mrr = sum(1 / o.relevant_ranks[0] for o in asked) / len(asked)
    assert f"{recall:.2f} · {mrr:.2f}" in text
    for words in ("In short", "Clips of 5 s", "Lyric lines", "Similar songs", "Hubs", "Notes"):
        assert words in text


def test_a_dot_lies_where_its_share_is_and_chance_where_it_is(invent: Any) -> None:
    tables = make_tables(invent())
    topic = tables.list_topics()[0]
    row = tables.find_row(topic, "audio")
    assert row is not None
    share = row.figures["recall@1"].value
    assert share is not None
    plot = draw_recall(tables, [topic], "title")
    dots = re.findall(
        r'class="audio"><title>[^<]*</title>.*?<circle class="dot" cx="([\d.]+)"', plot
    )
    assert [float(x) for x in dots] == [
        pytest.approx(LEFT + share * (WIDTH - LEFT - RIGHT), abs=0.1)
    ]
    (chance,) = re.findall(r'<path class="chance" d="M([\d.]+) ', plot)
    assert float(chance) == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) / 12, abs=0.1)


def test_a_curve_of_errors_ends_at_the_share_that_got_a_time(invent: Any) -> None:
    evaluation = invent()
    asked = [o for o in evaluation.outcomes if o.is_moment_asked and o.system == "audio"]
    n_timed = sum(o.moment_error_seconds is not None for o in asked)
    plot = draw_errors(evaluation, {"audio": asked})
    (path,) = re.findall(r'class="curve" d="([^"]+)"', plot)
    heights = [float(y) for y in re.findall(r"V([\d.]+)", path)]
    bottom = float(re.findall(r"^M[\d.]+ ([\d.]+)", path)[0])
    top = 26
    assert (bottom - heights[-1]) / (bottom - top) == pytest.approx(n_timed / len(asked), abs=0.001)
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("n", [1, 2, 12, 500])
def test_columns_hold_every_video(n: int) -> None:
    counts = tuple(at * at % n for at in range(n))
    plot = draw_occurrences(Hubness(10, tuple(map(str, range(n))), counts, n))
    held = [int(found) for found in re.findall(r"times: (\d+) videos", plot)]
    assert sum(held) == n
    assert len(held) <= 41
