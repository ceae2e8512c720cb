"""The report: JSON that parses, a table, and a page that is whole and safe."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mvsearch.search.output.html.versions import choose_places, render_versions
from mvsearch.search.output.tables.versions import format_offset, print_versions
from mvsearch.search.output.text import write_json
from mvsearch.search.versions.agreement import Part
from mvsearch.search.versions.find import Versions
from mvsearch.search.versions.groups import group_relations
from mvsearch.search.versions.relations import Evidence, Relation
from mvsearch.store.records import Video
from tests.search.still_sources import HeldStills, PageReader, read_rules

EVIL = '<script>alert("x")</script> & \' "><img src=x onerror=alert(1)>'


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


def test_json_says_which_where_and_why() -> None:
    answer: dict[str, Any] = json.loads(write_json(make().to_dict()))
    assert (answer["videos"], answer["compared"]) == (4, 6)
    first, second = answer["relations"][:2]
    assert (first["kind"], first["confidence"], first["offset_seconds"]) == ("duplicate", 0.99, 0)
    assert second["evidence"]["frames"]["parts"] == [
        {"first_seconds": [10, 40], "second_seconds": [0, 30], "example_seconds": [20, 10]}
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
    print_versions(Versions(make().videos[:1], (), (), 0), Console(file=page, width=80))
    print_versions(Versions((), (), (), 0), Console(file=page, width=80))
    assert page.getvalue() == "no versions of each other found\nnothing found\n"


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "–"), (0.01, "0"), (-3.25, "−3.2 s"), (3725.0, "+1:02:05")]
)
def test_offsets_are_said_for_people(seconds: float | None, said: str) -> None:
    assert format_offset(seconds) == said


def test_the_page_shows_the_same_moment_of_both_and_is_safe() -> None:
    # The second begins where the first is at 10 s, so that 20 and 10 are one moment.
    stills = HeldStills((0.0, 10.0, 20.0, 30.0), lacking="1")
    text = render_versions(make(EVIL), stills)
    assert {("00000000", 20.0), ("00000002", 10.0)} <= set(stills.asked)
    assert len(stills.asked) == len(set(stills.asked)) == len(read_rules(text))
    page = PageReader(text)
    assert not {"script", "link", "iframe", "form", "img"} & set(page.tags)
    for name, _ in page.attributes:
        assert not name.startswith("on")
        assert name not in {"style", "src", "href"}
    assert text.count('aria-label="no picture"') == 2
    assert "&lt;script&gt;" in text
    assert "unsafe" not in text


def test_two_stills_are_of_one_moment_rather_than_near_the_example() -> None:
    relation = make().relations[1]
    seconds = {"00000000": (19.0, 26.0), "00000002": (4.0, 15.9)}
    assert choose_places(relation, seconds) == (("00000000", 26.0), ("00000002", 15.9))
    # What one of them lacks is not waited for.
    assert choose_places(relation, {"00000000": (19.0, 26.0)}) == (
        ("00000000", 19.0),
        ("00000002", 10.0),
    )


def test_videos_that_share_neither_picture_nor_sound_are_shown_at_a_third() -> None:
    relation = make().relations[2]
    seconds = {"00000002": (0.0, 30.0, 60.0), "00000003": (35.0,)}
    assert choose_places(relation, seconds) == (("00000002", 30.0), ("00000003", 35.0))


def test_many_pairs_are_folded() -> None:
    few = make()
    assert "<details>" not in render_versions(few, HeldStills())
    many = replace(few, relations=few.relations[:1] * 50)
    assert "<summary>Show the 50 pairs</summary>" in render_versions(many, HeldStills())


def test_an_empty_page_says_so() -> None:
    assert "No versions of each other" in render_versions(Versions((), (), (), 0), HeldStills())
