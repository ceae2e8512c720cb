"""The page: whole in itself, safe with strangers' names, every link leading somewhere."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.matrix import SimilarityMatrix
from search.report_heatmap import encode_png, order_by_likeness
from search.report_html import read_pictures, render_html
from store.errors import MediaError
from store.records import Contribution, Moment, Result, Video

EVIL = '<script>alert("x")</script> & \' "><img src=x onerror=alert(1)>'
WEIGHTS = {"frames": 0.6, "lyrics": 0.4}
JPEG = b"\xff\xd8\xff\xe0 a picture"


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
        similar.append((video, [answer(videos[o], r, scores[at, o]) for r, o in enumerate(near)]))
    return SimilarityMatrix(videos, scores, {"frames": scores}, {"frames": scores}), similar


def answer(video: Video, at: int, score: float) -> Result:
    moment = Moment(video.id, "lyrics", 65.0, 66.0, 0.5, EVIL)
    parts = {
        "frames": Contribution(0.5, 0.6, 2.0, 0.3),
        "lyrics": Contribution(-0.25, 0.4, 0.1, -0.1),
    }
    return Result(at + 1, float(score), video, parts, (moment,))


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def read(page: str) -> Reader:
    return Reader(page)


@pytest.mark.parametrize("n", [1, 2, 7, 80])
def test_the_page_is_whole_in_itself_and_every_link_leads_somewhere(n: int) -> None:
    matrix, similar = make(n)
    page = read(render_html(matrix, similar, WEIGHTS, lambda video, at: JPEG))
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
    text = render_html(matrix, similar, WEIGHTS, lambda video, at: JPEG)
    page = read(text)
    assert "script" not in page.tags
    assert not any(name == "onerror" or value == "x" for name, value in page.attributes)
    assert "&lt;script&gt;" in text


def test_the_policy_allows_the_page_its_own_style_alone() -> None:
    import hashlib

    matrix, similar = make(2)
    text = render_html(matrix, similar, WEIGHTS, lambda video, at: JPEG)
    style = re.search("<style>(.*)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(value for _, value in read(text).attributes if value and "default-src" in value)
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy


def test_the_page_says_where_and_what_a_bar_is() -> None:
    matrix, similar = make(2)
    text = render_html(matrix, similar, WEIGHTS, lambda video, at: JPEG)
    assert "1:05–1:06 lyrics" in text
    assert f"A bar of full width is {similar[0][1][0].score:.3f}" in text


def test_the_page_of_one_song_is_called_so() -> None:
    matrix, similar = make(4, "<Home>")
    one = render_html(matrix, similar[:1], WEIGHTS, lambda video, at: JPEG)
    title = "Songs like An Artist - &lt;Home&gt; 0"
    assert f"<title>{title}</title>" in one
    assert f'<h1 dir="auto">{title}</h1><p class="lead">The 3 most like it.' in one
    whole = render_html(matrix, similar, WEIGHTS, lambda video, at: JPEG)
    assert "<title>Similar songs</title>" in whole
    assert "4 songs, each with those most like it" in whole


@pytest.mark.parametrize("n", [5, 34, 60])
def test_names_on_the_map_keep_a_size_that_can_be_read(n: int) -> None:
    """No scaling below the size in CSS pixels: a narrow screen scrolls instead."""
    matrix, similar = make(n)
    text = render_html(matrix, similar, WEIGHTS, lambda video, at: JPEG)
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', text)]
    assert min(sizes) >= 10
    assert len(sizes) >= 2 * n + n // 2
    assert '<div class="wide" tabindex="0" role="region"' in text
    assert ".map.named { max-width: none; }" in text


def test_pictures_are_read_once_best_ranks_first_and_may_be_missing() -> None:
    _, similar = make(4)
    asked: list[tuple[str, float]] = []

    def thumbnail(video: Video, at_seconds: float) -> bytes:
        asked.append((video.id, at_seconds))
        if video.id.endswith("2"):
            raise MediaError("decode_failed", "broken")
        return JPEG

    told: list[tuple[int, int]] = []
    pictures = read_pictures(similar, thumbnail, progress=lambda *counts: told.append(counts))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(asked) == len(set(asked)) == 4
    assert {at for _, at in asked} == {65.5}
    assert len(pictures) == 3
    uri = next(iter(pictures.values()))
    assert base64.b64decode(uri.removeprefix("data:image/jpeg;base64,")) == JPEG
    first = {r.video.id for _, results in similar for r in results if r.rank == 1}
    asked.clear()
    read_pictures(similar, thumbnail, max_thumbnails=len(first))
    assert {video_id for video_id, _ in asked} == first


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
