"""The page: whole in itself, safe with strangers' names, every link leading somewhere."""

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.search.output.html.answers import gather_pictures
from mvsearch.search.output.html.heatmap import encode_png, order_by_likeness
from mvsearch.search.output.html.similar import render_html
from mvsearch.search.results import Contribution, Moment, Result
from mvsearch.search.retrieval.matrix import SimilarityMatrix, gather_scores
from mvsearch.store.records import Video
from tests.search.still_sources import HeldStills, PageReader, paint_place, read_rules

EVIL = '<script>alert("x")</script> & \' "><img src=x onerror=alert(1)>'
WEIGHTS = {"frames": 0.6, "lyrics": 0.4}


def make(n: int, title: str = "Song") -> tuple[SimilarityMatrix, list[Any]]:
    rng = np.random.default_rng(1)
    videos = tuple(
        Video(f"{at:08x}", Path(f"/m/{at}"), f"{title} {at}", "An Artist", 100.0) for at in range(n)
    )
    scores = rng.uniform(0.2, 0.9, (n, n))
    scores = (scores + scores.T) / 2
    np.fill_diagonal(scores, np.nan)
    similar = []
    for at, video in enumerate(videos):
        near = [other for other in np.argsort(-np.nan_to_num(scores[at], nan=-1)) if other != at]
        near = near[:10]
        similar.append((video, [answer(videos[o], r, scores[at, o]) for r, o in enumerate(near)]))
    return SimilarityMatrix(videos, scores, {"frames": scores}, {"frames": scores}), similar


def answer(video: Video, at: int, score: float) -> Result:
    moment = Moment(video.id, "lyrics", 65.0, 66.0, 0.5, EVIL)
    parts = {
        "frames": Contribution(0.5, 0.6, 2.0, 0.3),
        "lyrics": Contribution(-0.25, 0.4, 0.1, -0.1),
    }
    return Result(at + 1, float(score), video, parts, (moment,))


@pytest.mark.parametrize("n", [1, 2, 7, 80])
def test_the_page_is_whole_in_itself_and_every_link_leads_somewhere(n: int) -> None:
    matrix, similar = make(n)
    page = PageReader(render_html(matrix, similar, WEIGHTS, HeldStills()))
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "style"
        if name in {"href", "src"}:
            assert value is not None
            assert value.startswith(("data:image/", "#"))
            assert not value.startswith("#") or value[1:] in ids
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert page.tags.count("article") == n


def test_names_and_lyrics_stay_text() -> None:
    matrix, similar = make(3, EVIL)
    text = render_html(matrix, similar, WEIGHTS, HeldStills())
    page = PageReader(text)
    assert "script" not in page.tags
    assert not any(name == "onerror" or value == "x" for name, value in page.attributes)
    assert "&lt;script&gt;" in text


def test_the_policy_allows_the_page_its_own_style_alone() -> None:
    import hashlib

    matrix, similar = make(2)
    text = render_html(matrix, similar, WEIGHTS, HeldStills())
    style = re.search("<style>(.*)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(
        value for _, value in PageReader(text).attributes if value and "default-src" in value
    )
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy


def test_the_page_says_where_and_what_a_bar_is() -> None:
    matrix, similar = make(2)
    text = render_html(matrix, similar, WEIGHTS, HeldStills())
    assert "1:05–1:06 lyrics" in text
    assert f"A bar of full width is {similar[0][1][0].score:.3f}" in text


def test_the_page_of_one_song_is_called_so() -> None:
    matrix, similar = make(4, "<Home>")
    one = render_html(matrix, similar[:1], WEIGHTS, HeldStills())
    title = "Songs like An Artist - &lt;Home&gt; 0"
    assert f"<title>{title}</title>" in one
    assert f'<h1 dir="auto">{title}</h1><p class="lead">The 3 most like it.' in one
    whole = render_html(matrix, similar, WEIGHTS, HeldStills())
    assert "<title>Similar songs</title>" in whole
    assert "4 songs, each with those most like it" in whole


@pytest.mark.parametrize("n", [5, 34, 60])
def test_names_on_the_map_keep_a_size_that_can_be_read(n: int) -> None:
    """No scaling below the size in CSS pixels: a narrow screen scrolls instead."""
    matrix, similar = make(n)
    text = render_html(matrix, similar, WEIGHTS, HeldStills())
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', text)]
    assert min(sizes) >= 10
    assert len(sizes) >= 2 * n + n // 2
    assert '<div class="wide" tabindex="0" role="region"' in text
    assert "max-width" not in text[text.index(".map {") : text.index("}", text.index(".map {"))]


def test_pictures_are_those_nearest_to_the_best_moments_each_once() -> None:
    _, similar = make(4)
    # The moments are at 65.5 s.
    stills = HeldStills((3.0, 64.0, 68.0), lacking="2")
    sheet = gather_pictures([r for _, results in similar for r in results], stills)
    assert len(stills.asked) == len(set(stills.asked)) == 3
    assert {at for _, at in stills.asked} == {64.0}
    assert read_rules(sheet.style) == {
        sheet.names[place]: paint_place(place) for place in stills.asked
    }
    first = [r.video.id for _, results in similar for r in results if r.rank == 1]
    assert stills.asked[0][0] == next(one for one in first if not one.endswith("2"))


def test_the_page_shows_the_picture_of_each_result() -> None:
    matrix, similar = make(3)
    text = render_html(matrix, similar, WEIGHTS, HeldStills(lacking="2"))
    rules = read_rules(text)
    for item in re.findall(r'<li id="p-\d-(\d)"><div class="shot">(<span[^>]*>)', text):
        if item[0] == "2":
            assert 'aria-label="no picture"' in item[1]
            continue
        name = re.search(r'class="still (k\d+)" role="img" aria-label="still at 1:00"', item[1])
        assert name is not None
        assert rules[name[1]] == paint_place((f"{int(item[0]):08x}", 60.0))


def test_many_songs_are_folded_and_few_are_not() -> None:
    few = render_html(*make(7), WEIGHTS, HeldStills())
    assert few.count("<details open>") == 7
    many = render_html(*make(80), WEIGHTS, HeldStills())
    assert "<details open>" not in many
    assert many.count("<details><summary>") == 80
    # What is folded says what is most like it.
    assert many.count('class="near"') == 80


def test_a_page_of_500_songs_is_below_8_mb() -> None:
    """Of ten results each, with all modalities, long names and stills as large as real ones."""
    generator = np.random.default_rng(7)
    videos = tuple(
        Video(f"{at:040x}", Path(f"/m/{at}"), f"A Song of some Words {at}", "The Artists", 200.0)
        for at in range(500)
    )
    parts: Any = {m: Contribution(0.345, 0.3, 1.234, 0.345) for m in ("frames", "lyrics", "audio")}
    similar = []
    for at, video in enumerate(videos):
        others = generator.permutation(500)[:11]
        results = []
        for rank, other in enumerate(others[others != at][:10], start=1):
            start = float(generator.uniform(0, 190))
            moments = tuple(
                Moment(videos[other].id, m, start, start + 5, 0.5, text)
                for m, text in (
                    ("frames", ""),
                    ("lyrics", "a line of six or seven words"),
                    ("audio", ""),
                )
            )
            results.append(Result(rank, 1.035, videos[other], parts, moments))
        similar.append((video, results))

    class NoisyStills(HeldStills):
        def read(self, places: Any) -> Any:
            yield from ((place, generator.bytes(2048)) for place in places)

    stills = NoisyStills(np.arange(0, 200, 4.2).tolist())
    text = render_html(gather_scores(similar), similar, WEIGHTS, stills)
    assert len(text.encode()) < 8e6
    rules = read_rules(text)
    assert len(rules) > 700
    shown = set(re.findall(r'class="still (k\d+)"', text))
    assert shown == set(rules)
    assert "no picture" not in text


def test_a_large_map_is_counted_and_its_songs_are_listed() -> None:
    matrix, similar = make(80, "<Song>")
    text = render_html(matrix, similar, WEIGHTS, HeldStills())
    listed = text[text.index('<details class="names">') : text.index("</ol>")]
    links = [int(number) for number in re.findall(r'<a href="#s-(\d+)">', listed)]
    assert links == order_by_likeness(matrix.scores).tolist()
    assert f"An Artist - &lt;Song&gt; {links[0]}</a>" in listed
    counts = re.findall(r'<text x="-8"[^>]*>(\d+)</text>', text)
    assert counts == ["1", "5", *(str(at) for at in range(10, 81, 5))]


def test_likeness_puts_groups_together() -> None:
    group = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    scores = np.where(group[:, None] == group[None, :], 0.9, 0.1)
    np.fill_diagonal(scores, np.nan)
    scores[0, 1] = scores[1, 0] = np.nan
    order = order_by_likeness(scores)
    assert sorted(order) == list(range(9))
    assert int((np.diff(group[order]) != 0).sum()) == 2


def test_the_picture_of_the_map_reads_back() -> None:
    """Read by ffmpeg's decoder, not by ours."""
    import subprocess

    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 4), dtype=np.uint8)
    data = base64.b64decode(encode_png(pixels))
    command = ["ffmpeg", "-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    raw = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    assert np.array_equal(np.frombuffer(raw, np.uint8).reshape(3, 5, 4), pixels)
