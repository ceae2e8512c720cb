"""Words as evidence: which lines they point to, how strongly, and what that does to a search."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mvsearch.store.catalog.reading.lyrics
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.words.lexical import WordEvidence, find_evidence, find_lines
from mvsearch.search.retrieval.retrieve import IndexQuery, find_candidates, score_videos
from mvsearch.store.catalog.reading.line_index import split_words
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Lyrics, Space, Stage
from tests.search.conftest import LYRICS, SPACES, unit

HALF = LYRICS.dim // 2
LINES = {
    "aaaa": ["the harbour sleeps below the hill", "you and me and the rain", "so great"],
    "bbbb": ["you said shibboleth to the guard", "the rain was falling", "Café by the sea"],
    "cccc": ["dancing in the harbour lights", "you and the night", "can't deny"],
    "dddd": ["愛してると言って", "Ночь, улица, фонарь", "the end", "a fancy parade"],
}


@pytest.fixture(scope="module")
def sung(plant: Any, conftest_spans: Any) -> Iterator[Library]:
    """Four songs with real words; their vectors are random in the first half of the axes."""
    rng = np.random.default_rng(5)
    held = {}
    for video_id, lines in LINES.items():
        spans = conftest_spans(len(lines), 3.0)
        segments = [
            type(s)(s.start_seconds, s.end_seconds, t) for s, t in zip(spans, lines, strict=True)
        ]
        held[video_id] = {
            LYRICS: (
                rng.normal(size=(len(lines), LYRICS.dim)) * (np.arange(LYRICS.dim) < HALF),
                segments,
            )
        }
    library = plant(held, SPACES)
    for video_id, lines in LINES.items():
        embeddings = library.catalog.embeddings(video_id, LYRICS.key)
        words = tuple(
            LyricLine(t, s.start_seconds, s.end_seconds)
            for t, s in zip(lines, embeddings.segments, strict=True)
        )
        stage = Stage(video_id, "lyrics", LYRICS.key, "done")
        library.catalog.store_stage(stage, [embeddings], Lyrics(words, "sidecar"))
    return library


def strongest(library: Library, query: str) -> tuple[str | None, float, tuple[str, ...]]:
    found = [one for lines in find_lines(library.catalog, query).values() for one in lines]
    best = max(found, key=lambda one: one.strength, default=None)
    return (best.text, best.strength, best.words) if best else (None, 0.0, ())


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ("shibboleth", "you said shibboleth to the guard", ("shibboleth",)),
        ("shiboleht", "you said shibboleth to the guard", ("shibboleth",)),
        ("harbour slepes hill", "the harbour sleeps below the hill", ("harbour", "sleeps", "hill")),
        ("cafe", "Café by the sea", ("cafe",)),
        ("cant deny", "can't deny", ("cant", "deny")),
        ("CAN’T DENY!", "can't deny", ("cant", "deny")),
        ("ночь улица фонрь", "Ночь, улица, фонарь", ("ночь", "улица", "фонарь")),
        ("愛してる", "愛してると言って", ("愛し", "して", "てる")),
        ("愛", None, ()),
        ("dance", None, ()),
    ],
)
def test_the_words_of_a_line_point_to_it(
    sung: Library, query: str, text: str | None, words: tuple[str, ...]
) -> None:
    found, strength, held = strongest(sung, query)
    assert found == text
    assert held == words
    assert 0 <= strength < 1


@given(
    st.lists(
        st.sampled_from(
            ["shiboleht", "dance", "fancy", "harbr", "lihgts", "愛し", "rain", "nihgt", "can't"]
        )
    )
)
def test_the_words_that_are_told_are_in_the_line(sung: Library, asked: list[str]) -> None:
    for lines in find_lines(sung.catalog, " ".join(asked)).values():
        for line in lines:
            there = " ".join(split_words(line.text))
            assert all(word in there for word in line.words)
            assert len(set(line.words)) == len(line.words)


def test_strength_is_the_arithmetic_of_the_words_lines(sung: Library) -> None:
    n_lines = sum(map(len, LINES.values()))
    the, rain = (
        math.log(1 + n_lines / (1 + sum(word in t.split() for ts in LINES.values() for t in ts)))
        for word in ("the", "rain")
    )
    nothing = math.log(1 + n_lines)
    share = (rain + the) / (rain + the + nothing)
    expected = share**3 * (1 - math.exp(-(rain + the) / 2))
    strengths = {
        one.text: one.strength
        for ones in find_lines(sung.catalog, "the rain xylophone").values()
        for one in ones
    }
    assert strengths["the rain was falling"] == pytest.approx(expected)
    right, falling = 1 - 1 / 7, math.log(1 + n_lines / 2)  # one letter wrong; in one line
    # A word that is spelled with an error counts by the letters that are right.
    wrong = {
        one.text: one.strength
        for ones in find_lines(sung.catalog, "falilng").values()
        for one in ones
    }
    assert wrong["the rain was falling"] == pytest.approx(
        right**3 * (1 - math.exp(-right * falling / 2))
    )


@pytest.mark.parametrize(
    "query", ["!!!", "\U0001f525", "zzzz qqqq", "'", "\0", "the you and me " * 700]
)
def test_what_holds_no_word_of_the_library_is_no_evidence_and_no_error(
    sung: Library, query: str
) -> None:
    for ones in find_lines(sung.catalog, query).values():
        assert all(one.strength < 1 for one in ones)


def test_evidence_lifts_what_it_points_to_and_nothing_else() -> None:
    similarities = np.array([[0.5, -0.2, 0.9]], dtype=np.float32)
    strengths = np.array([[0.5, 0.5, 0.0]], dtype=np.float32)
    lifted = WordEvidence(strengths).combine(similarities)
    assert lifted == pytest.approx(np.array([[0.75, 0.5, 0.9]]))


# At right angles to every vector of the library: the meaning says nothing.
UNLIKE = np.eye(LYRICS.dim)[-1]


def make_ask(library: Library, lines: tuple[str, ...], seed: int) -> IndexQuery:
    rng = np.random.default_rng(seed)
    index = library.index(LYRICS)
    vectors = index.place(unit(rng.normal(size=(len(lines), LYRICS.dim))))
    return IndexQuery(index, vectors, find_evidence(library.catalog, LYRICS, lines))


@pytest.mark.parametrize("n_wanted", [1, 2, None])
@pytest.mark.parametrize("seed", range(5))
def test_the_best_by_meaning_and_words_are_found_as_by_brute_force(
    sung: Library, seed: int, n_wanted: int | None
) -> None:
    lines = ("shiboleth", "harbour lights")
    ask = make_ask(sung, lines, seed)
    expected = {}
    for video_id, texts in LINES.items():
        cosines = ask.vectors.astype(float) @ ask.index.vectors(video_id).T.astype(float)
        for at, line in enumerate(lines):
            for one in find_lines(sung.catalog, line).get(video_id, ()):
                row = texts.index(one.text)
                cosines[at, row] = 1 - (1 - max(0.0, cosines[at, row])) * (1 - one.strength)
        expected[video_id] = cosines.max(axis=1).mean()
    assert score_videos(ask, list(LINES)) == pytest.approx(list(expected.values()), abs=1e-5)
    found = find_candidates([ask], lambda s, _: s[0], n_wanted)
    ranked = sorted(expected, key=lambda v: -expected[v])[: n_wanted or 4]
    scores = dict(zip(found.video_ids, found.similarities[0], strict=True))
    assert set(ranked) <= set(scores)
    assert [scores[v] for v in ranked] == pytest.approx([expected[v] for v in ranked], abs=1e-5)


def test_a_search_gives_the_line_its_time_and_the_words(
    sung: Library, planted_encoders: Any
) -> None:
    query = "you sayd shibboleht"
    engine = Engine(sung, planted_encoders({query: UNLIKE}))
    best = engine.search(Query((QueryPart("lyric", query),)), SearchOptions(top=2))[0]
    assert best.video.id == "bbbb"
    moment = best.moments[0]
    assert (moment.start_seconds, moment.end_seconds) == (0.0, 3.0)
    assert moment.text == "you said shibboleth to the guard"
    assert moment.words == ("you", "said", "shibboleth")
    assert best.contributions["lyrics"].similarity == pytest.approx(moment.similarity)


def test_a_verse_is_asked_for_line_by_line(sung: Library, planted_encoders: Any) -> None:
    verse = ["dancing in the harbour lights", "can't deny"]
    engine = Engine(sung, planted_encoders(dict.fromkeys(verse, UNLIKE)))
    query = Query((QueryPart("lyric", "  dancing in the harbour lights \n\n can't deny\n"),))
    best = engine.search(query)[0]
    assert best.video.id == "cccc"
    assert best.moments[0].text == verse[0]
    each = [strongest(sung, line)[1] for line in verse]
    assert best.contributions["lyrics"].similarity == pytest.approx(sum(each) / 2, abs=1e-6)


def test_without_an_index_of_words_the_meaning_alone_decides(
    sung: Library, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsearch.store.catalog.reading.lyrics, "has_index", lambda *_: False)
    assert find_evidence(sung.catalog, LYRICS, ("shibboleth",)) == {}
    index = sung.index(LYRICS)
    vector = index.vectors("dddd")[2]
    results = Engine(sung, planted_encoders({"shibboleth": vector})).search(
        Query((QueryPart("lyric", "shibboleth"),))
    )
    assert results[0].video.id == "dddd"
    assert results[0].moments[0].words == ()


def test_texts_are_read_of_the_space_that_is_asked(sung: Library) -> None:
    assert sung.catalog.segment_texts(LYRICS.key, list(LINES)) == LINES
    other = Space("lyrics", "another", "1", 3)
    assert sung.catalog.segment_texts(other.key, list(LINES)) == {}
