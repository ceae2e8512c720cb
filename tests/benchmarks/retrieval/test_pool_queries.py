"""Queries with more than one right answer are not asked, and sources have equal shares."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.retrieval.pool_queries import (
    BOTH,
    PICTURES,
    SOUND,
    is_fair,
    is_half,
    list_ways,
    thin_out,
)
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.store.records import Video

LONG = Video("a" * 16, Path("/long.mp4"), "long", duration_seconds=20.0)
SHORT = Video("b" * 16, Path("/short.mp4"), "short", duration_seconds=8.0)
WANTED = {LONG.id, SHORT.id}


def make_query(video: Video, start: float, distortion: str = "none") -> KnownQuery:
    label = f"{video.id}@{start:g}+5"
    modalities = ("frames", "audio")
    return KnownQuery("clip", video, label, distortion, modalities, 5.0, start, 5.0)


@pytest.mark.parametrize(
    ("text", "is_of_one"),
    [("beneath my feet.", True), ("road beneath my", False), ("the road", True)],
)
def test_what_is_left_of_a_line_may_be_of_one_half(text: str, is_of_one: bool) -> None:
    assert is_half(text, "the road beneath my feet.") is is_of_one


def test_what_a_distractor_has_is_not_asked() -> None:
    assert not is_fair(make_query(LONG, 7.9), WANTED)
    assert is_fair(make_query(LONG, 8.0), WANTED)
    assert is_fair(make_query(LONG, 8.0, "1.25× with pitch"), WANTED)
    assert is_fair(make_query(SHORT, 0.5), WANTED)
    assert not is_fair(make_query(SHORT, 0.5, "1.25× with pitch"), WANTED)
    assert not is_fair(make_query(LONG, 8.0), {SHORT.id})


def test_sources_take_turns_and_clips_without_a_picture_have_half() -> None:
    seen = [make_query(video, start) for video in (LONG, SHORT) for start in (0.0, 1.0, 2.0)]
    heard = [replace(query, label=f"{query.label}!", modalities=("audio",)) for query in seen]
    kept = thin_out([*seen, *heard, replace(seen[0], distortion="grey")], 3)
    assert [
        (query.source.title, query.start_seconds) for query in kept if "frames" in query.modalities
    ] == [
        *[("long", 0.0), ("long", 1.0), ("short", 0.0), ("long", 0.0)],
    ]
    assert len([query for query in kept if query.modalities == ("audio",)]) == 1


def test_sound_is_asked_alone_and_hard_pictures_in_both_ways() -> None:
    ways = {name: list_ways(make_query(LONG, 0.0, name)) for name in ("grey", "phone", "9:16 crop")}
    assert ways == {"grey": [BOTH], "phone": [SOUND], "9:16 crop": [PICTURES, BOTH]}
