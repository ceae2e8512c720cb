"""Misheard lines are found by how they sound: planted lines, and an alignment cell by cell."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.pipeline.lyrics.add_sounds import add_sounds
from mvsearch.indexer.progress import Silence
from mvsearch.indexer.pronunciation import SOUNDS, count_losses, score_pairs
from mvsearch.search.query.words.hearing import find_heard
from mvsearch.search.query.words.lexical import FoundLines, LineEvidence, find_evidence
from mvsearch.search.query.words.sound_alignment import align_sounds, score_itself
from mvsearch.store.library import Library
from mvsearch.store.records import Location, LyricLine, Lyrics, Stage, Video
from tests.search.conftest import LYRICS

SONGS = {
    "sky": ["Excuse me while I kiss the sky", "purple is the colour of the evening"],
    "lips": ["our lips are sealed", "can you hear them, they talk about us"],
    "sea": ["Der Regen klopft an meine Scheibe", "Ich habe den Schlüssel verloren"],
    "plain": ["the engine weaves its patterns", "as the loom weaves flowers and leaves"],
    "kana": ["さくらがさいた", "桜が咲いた"],
}
LANGUAGES = {"sea": "de", "kana": "ja"}


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of songs whose sounds are written."""
    folder = tmp_path_factory.mktemp("heard")
    with Library.open(folder, create=True) as library:
        library.catalog.adopt_profile("toy", [LYRICS])
        with library.writing():
            for name, lines in SONGS.items():
                path = Path(f"/songs/{name}")
                video = Video(name, path, name, None, 60.0)
                library.catalog.add_video(video, Location(path, name, path.parent, 1, 1))
                sung = tuple(LyricLine(line) for line in lines)
                lyrics = Lyrics(sung, "sidecar", "", LANGUAGES.get(name, "en"))
                library.catalog.store_stage(Stage(name, "lyrics", LYRICS.key, "done"), (), lyrics)
            add_sounds(library.catalog, Silence(), threading.Event())
        yield library


@pytest.mark.parametrize(
    ("query", "song", "words"),
    [
        ("excuse me while I kiss this guy", "sky", "Excuse me while I kiss the sky"),
        ("kiss this guy", "sky", "kiss the sky"),
        ("our lip saucy eld", "lips", "our lips are sealed"),
        ("dea reagen kloppft an maine schaibe", "sea", "Der Regen klopft an meine Scheibe"),
        ("sakura ga saita", "kana", "さくらがさいた"),
        ("SAKKURA GA ZAIDA!", "kana", "さくらがさいた"),
    ],
)
def test_a_misheard_line_is_found_with_the_words_that_sound_like_it(
    heard: Library, query: str, song: str, words: str
) -> None:
    best = max(find_heard(heard.catalog, query, 10), key=lambda one: one.strength)
    assert best.video_id == song
    assert best.words == words or words.endswith(best.words)


@pytest.mark.parametrize(
    "query",
    ["", "a", "oh", "🎸", "桜が咲いた", "\ud800\0", "%\"' OR 1", "ξ", "my taxi is on fire tonight"],
)
def test_what_no_line_sounds_like_finds_nothing(heard: Library, query: str) -> None:
    assert [one for one in find_heard(heard.catalog, query, 10) if one.strength > 0.2] == []


def test_ten_thousand_letters_are_answered(heard: Library) -> None:
    assert list(find_heard(heard.catalog, "kiss this guy " * 700, 10)) == []
    assert list(find_heard(heard.catalog, "x" * 10_000, 10)) == []


def test_evidence_says_what_it_sounds_like_only_where_words_say_less(heard: Library) -> None:
    catalog = heard.catalog

    def find(line: str, *, has_misheard: bool = True) -> tuple[float, str]:
        evidence = find_evidence(catalog, LYRICS, (line,), has_misheard=has_misheard)
        # Without vectors there are no segments, so the lines themselves are looked at.
        assert evidence == {}
        known: dict[str, object] = {}
        find_evidence(catalog, LYRICS, (line,), known, has_misheard=has_misheard)  # type: ignore[arg-type]
        lines = known[line].get("sky", [])  # type: ignore[attr-defined]
        return max(((one.strength, one.sounds_like) for one in lines), default=(0.0, ""))

    strength, sounds_like = find("kiss this guy")
    assert sounds_like == "kiss the sky"
    assert strength > 0.3 > find("kiss this guy", has_misheard=False)[0]
    assert find("kiss this guy", has_misheard=False)[1] == ""
    assert find("excuse me while I kiss the sky") == (pytest.approx(1, abs=0.01), "")


def align_plainly(one: str, other: str) -> float:
    """Smith and Waterman's recurrence, a cell at a time."""
    pairs, losses = score_pairs().astype(float), count_losses().astype(float)
    at = {sound: place for place, sound in enumerate(SOUNDS)}
    table = np.zeros((len(one) + 1, len(other) + 1))
    for i, a in enumerate(one, start=1):
        for j, b in enumerate(other, start=1):
            table[i, j] = max(
                0.0,
                table[i - 1, j - 1] + pairs[at[a], at[b]],
                table[i - 1, j] - losses[at[a]],
                table[i, j - 1] - losses[at[b]],
            )
    return float(table.max())


def test_lines_are_aligned_as_one_by_one() -> None:
    rng = random.Random(3)
    lines = ["".join(rng.choices(SOUNDS, k=rng.randrange(0, 14))) for _ in range(40)]
    for _ in range(6):
        query = "".join(rng.choices(SOUNDS, k=rng.randrange(1, 12)))
        planted = [*lines, "naI" + query + "t@"]
        found = align_sounds(query, planted)
        assert [one.nats for one in found] == pytest.approx(
            [align_plainly(query, line) for line in planted], abs=1e-3
        )
        assert found[-1].nats == pytest.approx(score_itself(query), abs=1e-3)
        assert planted[-1][found[-1].begin : found[-1].end] == query
    assert align_sounds("", ["kIs"])[0].nats == align_sounds("kIs", [""])[0].nats == 0.0
    assert align_sounds("kIs", []) == []


def test_a_line_that_is_repeated_is_heard_once(heard: Library) -> None:
    known: FoundLines = {}
    find_evidence(heard.catalog, LYRICS, ("oh yeah",) * 4 + ("kiss this guy",), known)
    assert {one.sounds_like for one in known["kiss this guy"]["sky"]} == {"kiss the sky"}


def test_what_one_line_sounds_like_is_told_where_another_has_its_words() -> None:
    text = "Excuse me while I kiss the sky"
    catalog: Any = SimpleNamespace(segment_texts=lambda *_: {"sky": [text]})
    known = {
        "kiss this guy": {"sky": [LineEvidence(text, 0.5, (), "kiss the sky")]},
        "excuse": {"sky": [LineEvidence(text, 0.2, ("excuse",))]},
    }
    found = find_evidence(catalog, LYRICS, tuple(known), known)["sky"]
    assert (found.sounds_like, found.words) == ({0: "kiss the sky"}, {0: ("excuse",)})
