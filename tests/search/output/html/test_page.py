"""What pages are made of: each picture once, as many as there is room for, safe to show."""

import base64
import hashlib
import re

import pytest

from mvsearch.search.output.html.page import find_nearest, gather_sheet, hash_style, render_page
from tests.search.still_sources import HeldStills, paint_place, read_rules


def test_the_nearest_of_some_times():
    times = (1.0, 4.0, 9.0)
    assert [find_nearest(times, at) for at in (-5, 2.4, 2.6, 6.4, 6.6, 99)] == [1, 1, 4, 4, 9, 9]
    assert find_nearest((), 3.0) is None


def test_each_picture_is_in_the_sheet_once():
    stills = HeldStills()
    places = [("a1", 10.0), ("b2", 60.0), ("a1", 10.0), ("a1", 60.0)]
    sheet = gather_sheet(places, stills)
    assert read_rules(sheet.style) == {
        sheet.names[place]: paint_place(place) for place in dict.fromkeys(places)
    }
    assert sorted(stills.asked) == sorted(set(places))
    assert sheet.find("a1", 42.0) == (sheet.names["a1", 60.0], "1:00")
    assert sheet.find("c3", 1.0) is None


def test_a_full_sheet_has_a_picture_of_each_video_first():
    places = [("a1", 10.0), ("a1", 60.0), ("b2", 60.0), ("b2", 10.0)]
    size = len(gather_sheet(places[:1], HeldStills()).style)
    sheet = gather_sheet(places, HeldStills(), max_bytes=size + 1)
    assert list(sheet.names) == [("a1", 10.0), ("b2", 60.0)]
    # The nearest that there is stands for the one there was no room for.
    assert sheet.find("a1", 60.0) == sheet.find("a1", 10.0) == (sheet.names["a1", 10.0], "0:10")


def test_a_picture_that_is_not_given_is_no_picture():
    class Empty(HeldStills):
        def read(self, places):
            return iter(())

    sheet = gather_sheet([("a1", 10.0)], Empty())
    assert (sheet.style, sheet.find("a1", 10.0)) == ("", None)


def test_a_style_is_known_by_its_sha_256():
    digest = hashlib.sha256(b"b { color: red }").digest()
    assert base64.b64decode(hash_style("b { color: red }")) == digest


def test_a_page_allows_itself_nothing_but_its_style_and_its_pictures():
    page = render_page("page.html", "A & B\x1b", picture_style="b { color: red }")
    style = re.search("<style>(.*)</style>", page, re.DOTALL)
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert style is not None
    assert style[1].endswith("b { color: red }")
    assert policy[1].split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{hash_style(style[1])}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "<title>A &amp; B\ufffd</title>" in page


def test_what_a_template_lacks_is_an_error():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        render_page("similar.html", "title")
