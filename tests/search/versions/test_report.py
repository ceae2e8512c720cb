"""The report: JSON that parses, a table, and a page that is whole and safe."""

import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from search.text import write_json
from search.versions.agreement import Part
from search.versions.find import Versions
from search.versions.groups import group_relations
from search.versions.relations import Evidence, Relation
from search.versions.report import print_versions, say_offset, versions_to_dict
from search.versions.report_html import render_versions
from store.errors import MediaError
from store.records import Video

EVIL = '<script>alert("x")</script> & \' "><img src=x onerror=alert(1)>'
JPEG = b"\xff\xd8\xff\xe0 a picture"


def make(title: str = "Song") -> Versions:
    videos = tuple(
        Video(f"{at:08d}", Path(f"/m/{at}.mp4"), f"{title} {at}", title, 100.0) for at in range(4)
    )
    part = Part((10.0, 40.0), (0.0, 30.0), (20.0, 10.0))
    agrees = Evidence("agrees", 0.9, 0.1, 0.3, 1.0, -10.0, 1.0, 30.0, (part,))
    differs = Evidence("differs")
    pairs = [
        Relation("duplicate", videos[0], videos[1], -0.0, 0.99, {"frames": agrees}),
        Relation("excerpt", videos[0], videos[2], 10.0, 0.9, {"frames": agrees, "audio": agrees}),
        Relation("same-lyrics", videos[2], videos[3], None, 0.8, {"lyrics": agrees}),
        Relation(
            "same-sound", videos[1], videos[3], 75.0, 0.7, {"audio": agrees, "frames": differs}
        ),
    ]
    return Versions(videos, tuple(pairs), tuple(group_relations(pairs, videos)), 6)


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_json_says_which_where_and_why() -> None:
    answer: dict[str, Any] = json.loads(write_json(versions_to_dict(make())))
    assert (answer["videos"], answer["compared"]) == (4, 6)
    first, second = answer["relations"][:2]
    assert (first["kind"], first["confidence"], first["offset_seconds"]) == ("duplicate", 0.99, 0)
    assert second["evidence"]["frames"]["parts"] == [
        {"first_seconds": [10, 40], "second_seconds": [0, 30]}
    ]
    assert second["evidence"]["audio"]["text"].startswith("sound agrees: 0.90")
    assert answer["groups"][0]["kind"] == "duplicate"
    assert [video["id"] for video in answer["groups"][0]["videos"]] == ["00000000", "00000001"]


def test_the_table_names_every_pair_and_its_offset() -> None:
    page = io.StringIO()
    print_versions(make(), Console(file=page, width=160))
    text = page.getvalue()
    for words in ("Song - Song 2 [mp4]", "+10.0 s", "+1:15", "contained in the other", "whole"):
        assert words in text


def test_the_table_says_when_there_is_nothing() -> None:
    page = io.StringIO()
    print_versions(Versions((), (), (), 0), Console(file=page, width=80))
    assert page.getvalue() == "no versions of each other found\n"


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "–"), (0.01, "0"), (-3.25, "−3.2 s"), (3725.0, "+1:02:05")]
)
def test_offsets_are_said_for_people(seconds: float | None, said: str) -> None:
    assert say_offset(seconds) == said


def test_the_page_shows_the_same_moment_of_both_and_is_safe() -> None:
    asked: list[tuple[str, float]] = []

    def thumbnail(video: Video, at_seconds: float) -> bytes:
        asked.append((video.id, at_seconds))
        if video.id == "00000001":
            raise MediaError("decode_failed", "broken")
        return JPEG

    told: list[tuple[int, int]] = []
    text = render_versions(make(EVIL), thumbnail, lambda *counts: told.append(counts))
    assert {("00000000", 20.0), ("00000002", 10.0)} <= set(asked)
    assert len(asked) == len(set(asked)) == told[-1][1]
    page = Reader(text)
    assert not {"script", "link", "iframe", "form"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "style"
        if name in {"href", "src"}:
            assert value is not None
            assert value.startswith("data:image/")
    assert "&lt;script&gt;" in text
    assert "unsafe" not in text
    assert page.tags.count("img") == text.count("data:image/jpeg")


def test_an_empty_page_says_so() -> None:
    assert "No versions of each other" in render_versions(Versions((), (), (), 0), lambda *_: JPEG)
