"""Mixes lead from mood to mood, and say what the library lacks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import mvsearch
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.search.mixing import copies
from mvsearch.search.mood import mix
from mvsearch.search.mood.mix import read_point
from mvsearch.search.mood.route import Line, Places
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Space, Video
from tests.search import readers
from tests.search.mood.moods import Planted, make_library
from tests.store.examples import make_index

N = 60


def make_songs() -> list[Planted]:
    """Sixty songs of three minutes all over the plane, and some that must not be in a mix."""
    rng = np.random.default_rng(3)
    moods = rng.uniform(0.1, 0.9, (N, 2)).tolist()
    songs = [
        Planted(f"Song {at}", (v, a, 0.7), artist=f"Artist {at}", seconds=180)
        for at, (v, a) in enumerate(moods)
    ]
    middle = (0.5, 0.5, 0.9)
    songs += [Planted("söng 1", (*moods[1], 0.9), artist="Other"), Planted("Mute", None, middle)]
    return [*songs, Planted("Guess", (0.5, 0.5, 0.01), artist="Guesser")]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mvsearch.VideoLibrary]:
    place = tmp_path_factory.mktemp("mix") / "library"
    make_library(place, make_songs()).close()
    with readers.open_planted(place) as opened:
        yield opened


def test_a_mix_leads_from_one_mood_to_the_other(library: mvsearch.VideoLibrary) -> None:
    mix = library.mix("sad", "happy", 30)
    assert abs(mix.seconds - 1800) <= 90
    assert mix.asked_seconds == 1800
    titles = [song.video.title for song in mix.songs]
    assert len(set(titles)) == len(titles) == 10
    assert not {"Mute", "Guess"} & set(titles)
    assert not {"Song 1", "söng 1"} <= set(titles)
    assert mix.songs[0].mood.names[0] == "sad"
    assert mix.songs[-1].mood.names[0] == "happy"
    assert [song.start_seconds for song in mix.songs] == [180.0 * at for at in range(10)]
    away = [abs(one.mood.valence - one.valence) + abs(one.mood.arousal - one.arousal)
            for one in mix.songs]  # fmt: skip
    assert np.mean(away) < 0.2
    assert mix.notes == ("2 videos are left out: the mood of the sound is not known well",)
    assert library.mix((0.25, 0.25), ".8,.65", 30) == mix


def test_a_small_library_says_so(library: mvsearch.VideoLibrary) -> None:
    few = mvsearch.Filter(ids=tuple(f"{at:08x}" for at in range(4)))
    mix = library.mix("calm", "tense", 60, filter=few)
    assert {song.video.title for song in mix.songs} == {f"Song {at}" for at in range(4)}
    assert "the library is too small: 4 different songs make 12.0 of 60 minutes" in mix.notes
    one = library.mix((0.0, 0.0), (1, 1), 3, filter=mvsearch.Filter(ids=("00000000",)))
    assert len(one.songs) == 1
    assert [note.split(":")[0][:12] for note in one.notes] == ["the mix begi", "the mix ends"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("clam", "did you mean calm"),
        ("xyzzy", "a mood is calm, energetic, happy, sad, tense or VALENCE,AROUSAL"),
        ("", "a mood is calm"),
        (".3", "a mood is calm"),
        (".3,.4,.5", "a mood is calm"),
        (".3,1.2", "from 0 to 1, not 0.3,1.2"),
        ("nan,.2", "from 0 to 1"),
        ((0.3, -1.0), "from 0 to 1"),
    ],
)
def test_no_mood(given: str, said: str) -> None:
    with pytest.raises(QueryError, match=said) as refused:
        read_point(given)
    assert "\n" not in str(refused.value)


def test_names_are_read_in_any_case() -> None:
    assert read_point(" Calm ") == (0.75, 0.25)


def test_what_cannot_be_mixed(library: mvsearch.VideoLibrary, tmp_path: Path) -> None:
    for minutes in (0, -1, 1441, float("nan"), float("inf")):
        with pytest.raises(QueryError, match="more than 0 and up to 1440 minutes"):
            library.mix("calm", "sad", minutes)
    with pytest.raises(QueryError, match="no song whose mood is known passes"):
        library.mix("calm", "sad", filter=mvsearch.Filter(title="Mute"))
    make_library(tmp_path / "old", [Planted("Old")]).close()
    make_library(tmp_path / "empty", []).close()
    for name, said in (("old", "index its folders again"), ("empty", "the library is empty")):
        with (
            readers.open_planted(tmp_path / name) as opened,
            pytest.raises(MvsearchError, match=said),
        ):
            opened.mix("calm", "sad")


def test_copies_are_left_out_and_few_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 60
    rng = np.random.default_rng(1)
    contents = [to_unit_rows(np.cumsum(rng.normal(size=(20, 24)), axis=0)) for _ in range(n)]
    contents[7] = contents[3]
    index = make_index(
        Space("audio", "planted", "1", 24), {f"{at:02d}": one for at, one in enumerate(contents)}
    )
    compared: list[tuple[str, str]] = []

    def is_copy(first: Video, second: Video) -> bool:
        compared.append((first.id, second.id))
        return {first.id, second.id} == {"03", "07"}

    monkeypatch.setattr(copies, "find_copy_test", lambda _: is_copy)
    monkeypatch.setattr(copies, "open_copy_indexes", lambda _: {"audio": index})
    videos = [Video(f"{at:02d}", Path("/x"), f"{at}", None, 60.0, True) for at in range(n)]
    points = np.full((n, 2), 0.5) + rng.normal(0, 0.05, (n, 2))
    places = Places(points, np.full(n, 60.0), np.arange(n), np.full(n, -1))
    line, library = Line((0.5, 0.5), (0.5, 0.5), 60.0 * n), cast(Library, None)
    route = copies.plan_without_copies(
        places.songs,
        lambda songs: mix.plan_route(replace(places, songs=songs), line),
        lambda planned: planned.chosen,
        copies.open_copy_finder(library, videos),
    )
    assert len(route.chosen) == n - 1
    assert not {3, 7} <= set(route.chosen)
    # A third of all 1,770 pairs would be too many already: twice, as it is planned again.
    assert len(compared) <= 2 * 3 * n
