"""A contrast finds what looks like a video and sounds unlike it, and the other way round."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.make_query import make_contrast, make_query
from mvsearch.search.query.query import Query
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Space

ASKED, LOOKS, SOUNDS, BOTH, SILENT = (f"{at:x}" * 8 for at in range(1, 6))
OTHERS = [f"{at:x}" * 8 for at in range(6, 16)]


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Space], conftest_spans: Any) -> Any:
    """Of twelve others, one looks like ASKED, one sounds like it, one both, one has no sound."""
    rng = np.random.default_rng(5)
    look, sound = rng.normal(size=(40, 16)), rng.normal(size=(12, 10))

    def near(vectors: np.ndarray) -> np.ndarray:
        return np.asarray(vectors + rng.normal(scale=0.1, size=vectors.shape))

    held: dict[str, Any] = {}
    for one in (ASKED, LOOKS, SOUNDS, BOTH, SILENT, *OTHERS):
        frames = near(look) if one in (ASKED, LOOKS, BOTH, SILENT) else rng.normal(size=(40, 16))
        heard = near(sound) if one in (ASKED, SOUNDS, BOTH) else rng.normal(size=(12, 10))
        held[one] = {spaces["frames"]: (frames, conftest_spans(40, 1.0))}
        if one != SILENT:
            held[one][spaces["audio"]] = (heard, conftest_spans(12, 2.5, 5.0))
    return plant(held)


@pytest.fixture
def engine(library: Any, planted_encoders: Any) -> Callable[..., Engine]:
    return Engine(library, planted_encoders({}))


@pytest.mark.parametrize(
    ("asked", "best", "both"),
    [
        ({"looks_like": ASKED, "sounds_unlike": ASKED}, LOOKS, ("frames", "audio")),
        ({"sounds_like": ASKED, "looks_unlike": ASKED}, SOUNDS, ("audio", "frames")),
    ],
)
def test_the_one_that_is_alike_in_one_way_alone_comes_first(
    engine: Engine, asked: dict[str, str], best: str, both: tuple[str, str]
) -> None:
    query = make_contrast(**asked)  # type: ignore[arg-type]  # names of videos alone
    results = engine.search(query, SearchOptions(top=20))
    assert [results[0].video.id, results[0].is_weak] == [best, False]
    # Of itself and of what has no sound nothing can be said.
    assert {one.video.id for one in results} == {ASKED, *OTHERS, LOOKS, SOUNDS, BOTH} - {ASKED}
    like, unlike = (results[0].contributions[m] for m in both)  # type: ignore[index]
    assert (like.weight, unlike.weight) == (1, -1)
    assert like.similarity > 0.9 > 0.6 > unlike.similarity
    assert results[0].score == pytest.approx(min(like.calibrated, 6) - unlike.calibrated)
    assert results[0].score == pytest.approx(like.points + unlike.points)
    assert {moment.modality for moment in results[0].moments} == {both[0]}
    copy = next(one for one in results if one.video.id == BOTH)
    assert copy.is_weak  # it is alike in both ways
    assert copy.score == 0


def test_the_score_is_the_difference_of_two_searches(engine: Engine) -> None:
    results = engine.search(make_contrast(looks_like=ASKED, sounds_unlike=OTHERS[0]))
    for weights, other, sign in (({"frames": 1.0}, ASKED, 1), ({"audio": 1.0}, OTHERS[0], -1)):
        options = SearchOptions(weights, top=20)  # type: ignore[arg-type]
        alone = {one.video.id: one.score for one in engine.search(make_query(like=other), options)}
        (modality,) = weights
        for one in results:
            points = one.contributions[modality].points  # type: ignore[index]
            assert points == pytest.approx(sign * min(alone[one.video.id], 6))
    left_out = {one.video.id for one in results} & {ASKED, OTHERS[0]}
    assert not left_out


def test_filters_hold(engine: Engine) -> None:
    query = make_contrast(
        looks_like=ASKED, sounds_unlike=ASKED, filter=Filter(ids=(OTHERS[1], BOTH))
    )
    assert [one.video.id for one in engine.search(query)] == [OTHERS[1], BOTH]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "says what"),
        ({"looks_like": "a"}, "--looks-like X with --sounds-unlike"),
        ({"sounds_unlike": "a"}, "--looks-like X with --sounds-unlike"),
        ({"looks_like": "a", "looks_unlike": "b"}, "and nothing else"),
        ({"looks_like": "a", "sounds_like": "b"}, "and nothing else"),
        ({"looks_like": "a", "sounds_unlike": "b", "looks_unlike": "c"}, "and nothing else"),
        ({"looks_like": make_query("words"), "sounds_unlike": "a"}, "takes one video"),
        (
            {"looks_like": make_query(audio="a.mp3"), "sounds_unlike": "a"},
            r"--looks-like takes what has a picture, and 'a\.mp3' has none",
        ),
        (
            {"sounds_like": "a", "looks_unlike": make_query(audio="a.mp3")},
            "--looks-unlike takes what has a picture",
        ),
        (
            {"looks_like": "a", "sounds_unlike": make_query(image="a.jpg")},
            "--sounds-unlike takes what has a sound",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(given: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said) as refused:
        make_contrast(**given)
    assert "\n" not in str(refused.value)


def test_a_contrast_has_no_other_parts() -> None:
    contrast = make_contrast(looks_like="a", sounds_unlike="a")
    with pytest.raises(QueryError, match="nothing else"):
        Query((*contrast.parts, *make_query("words").parts))


def test_a_library_without_sound_says_so(
    plant: Any, planted_encoders: Any, spaces: dict[str, Space], conftest_spans: Any
) -> None:
    rng = np.random.default_rng(1)
    held = {
        one: {spaces["frames"]: (rng.normal(size=(3, 16)), conftest_spans(3))}
        for one in (ASKED, LOOKS)
    }
    with pytest.raises(QueryError, match="the library holds no sound to compare by"):
        Engine(plant(held), planted_encoders({})).search(
            make_contrast(looks_like=ASKED, sounds_unlike=ASKED)
        )
