"""Pairs that explain a similarity: planted vectors that are equal at known places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.localization.moments import JOIN
from mvsearch.search.pairs import APART_SECONDS, find_pairs
from mvsearch.search.query import encode
from mvsearch.search.query.encode import Made
from mvsearch.search.query.query import Query, QueryPart, Section
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Embeddings, Segment, Space

ONE, OTHER, SUNG = ("1" * 32, "2" * 32, "3" * 32)


@pytest.fixture
def library(plant: Any, spaces: dict[str, Space], conftest_spans: Any) -> Any:
    """Two videos that share the frames at 20 and 31 s, and a line in another order of lines."""
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(2, 80, 16))
    other[40], other[41], other[9] = one[62], one[63], one[2]
    lines = rng.normal(size=(4, 12))
    held = {
        ONE: {
            spaces["frames"]: (one, conftest_spans(80, 0.5)),
            spaces["lyrics"]: (
                lines,
                [Segment(4.0 * at, 4.0 * at + 2, f"line {at}") for at in range(4)],
            ),
        },
        OTHER: {
            spaces["frames"]: (other, conftest_spans(80, 0.5)),
            spaces["words"]: (rng.normal(size=(80, 12)), conftest_spans(80, 0.5)),
            spaces["lyrics"]: (lines[[2]], [Segment(None, None, "the same\nline")]),
        },
    }
    return plant(held)


def find(library: Any, encoders: Any, part: QueryPart, n_pairs: int = 2) -> list[Any]:
    found = find_pairs(library, encoders, Query((part,)), library.catalog.video(OTHER), n_pairs)
    return list(found)


def test_two_videos_are_paired_where_they_are_equal(library: Any, planted_encoders: Any) -> None:
    pairs = find(library, planted_encoders({}), QueryPart("like", ONE))
    frames = [one for one in pairs if one.modality == "frames"]
    places = {(one.asked_start_seconds, one.start_seconds) for one in frames}
    # 31.0 beside 20.0 and 31.5 beside 20.5 are one place.
    assert places in ({(31.0, 20.0), (1.0, 4.5)}, {(31.5, 20.5), (1.0, 4.5)})
    assert [one.similarity for one in frames] == pytest.approx([1, 1], abs=2e-3)
    assert {one.asked_video_id for one in pairs} == {ONE}
    (line,) = [one for one in pairs if one.modality == "lyrics"]
    assert (line.asked_text, line.asked_start_seconds) == ("line 2", 8.0)
    assert (line.text, line.start_seconds) == (f"the same{JOIN}line", None)


def test_pairs_are_apart_and_of_the_section(library: Any, planted_encoders: Any) -> None:
    part = QueryPart("like", ONE, Section(0.0, 10.0))
    pairs = find(library, planted_encoders({}), part, 9)
    frames = [one for one in pairs if one.modality == "frames"]
    assert (frames[0].asked_start_seconds, frames[0].start_seconds) == (1.0, 4.5)
    assert max(one.asked_start_seconds for one in frames) < 10
    for name in ("asked_start_seconds", "start_seconds"):
        assert np.diff(sorted(getattr(one, name) for one in frames)).min() >= APART_SECONDS
    values = [one.similarity for one in frames]
    assert values == sorted(values, reverse=True)


def test_one_piece_is_paired_with_several(
    library: Any, planted_encoders: Any, spaces: dict[str, Space]
) -> None:
    vectors = library.catalog.embeddings(OTHER, spaces["words"].key).vectors
    words = {"a wheel": vectors[30] + 0.9 * vectors[50]}
    first, second = find(library, planted_encoders(words), QueryPart("text", "a wheel"))[:2]
    cosines = vectors @ words["a wheel"]
    far = np.abs(np.arange(80) - 30) >= 2 * APART_SECONDS
    second_best = float(np.flatnonzero(far)[cosines[far].argmax()]) / 2
    assert (first.start_seconds, second.start_seconds) == (15.0, second_best)
    assert (first.asked_text, first.asked_start_seconds, first.modality) == (
        "a wheel",
        None,
        "frames",
    )


def test_nothing_is_paired_without_parts(library: Any, planted_encoders: Any) -> None:
    query = Query((), Filter(title="one"))
    with pytest.raises(QueryError, match="nothing to compare"):
        find_pairs(library, planted_encoders({}), query, library.catalog.video(OTHER), 2)


def test_a_file_that_changes_is_read_again(
    library: Any,
    planted_encoders: Any,
    spaces: dict[str, Space],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def analyse(part: QueryPart, *_: Any) -> list[Embeddings]:
        video_id = Path(part.value).read_text()
        vectors = library.catalog.embeddings(video_id, spaces["frames"].key).vectors[[20]]
        return [Embeddings(spaces["frames"], (Segment(None, None),), vectors)]

    monkeypatch.setattr(encode, "analyse_part", analyse)
    picture, encoders = tmp_path / "a.png", planted_encoders({})
    memory: Made = {}
    part = QueryPart("image", str(picture))
    picture.write_text(OTHER)
    video = library.catalog.video(OTHER)
    (pair,) = find_pairs(library, encoders, Query((part,)), video, 1, memory)
    assert (pair.start_seconds, pair.similarity) == (10.0, pytest.approx(1, abs=2e-3))
    picture.write_text(ONE)
    engine = Engine(library, encoders)
    (best, *_) = engine.search(Query((part,)), made=memory)
    assert best.video.id == ONE
    pairs = find_pairs(library, encoders, Query((part,)), video, 1, memory)
    assert all(one.similarity < 0.9 for one in pairs)
    both = Query((part, QueryPart("text", "words")))
    find_pairs(library, planted_encoders({"words": np.ones(12)}), both, video, 1, memory)
    assert {asked.kind for asked, *_ in memory} == {"text"}
