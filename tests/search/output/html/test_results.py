"""The page of a search: a card a result, safe with strangers' names, titles that open files."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from mvsearch.search.options import SearchOptions
from mvsearch.search.output.html.results import render_results
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Contribution, Moment, Result, SearchResults
from mvsearch.store.records import Video
from tests.search.still_sources import HeldStills, paint_place, read_rules

EVIL = '<script>alert("x")</script> & \' "><img src=x onerror=alert(1)>\x1b\udcff'


def find(*results: Result, asked: str = "beach") -> SearchResults:
    return SearchResults(Query((QueryPart("text", asked),)), SearchOptions(), results)


def answer(rank: int, path: str, *moments: Moment) -> Result:
    video = Video(f"{rank:02d}", Path(path), EVIL, EVIL, 90.0)
    return Result(rank, 1 / rank, video, {"lyrics": Contribution(0.5, 1.0, 2.0, 1 / rank)}, moments)


def moment(start: float | None) -> Moment:
    return Moment("1", "lyrics", start, None if start is None else start + 1, 0.5, EVIL)


class Reader(HTMLParser):
    """The tags of a page, and the addresses that its links have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.names |= {name for name, _ in attrs}


@pytest.mark.parametrize("name", ["a b.mp4", "#?&'\"<>%41.mp4", "\udcff\x1b\n.mp4"])
def test_a_title_opens_its_file_at_the_moment(name: str) -> None:
    page = render_results(
        find(answer(1, f"/m/{name}", moment(None), moment(65.0)), answer(2, f"/m/{name}")),
        HeldStills(),
    )
    first, second = (urlsplit(link) for link in Reader(page).links)
    assert (first.scheme, first.netloc, first.query, first.fragment) == ("file", "", "", "t=65.000")
    assert second.fragment == ""
    for link in (first, second):
        assert unquote_to_bytes(link.path) == f"/m/{name}".encode("utf-8", "surrogateescape")


def test_names_words_and_queries_stay_text() -> None:
    page = render_results(find(answer(1, "/m/a.mp4", moment(1.0)), asked=EVIL), HeldStills())
    reader = Reader(page)
    assert not {"script", "img", "iframe", "form", "link"} & set(reader.tags)
    assert not any(name.startswith("on") or name == "style" for name in reader.names)
    assert page.count("&lt;script&gt;") >= 4  # title, heading, card, line
    assert "\x1b" not in page
    page.encode()


def test_the_videos_of_picture_and_sound_are_told() -> None:
    seen, heard = answer(1, "/a"), answer(2, "/b")
    assert "The picture is from" not in render_results(find(seen, heard), HeldStills())
    told = find(replace(seen, source_of="frames"), replace(heard, source_of="audio"))
    page = render_results(told, HeldStills())
    assert "The picture is from &lt;script&gt;" in page
    assert ", the sound from &lt;script&gt;" in page


def test_each_result_has_its_picture_and_its_bar() -> None:
    page = render_results(find(answer(1, "/a", moment(9.0)), answer(2, "/b")), HeldStills())
    assert sorted(read_rules(page).values()) == sorted(
        [paint_place(("01", 10.0)), paint_place(("02", 10.0))]
    )
    assert re.findall(r'<rect class="lyrics" x="0.0" width="([\d.]+)"', page) == ["100.0", "50.0"]
    assert "The 2 videos that answer best" in page


def test_nothing_found_is_said() -> None:
    page = render_results(find(), HeldStills())
    assert "Nothing found." in page
    assert "<li" not in page
