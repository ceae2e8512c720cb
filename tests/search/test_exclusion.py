"""Negative parts push down what has them, and parts by one side alone find what has both sides."""

from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.encode import Made
from mvsearch.search.query.make_query import make_query
from mvsearch.search.scoring.exclusion import weigh_rarity
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Space

ASKED, RAINY, DRY, SILENT, BOTH = (f"{at:x}" * 8 for at in range(1, 6))
OTHERS = [f"{at:x}" * 8 for at in range(6, 16)]
TOP = SearchOptions(top=20)


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Space], conftest_spans: Any) -> Any:
    """Three look like ASKED: one sings of rain, one of something else, one sings nothing.

    BOTH has the look of ASKED and the lyrics of DRY.
    """
    rng = np.random.default_rng(7)
    look, rain, dry = (rng.normal(size=shape) for shape in ((40, 16), (6, 12), (6, 12)))
    table = {"the rain": rain[0]}

    def near(vectors: np.ndarray) -> np.ndarray:
        return np.asarray(vectors + rng.normal(scale=0.1, size=vectors.shape))

    held: dict[str, Any] = {}
    for one in (ASKED, RAINY, DRY, SILENT, BOTH, *OTHERS):
        alike = one in (ASKED, RAINY, SILENT, BOTH)
        held[one] = {
            spaces["frames"]: (
                near(look) if alike else rng.normal(size=(40, 16)),
                conftest_spans(40),
            )
        }
        sung = {RAINY: near(rain), DRY: near(dry), BOTH: near(dry)}.get(
            one, rng.normal(size=(6, 12))
        )
        if one != SILENT:
            held[one][spaces["lyrics"]] = (sung, conftest_spans(6, 5.0))
    return plant(held), table


@pytest.fixture
def engine(library: Any, planted_encoders: Any) -> Engine:
    return Engine(library[0], planted_encoders(library[1]))


def _rank(results: Any) -> list[str]:
    return [one.video.id for one in results]


def test_what_has_the_excluded_words_falls_and_says_why(engine: Engine) -> None:
    plain = engine.search(make_query(look_of=ASKED), TOP)
    assert {*_rank(plain)[:3]} == {RAINY, SILENT, BOTH}
    results = engine.search(make_query(look_of=ASKED, not_text="the rain"), TOP)
    assert {*_rank(results)[:2]} == {SILENT, BOTH}
    by_id = {one.video.id: one for one in results}
    fallen = by_id[RAINY]
    (reason,) = fallen.parts
    assert (reason.part, reason.modality, reason.name) == (1, "lyrics", 'text("the rain")')
    assert reason.is_against
    assert reason.is_found
    assert (reason.start_seconds, reason.end_seconds) == (0.0, 5.0)
    assert fallen.is_weak
    assert reason.similarity == pytest.approx(1, abs=0.1)
    before = {one.video.id: one.score for one in plain}[RAINY]
    assert fallen.score == pytest.approx(min(before, 6) + reason.points)
    assert reason.points < -2


def test_words_that_were_encoded_before_are_located_as_new_ones(engine: Engine) -> None:
    made: Made = {}
    for _ in range(2):
        results = engine.search(make_query(look_of=ASKED, not_text="the rain"), TOP, made=made)
        (reason,) = {one.video.id: one for one in results}[RAINY].parts
        assert (reason.start_seconds, reason.end_seconds) == (0.0, 5.0)


def test_a_video_that_cannot_be_compared_loses_next_to_nothing(engine: Engine) -> None:
    results = engine.search(make_query(look_of=ASKED, not_text="the rain"), TOP)
    plain = {one.video.id: one for one in engine.search(make_query(look_of=ASKED), TOP)}
    silent = next(one for one in results if one.video.id == SILENT)
    assert not silent.is_weak
    # The look speaks against it no more than chance; lyrics it has none.
    assert -0.5 < silent.score - min(plain[SILENT].score, 6) <= 0


def test_what_is_like_an_excluded_video_falls(engine: Engine) -> None:
    alone = engine.search(make_query(lyric="the rain"), TOP)
    assert alone[0].video.id == RAINY
    results = engine.search(make_query(lyric="the rain", unlike=ASKED), TOP)
    # RAINY and BOTH look like ASKED, which is no result itself; SILENT has no lyrics.
    assert {*_rank(results)} == {RAINY, DRY, BOTH, *OTHERS}
    order = _rank(results)
    assert order.index(RAINY) > len(OTHERS) / 2
    assert order[-1] == BOTH
    (reason,) = results[order.index(RAINY)].parts
    assert (reason.modality, reason.name) == ("frames", f"like({ASKED})")


def test_the_lyrics_of_one_with_the_look_of_another(engine: Engine) -> None:
    results = engine.search(make_query(lyrics_of=DRY, look_of=ASKED), TOP)
    assert results[0].video.id == BOTH
    assert not {ASKED, DRY} & {*_rank(results)}
    assert set(results[0].contributions) == {"frames", "lyrics"}
    assert all(one.calibrated > 2 for one in results[0].contributions.values())
    alone = engine.search(make_query(look_of=ASKED), TOP)
    assert set(alone[0].contributions) == {"frames"}


def test_a_filter_and_words_shown_hold_too(engine: Engine) -> None:
    query = make_query(like=ASKED, not_text="the rain", filter=Filter(ids=(RAINY, OTHERS[0])))
    assert {*_rank(engine.search(query, TOP))} == {RAINY, OTHERS[0]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"not_text": "rain"}, "say what to look for besides what is to be left out"),
        ({"unlike": ASKED}, "say what to look for besides"),
        ({"like": ASKED, "sound_of": ASKED}, "the library holds no sound to compare by"),
    ],
)
def test_what_cannot_be_asked_is_refused(engine: Engine, given: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        engine.search(make_query(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"lyrics_of": make_query(clip="a.mp4")}, "--lyrics-of takes what has lyrics, and 'a.mp4'"),
        ({"sound_of": make_query(image="a.jpg")}, "--sound-of takes what has a sound"),
        ({"unlike": make_query("words")}, "--unlike takes one video of the library, picture"),
        ({"like": ASKED, "not_text": " "}, "--text is empty"),
    ],
)
def test_a_part_that_lacks_the_side_is_refused(given: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        make_query(**given)


def test_losses_by_hand() -> None:
    """−log10 of the chance not to have it, lowered for the choice among modalities."""
    nan = np.nan
    found = weigh_rarity(np.array([[1.5, 3.0, nan, nan, 9.0], [nan, 3.0, nan, 0.0, 1.0]]))
    # Of two modalities the higher counts, less log10(2); none is as much as the median, log10(2).
    wanted = [2.0, 1 + 10**1.5 / 2, 1 + 2 / 10**1.5, 1 + 1 / 10**1.5, 1 + 1e6]
    assert 10**found == pytest.approx(wanted, rel=1e-9)
