"""Tags filter any query, list videos on their own, and say what a stretch shows."""

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.words.tags import name_stretch
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Tag

TAGS = {
    "aa": (
        Tag("drake, mallard", 4, 6, 0.9),
        Tag("Seashore", 0, 2, 0.6),
        Tag("Seashore", 8, 9, 0.5),
    ),
    "bb": (Tag("Seashore", 3, 4, 0.8),),
    "cc": (Tag("seashore", 5, 7, 0.7), Tag("drake, mallard", 5, 6, 0.4)),
    "dd": (Tag("Cardigan", 1, 2, 0.5), Tag("cardigan", 2, 3, 0.7)),
}


@pytest.fixture(scope="module")
def library(plant, spaces, conftest_spans):
    """Five videos that answer ever less well to the words "river" (e0 of the words' space)."""
    content = {}
    for at, video_id in enumerate(("bb", "aa", "cc", "ee", "dd")):
        words = np.zeros((10, 12))
        words[:, 1] = 1.0
        words[5] = 0.0
        words[5, [0, 1]] = np.cos(at * 0.25), np.sin(at * 0.25)
        frames = np.eye(16)[:10]
        content[video_id] = {
            spaces["frames"]: (frames, conftest_spans(10)),
            spaces["words"]: (words, conftest_spans(10)),
        }
    return plant(content, tags=TAGS)


@pytest.fixture
def engine(library, planted_encoders):
    return Engine(library, planted_encoders({"river": np.eye(12)[0]}))


def ids(results):
    return [result.video.id for result in results]


def test_a_tag_alone_lists_its_videos_the_surest_first(engine) -> None:
    found = engine.search(Query((), Filter(("SEASHORE",))))
    assert [(r.video.id, r.score) for r in found] == [("bb", 0.8), ("cc", 0.7), ("aa", 0.6)]
    assert [r.rank for r in found] == [1, 2, 3]
    told = [(m.start_seconds, m.end_seconds, m.similarity, m.text) for m in found[2].moments]
    assert told == [(0, 2, 0.6, "Seashore"), (8, 9, 0.5, "Seashore")]
    assert ids(engine.search(Query((), Filter(("seashore",))), SearchOptions(top=1))) == ["bb"]
    one = engine.search(Query((), Filter(("seashore",))), SearchOptions(n_moments=1))
    assert [len(result.moments) for result in one] == [1, 1, 1]


def test_of_several_tags_a_video_has_all_and_counts_by_the_least_sure(engine) -> None:
    found = engine.search(Query((), Filter(("drake,  mallard ", "seashore", "Seashore"))))
    assert [(r.video.id, r.score) for r in found] == [("aa", 0.6), ("cc", 0.4)]
    assert engine.search(Query((), Filter(("seashore", "cardigan")))) == []


def test_spellings_that_differ_in_capitals_are_one_tag(engine) -> None:
    [found] = engine.search(Query((), Filter(("cardigan",))))
    assert (found.video.id, found.score, len(found.moments)) == ("dd", 0.7, 2)


def test_a_tag_filters_a_query_and_changes_no_order(engine) -> None:
    river = (QueryPart("text", "river"),)
    everything = engine.search(Query(river))
    assert ids(everything) == ["bb", "aa", "cc", "ee", "dd"]
    for fusion in ("weighted", "rrf"):
        filtered = engine.search(Query(river, Filter(("seashore",))), SearchOptions(fusion=fusion))
        assert ids(filtered) == ["bb", "aa", "cc"]
    only = engine.search(Query(river, Filter(("cardigan",))), SearchOptions(top=1))
    assert ids(only) == ["dd"]
    assert engine.search(Query(river, Filter(("seashore", "cardigan")))) == []


def test_a_filtered_result_tells_its_best_moment_and_then_its_tags(engine) -> None:
    query = Query((QueryPart("text", "river"),), Filter(("seashore", "drake, mallard")))
    first = engine.search(query)[0]
    assert first.video.id == "aa"
    told = [(m.start_seconds, m.end_seconds, m.text) for m in first.moments[:3]]
    assert told == [
        (5, 6, "drake, mallard"),  # found by the words, and told what is seen there
        (4, 6, "drake, mallard"),
        (0, 2, "Seashore"),
    ]


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("seashoar", "'Seashore'"),
        ("MALLARD", "'drake, mallard'"),
        ("zzzzzz", "the first of the others are 'Cardigan'"),
        ("'; DROP TABLE tag; --", "the first of"),
        ("%", "the first of"),
        ("seashore\0", "'Seashore'"),
    ],
)
def test_an_unknown_tag_is_told_with_those_spelt_alike(library, asked, offered) -> None:
    with pytest.raises(QueryError, match="no video has the tag") as caught:
        library.catalog.spell_tags([asked])
    assert offered in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_library_without_tags_says_how_to_get_them(plant, spaces, conftest_spans) -> None:
    bare = plant({"aa": {spaces["frames"]: (np.eye(16)[:2], conftest_spans(2))}})
    with pytest.raises(QueryError, match="no video has a tag yet"):
        bare.catalog.spell_tags(["seashore"])


def test_an_empty_tag_and_an_empty_query_are_refused() -> None:
    with pytest.raises(QueryError, match="tag to filter by is empty"):
        Query((), Filter((" ",)))
    with pytest.raises(QueryError, match=r"give --text, .* such as --tag"):
        Query(())


def test_a_stretch_is_named_by_its_surest_tags() -> None:
    tags = (Tag("a", 0, 5, 0.9), Tag("b", 5, 8, 0.8), Tag("a", 6, 7, 0.7), Tag("c", 4, 9, 0.6))
    assert name_stretch(tags, 5, 6) == "b, c"
    assert name_stretch(tags, 4, 7) == "a, b, c"
    assert name_stretch((*tags, Tag("d", 4, 5, 0.1)), 4, 7) == "a, b, c"
    assert name_stretch(tags, 9, 10) == ""
