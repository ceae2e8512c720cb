"""Songs fit a picture by mood, with the moment, the numbers and honest doubts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvsearch
from mvsearch.indexer.mood import joint
from mvsearch.search.mood import fits
from mvsearch.search.mood.chance import MOODS, fit_chance, is_weak_fit
from mvsearch.search.mood.fits import find_stretch
from mvsearch.search.query import analyse
from mvsearch.search.query import mood as query_mood
from mvsearch.store.errors import QueryError
from tests.search import readers
from tests.search.mood.moods import Planted, make_library, make_track

# Videos with calm pictures have wild music, and so on; the last two are hardly known.
QUADRANTS = {"calm": (0.8, 0.2), "happy": (0.8, 0.8), "sad": (0.2, 0.2), "tense": (0.2, 0.8)}
OPPOSITE = {"calm": "tense", "happy": "sad", "sad": "happy", "tense": "calm"}


def make_songs() -> list[Planted]:
    rng = np.random.default_rng(2)

    def near(name: str) -> tuple[float, float, float]:
        valence, arousal = np.clip(QUADRANTS[name] + rng.normal(scale=0.05, size=2), 0, 1).tolist()
        return valence, arousal, 0.8

    songs = [
        Planted(f"{name} {at}", near(OPPOSITE[name]), near(name)) for name in QUADRANTS
        for at in range(10)
    ]  # fmt: skip
    curve = [(0.0, 0.5, 0.5), (30.0, 0.8, 0.2), (40.0, 0.79, 0.22), (50.0, 0.2, 0.8)]
    songs.append(Planted("exact", (0.8, 0.2, 0.9), (0.5, 0.5, 0.9), curve=curve))
    songs.append(Planted("doubtful", (0.79, 0.2, 0.05), (0.5, 0.5, 0.9)))
    songs.append(Planted("silent", None, (0.8, 0.2, 0.9)))
    return songs


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mvsearch.VideoLibrary]:
    place = tmp_path_factory.mktemp("fits") / "library"
    make_library(place, make_songs()).close()
    with readers.open_planted(place) as opened:
        yield opened


def ask(name: str, **given: Any) -> Any:
    """A query of the video of the library with a title."""
    return mvsearch.make_query(like=name, **given)


def test_a_picture_finds_songs_of_its_mood(library: mvsearch.VideoLibrary) -> None:
    found = library.music_for(ask("silent"), top=10)
    assert found.way == "mood"
    assert [one.video.title for one in found.results[:2]] == ["exact", "doubtful"]
    # Music as calm as the picture lies under tense pictures.
    assert {one.video.title.split()[0] for one in found.results[2:]} == {"tense"}
    best, doubtful = found.results[:2]
    assert (best.is_weak, doubtful.is_weak) == (False, True)
    assert best.mood is not None
    assert best.mood.describe() == (
        "both calm: valence .80 and .80, arousal .20 and .20 (confidence .90 and .90)"
    )
    assert set(best.contributions) == {"audio"}
    assert best.contributions["audio"].similarity == pytest.approx(1)
    assert best.score == pytest.approx(best.contributions["audio"].calibrated)
    moment = best.best_moment
    assert moment is not None
    assert (moment.modality, moment.start_seconds, moment.end_seconds) == ("audio", 30, 50)
    told = best.to_dict()["mood"]
    assert (told["asked"]["valence"], told["found"]["arousal"]) == (0.8, 0.2)
    assert told["names"] == ["calm"]


def test_a_song_finds_pictures_of_its_mood(library: mvsearch.VideoLibrary) -> None:
    found = library.pictures_for(ask("exact"), top=5)
    assert {one.video.title.split()[0] for one in found.results} <= {"calm", "silent"}
    assert {modality for one in found.results for modality in one.contributions} == {"frames"}
    assert "exact" not in {one.video.title for one in found.results}


def test_filters_limits_and_collapse(library: mvsearch.VideoLibrary) -> None:
    few = mvsearch.Filter(title="happy")
    found = library.music_for(ask("silent"), filter=few, top=3)
    assert [one.video.title.split()[0] for one in found.results] == ["happy"] * 3
    assert all(one.is_weak for one in found.results)  # sad songs for a calm picture
    assert found.is_weak
    inside = library.music_for(ask("silent", filter=few), top=3)
    assert inside == found


def test_a_picture_from_a_file(
    library: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = make_track("picture", (0.2, 0.8, 0.9), [])
    monkeypatch.setattr(analyse, "analyse_part", lambda *_: [])
    monkeypatch.setattr(query_mood, "is_uniform_image", lambda *_: False)
    monkeypatch.setattr(
        fits, "find_mood_space", lambda _, modality, __: modality == "frames" or None
    )
    monkeypatch.setattr(fits, "measure_mood", lambda *_: asked)
    picture = tmp_path / "p.png"
    picture.write_bytes(b"-")
    found = library.music_for(picture, way="mood", top=4)
    assert {one.video.title.split()[0] for one in found.results} == {"calm"}
    assert found.results[0].mood is not None
    assert found.results[0].mood.asked.names == ("tense", "energetic")
    monkeypatch.setattr(fits, "measure_mood", lambda *_: None)
    with pytest.raises(QueryError, match=r"'p\.png' holds no frames to search by"):
        library.music_for(picture, way="mood")
    with pytest.raises(QueryError, match="nothing predicts moods of audio in the profile planted"):
        library.pictures_for(picture, way="mood")
    monkeypatch.setattr(query_mood, "is_uniform_image", lambda *_: True)
    with pytest.raises(QueryError, match=r"'p\.png' is of one colour and has no mood"):
        library.music_for(picture, way="mood")
    with pytest.raises(QueryError, match="no file is called"):
        library.music_for(tmp_path / "absent.png", way="mood")


@pytest.mark.parametrize("given", [["a.jpg", "b.jpg"], mvsearch.make_query("words"), None])
def test_what_is_no_picture(library: mvsearch.VideoLibrary, given: Any) -> None:
    with pytest.raises(QueryError, match=r"one picture, clip or video|nothing to search"):
        library.music_for(given)


def test_a_library_without_moods_is_to_be_indexed_again(tmp_path: Path) -> None:
    make_library(tmp_path / "old", [Planted("Old"), Planted("Older")]).close()
    make_library(tmp_path / "half", [Planted("Half", None, (0.5, 0.5, 0.5))]).close()
    for name, said in (
        ("Old", "no mood is known of the picture of 'Old'"),
        ("Half", "of any sound of this library: index its folders"),
    ):
        with (
            readers.open_planted(tmp_path / name.lower()) as opened,
            pytest.raises(QueryError, match=said),
        ):
            opened.music_for(ask(name))


def test_chance_is_the_median_and_spread_of_unrelated_pairs() -> None:
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 1, (300, 2)).astype(np.float32)
    pairs = joint.compare(points, points)[~np.eye(300, dtype=bool)].astype(np.float64)
    surprisals = fit_chance(pairs, MOODS, 0).compute_surprisal(pairs)
    # By its definition half of the pairs reach log10(2), and about as many as it says reach one.
    assert (surprisals >= np.log10(2)).mean() == pytest.approx(0.5, abs=0.05)
    assert (surprisals >= 1).mean() == pytest.approx(0.1, abs=0.05)
    assert np.all(np.diff(surprisals[np.argsort(pairs)]) >= 0)
    assert fit_chance(pairs[:0], MOODS, 100) == MOODS
    far = fit_chance(pairs, MOODS, 100 * len(pairs))
    assert far.location == pytest.approx(MOODS.location, abs=0.02)


def test_what_one_in_ten_unrelated_pairs_reaches_is_weak() -> None:
    tenth = np.tanh(MOODS.location + MOODS.scale * np.log(9)) / 0.995
    given = np.array([0.0, tenth - 1e-4, tenth + 1e-4, 0.9, 1.0])
    surprisals = MOODS.compute_surprisal(given).tolist()
    assert [is_weak_fit(one, 0.9, 0.9) for one in surprisals] == [True, True, False, False, False]
    assert is_weak_fit(surprisals[-1], 0.9, 0.05)
    assert is_weak_fit(surprisals[-1], 0.05, 0.9)


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([0.5, 0.1, 0.12, 0.4], (10, 30)),
        ([0.1, 0.5, 0.1, 0.1], (0, 10)),
        ([0.3, 0.3, 0.3, 0.1], (30, 60)),
        ([0.1, 0.1, 0.1, 0.1], (0, 30)),
        ([0.1, 0.1, 0.1, 0.09], (15, 45)),
    ],
)
def test_the_moment_is_the_stretch_that_is_nearly_as_near(
    distances: list[float], expected: tuple[float, float]
) -> None:
    seconds = np.array([0.0, 10, 20, 30])
    assert find_stretch(seconds, np.array(distances), 60.0) == expected
