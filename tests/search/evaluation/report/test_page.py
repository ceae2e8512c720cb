"""The page of an evaluation: whole in itself, safe, and its marks where the figures are."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation
from mvsearch.search.evaluation.report.plots import place_seconds, plot_occurrences, plot_recall
from mvsearch.search.evaluation.tables import make_tables

# Of a plot, in its own units.
LEFT, RIGHT, TOP, BOTTOM = 160, 876, 26, 326

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
    evaluation = invent()
    tables = make_tables(evaluation)
    topic = tables.list_topics()[0]
    row = tables.find_row(topic, "audio")
    assert row is not None
    share = row.figures["recall@1"].value
    assert share is not None
    (line,) = plot_recall(tables, [topic], "title").lines
    assert [mark.share for mark in line.marks if mark.key.name == "audio"] == [share]
    assert line.chance == pytest.approx(1 / 12)
    page = render_evaluation(evaluation)
    dot = re.search(
        r'<g class="audio"><title>[^<]+</title>.*?<circle[^>]* cx="([\d.]+)"', page, re.S
    )
    assert dot is not None
    assert float(dot[1]) == pytest.approx(LEFT + share * (RIGHT - LEFT), abs=0.1)
    chance = re.search(r'<path class="chance" d="M([\d.]+) ', page)
    assert chance is not None
    assert float(chance[1]) == pytest.approx(LEFT + (RIGHT - LEFT) / 12, abs=0.1)


def test_a_curve_of_errors_ends_at_the_share_that_got_a_time(invent: Any) -> None:
    evaluation = invent()
    asked = [o for o in evaluation.outcomes if o.is_moment_asked and o.system == "audio"]
    n_timed = sum(o.moment_error_seconds is not None for o in asked)
    page = render_evaluation(evaluation)
    path = re.search(r'<title>audio</title><path class="curve" d="([^"]+)"', page)
    assert path is not None
    assert path[1].startswith(f"M{LEFT} {BOTTOM}H")
    assert path[1].endswith(f"H{RIGHT}")
    heights = [float(y) for y in re.findall(r"V([\d.]+)", path[1])]
    share = (BOTTOM - heights[-1]) / (BOTTOM - TOP)
    assert share == pytest.approx(n_timed / len(asked), abs=0.001)
    assert heights == sorted(heights, reverse=True)


def test_seconds_lie_on_a_logarithmic_axis() -> None:
    assert [place_seconds(each) for each in (0.0, 0.05, 60.0)] == [0.0, 0.0, pytest.approx(1.0)]
    assert place_seconds(3**0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("n", [1, 2, 12, 500])
def test_columns_hold_every_video(n: int) -> None:
    counts = tuple(at * at % n for at in range(n))
    plot = plot_occurrences(Hubness(10, tuple(map(str, range(n))), counts, n))
    assert sum(n_seen for _, n_seen, _ in plot.bins) == n
    assert len(plot.bins) <= 41
