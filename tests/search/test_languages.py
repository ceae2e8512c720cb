"""Lyrics in a second space, for words in other languages than the lyrics'."""

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from mvsearch.indexer.encoders import ENCODERS, PROFILES, Encoders
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_result
from mvsearch.indexer.pipeline.lyrics.more_lyrics import add_lyric_spaces
from mvsearch.indexer.progress import Silence
from mvsearch.search.api.notes import list_notes
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.words.languages import find_hidden
from mvsearch.search.results import Result
from mvsearch.search.scoring.null_distribution import list_kinds
from mvsearch.search.status import read_status
from mvsearch.search.temporal.expression import Leaf, Then
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.library import Library
from mvsearch.store.records import Location, LyricLine, Lyrics, Space, Stage, Video

SONGS = {
    "english": ["The kettle sings a song I heard before", "There is flour on your apron and hair"],
    "french": ["La rivière a emporté toute ma maison", "Le boulanger se lève avant le soleil"],
    "german": ["Der Regen klopft die ganze Nacht ans Fenster", "Ich habe den Schlüssel verloren"],
}
MEANINGS = (
    {"river", "rivière", "house", "maison"},
    {"baker", "boulanger", "sun", "soleil"},
    {"rain", "regen", "night", "nacht"},
    {"key", "schlüssel", "lost", "verloren"},
    {"kettle", "song"},
    {"flour", "apron"},
)


class ToyMeaning:
    """An encoder of what a few words mean, in any language; counts how often it is made."""

    n_made = 0
    languages = frozenset({"en", "fr", "de"})
    spaces = (Space("lyrics", "toy-meaning", "1", 8),)

    def __init__(self) -> None:
        ToyMeaning.n_made += 1

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, ...]:
        rows = [
            [*(len(words & set(text.lower().split())) for words in MEANINGS), 0.1, len(text) / 1e3]
            for text in texts
        ]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, 8)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True),)


@pytest.fixture(scope="module", autouse=True)
def _profile() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(ENCODERS, "toy-meaning", f"{__name__}:ToyMeaning")
        toy = replace(PROFILES["toy"], more_lyrics=("toy-meaning",))
        monkeypatch.setitem(PROFILES, "toy", toy)
        yield


def make_library(folder: Path, encoders: Encoders) -> Library:
    library = Library.open(folder, create=True)
    with library.writing():
        library.catalog.adopt_profile("toy", encoders.spaces())
        for name, lines in SONGS.items():
            video = Video(name, folder / name, name, None, 9.0)
            library.catalog.add_video(video, Location(video.path, name, folder, 1, 1))
            sung = tuple(LyricLine(line, 3.0 * at, 3.0 * at + 3) for at, line in enumerate(lines))
            made = lyrics_result(name, Lyrics(sung, "sidecar"), encoders, "")
            library.catalog.store_stage(made.stage, made.embeddings, made.lyrics)
    return library


def old_encoders() -> Encoders:
    encoders = Encoders("toy")
    encoders.profile = replace(encoders.profile, more_lyrics=())
    return encoders


def search(library: Library, encoders: Encoders, line: str) -> list[Result]:
    query = Query((QueryPart("lyric", line),))
    return Engine(library, encoders).search(query, SearchOptions(top=3, n_moments=2))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("songs"), Encoders("toy")) as made:
        yield made


def test_words_find_lyrics_of_another_language(library: Library) -> None:
    encoders = Encoders("toy")
    assert {v: library.catalog.lyrics(v).language for v in SONGS} == {  # type: ignore[union-attr]
        "english": "en",
        "french": "fr",
        "german": "de",
    }
    best, *_ = search(library, encoders, "The river has taken all of my house")
    assert best.video.id == "french"
    assert [m.text for m in best.moments if m.similarity > 0.9] == [SONGS["french"][0]]
    # By its meaning alone: the other space says nothing across languages.
    assert best.contributions["lyrics"].similarity > 0.9
    own, *_ = search(library, encoders, SONGS["english"][0])
    assert own.video.id == "english"
    assert [moment.text for moment in own.moments].count(SONGS["english"][0]) == 1


def test_lines_of_another_language_follow_each_other(library: Library) -> None:
    river, baker = "The river has taken all of my house", "The baker rises before the sun"
    lines = [Leaf(QueryPart("lyric", line)) for line in (river, baker)]
    engine = Engine(library, Encoders("toy"))
    best, *_ = engine.search(Query((), expression=Then(lines[0], lines[1], 5.0)))
    assert best.video.id == "french"
    assert [part.text for part in best.parts] == SONGS["french"]
    # By its meaning alone: the other space says nothing across languages.
    alone = [search(library, engine.encoders, line)[0] for line in (river, baker)]
    surprisals = [result.contributions["lyrics"].calibrated for result in alone]
    assert [part.evidence for part in best.parts] == pytest.approx(surprisals, rel=1e-4)
    back, *_ = engine.search(Query((), expression=Then(lines[1], lines[0], 5.0)))
    assert back.score < best.score - 0.1


def test_lines_of_another_language_are_excluded_as_they_are_found(library: Library) -> None:
    river = "The river has taken all of my house"
    parts = QueryPart("lyric", SONGS["english"][0]), QueryPart("lyric", river, role="not")
    engine = Engine(library, Encoders("toy"))
    results = engine.search(Query(parts), SearchOptions(top=3))
    (reason,) = next(one.parts for one in results if one.video.id == "french")
    alone = search(library, engine.encoders, river)[0].contributions["lyrics"]
    assert (reason.similarity, reason.evidence) == (
        pytest.approx(alone.similarity),
        pytest.approx(alone.calibrated),
    )


def test_a_language_that_no_encoder_knows_is_told(library: Library) -> None:
    def notes(line: str) -> tuple[str, ...]:
        return list_notes(Query((QueryPart("lyric", line),)), library.catalog)

    (note,) = notes("Το φεγγάρι κοιμάται πάνω στη θάλασσα")
    assert note.startswith("the words look like Greek, which toy-meaning does not know")
    assert notes(SONGS["french"][0]) == ()
    assert notes("la la") == ()


class Sung:
    """A catalog of four videos, of one of which no language is known."""

    languages: ClassVar = {"en": "en", "fr": "fr", "el": "el", "unknown": None}

    def find_sung_in_others(self, languages: Collection[str]) -> set[str]:
        known = {video: code for video, code in self.languages.items() if code is not None}
        return {video for video, code in known.items() if code not in languages}


ENGLISH_LINE = "The river has taken all of my house"
GREEK_LINE = "Το φεγγάρι κοιμάται πάνω στη θάλασσα"


@pytest.mark.parametrize(
    ("line", "encoders", "expected"),
    [
        (ENGLISH_LINE, ["minilm", "use-multilingual"], [["fr", "el"], []]),
        # Of two that know a language, the one of fewer languages.
        (ENGLISH_LINE, ["minilm", "e5", "use-multilingual"], [["fr", "el"], ["fr"], ["el"]]),
        (ENGLISH_LINE, ["minilm", "toy-lyrics"], [["fr", "el"], []]),
        (GREEK_LINE, ["minilm", "use-multilingual"], [["en", "fr"], []]),
        # Only E5 knows Greek.
        (
            GREEK_LINE,
            ["minilm", "e5", "use-multilingual"],
            [list(Sung.languages), [], list(Sung.languages)],
        ),
        ("la la", ["minilm", "e5", "use-multilingual"], [[], [], []]),
    ],
)
def test_the_encoders_that_know_a_language_count(
    line: str, encoders: list[str], expected: list[list[str]]
) -> None:
    part, nothing = QueryPart("lyric", line), np.zeros((1, 8), dtype=np.float32)
    parts = [
        EncodedPart(part, Space("lyrics", name, "1", 8), nothing, np.array([np.nan]))
        for name in encoders
    ]
    catalog: Any = Sung()
    hidden = find_hidden(catalog, parts, list(Sung.languages))
    found = [[v for v, one in zip(Sung.languages, row, strict=True) if one] for row in hidden]
    assert found == expected


def test_absent_lines_are_weak_and_present_ones_not(library: Library) -> None:
    encoders = Encoders("toy")
    for lines in SONGS.values():
        for line in lines:
            assert not search(library, encoders, line)[0].is_weak
    for line in ("Nothing of this is sung anywhere here", "Rien de tout cela n'est chanté ici"):
        assert all(result.is_weak for result in search(library, encoders, line))


def test_a_library_without_the_space_answers_as_before_and_gets_it(tmp_path: Path) -> None:
    before, encoders = old_encoders(), Encoders("toy")
    with make_library(tmp_path, before) as library:
        line = "The river has taken all of my house"
        ToyMeaning.n_made = 0
        expected = search(library, before, line)
        assert search(library, encoders, line) == expected
        assert ToyMeaning.n_made == 0
        with library.writing():
            library.catalog.adopt_profile("toy", encoders.spaces())
        assert search(library, encoders, line) == expected
        key = ToyMeaning.spaces[0].key
        assert read_status(library)["stages"]["lyrics"][key] == {"pending": 3, "segments": 0}
        with library.writing():
            add_lyric_spaces(library.catalog, encoders, Silence(), threading.Event())
        assert read_status(library)["stages"]["lyrics"][key] == {"pending": 0, "segments": 6}
        assert search(library, encoders, line)[0].video.id == "french"
        assert (ToyMeaning.spaces[0], "words") in list_kinds(library)
        with pytest.raises(EncoderMismatchError):
            library.catalog.adopt_profile("toy", before.spaces())


def test_a_space_of_another_encoder_instead_is_refused(library: Library) -> None:
    other = [replace(space, revision="2") for space in Encoders("toy").spaces()]
    with pytest.raises(EncoderMismatchError):
        library.catalog.check_spaces("toy", other)
    with pytest.raises(EncoderMismatchError):
        library.catalog.check_spaces("toy", Encoders("toy").spaces()[1:])


def test_lyrics_that_go_leave_no_vectors(library: Library) -> None:
    with library.writing():
        library.catalog.store_stage(Stage("french", "lyrics", "toy-lyrics@1", "absent"))
    for space in Encoders("toy").spaces():
        assert library.catalog.embeddings("french", space.key) is None
    assert library.catalog.embeddings("german", ToyMeaning.spaces[0].key) is not None
