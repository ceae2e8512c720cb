"""Names of videos as people type them."""

import re
import unicodedata
from pathlib import Path

import pytest

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import AmbiguousVideoError, VideoNotFoundError
from mvsearch.store.unicode import fold_name
from tests.store.examples import add_song


@pytest.fixture
def songs(catalog: Catalog, tmp_path: Path) -> Catalog:
    for video_id, artist, title in [
        ("abcd1111", "Beyoncé", "Halo"),
        ("abcd2222", "Björk", "Jóga"),
        ("ef013333", None, "100% _pure_ love"),
        ("deed4444", "The Dead", "Dead"),
        ("face5555", "The Dead", "Dead End"),
        ("0123face", "Nobody", "Face to Face"),
    ]:
        add_song(
            catalog, video_id, artist=artist, title=title, path=tmp_path / f"{video_id} né.mp4"
        )
    return catalog


@pytest.mark.parametrize(
    ("name", "video_id"),
    [
        ("abcd1111", "abcd1111"),
        ("abcd1", "abcd1111"),
        ("ABCD1", "abcd1111"),
        ("beyonce", "abcd1111"),
        ("BEYONCÉ – HALO", "abcd1111"),
        ("beyoncé  -  halo", "abcd1111"),
        (unicodedata.normalize("NFD", "jóga"), "abcd2222"),
        ("bjork - jo", "abcd2222"),
        ("%", "ef013333"),
        ("_pure_", "ef013333"),
        ("dead", "deed4444"),
        ("Dead End", "face5555"),
        ("0123", "0123face"),
    ],
)
def test_a_name_finds_its_video(songs: Catalog, name: str, video_id: str) -> None:
    assert songs.find_video(name).id == video_id


def test_a_path_finds_its_video(
    songs: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absolute = tmp_path / "abcd2222 né.mp4"
    assert songs.find_video(str(absolute)).id == "abcd2222"
    assert songs.find_video(unicodedata.normalize("NFD", str(absolute))).id == "abcd2222"
    monkeypatch.chdir(tmp_path)
    assert songs.find_video("./x/../abcd2222 né.mp4").id == "abcd2222"


@pytest.mark.parametrize(
    "name", ["nobody's", "abc", "pure%love", "", "  ", "\u0301", "'; DROP TABLE video; --", "a\0b"]
)
def test_a_name_of_nothing_is_said_so(songs: Catalog, name: str) -> None:
    with pytest.raises(VideoNotFoundError, match="mvsearch list") as caught:
        songs.find_video(name)
    assert "\n" not in str(caught.value)
    assert songs.n_videos() == 6


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Beyonse Hallo", "did you mean 'Beyoncé - Halo'? "),
        ("jogga", "did you mean 'Björk - Jóga'? "),
        ("the daed", "did you mean 'The Dead - Dead' or 'The Dead - Dead End'? "),
    ],
)
def test_a_misspelled_name_gets_suggestions(songs: Catalog, name: str, meant: str) -> None:
    with pytest.raises(VideoNotFoundError, match=re.escape(meant)):
        songs.find_video(name)


@pytest.mark.parametrize("name", ["xylophone", "'; DROP TABLE video; --", "dead end" * 10_000])
def test_a_name_unlike_all_gets_none(songs: Catalog, name: str) -> None:
    with pytest.raises(VideoNotFoundError) as caught:
        songs.find_video(name)
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize("name", ["abcd", "the dead", "face"])
def test_a_name_of_several_lists_them(songs: Catalog, name: str) -> None:
    with pytest.raises(AmbiguousVideoError, match="or give the id") as caught:
        songs.find_video(name)
    assert str(caught.value).count("'") == 2 * 3


def test_a_long_list_is_cut(catalog: Catalog) -> None:
    for number in range(9):
        add_song(catalog, f"{number}", title=f"Song {number}")
    with pytest.raises(AmbiguousVideoError, match="Song 4' or 4 more"):
        catalog.find_video("song")


def test_folding_drops_case_accents_dashes_and_spaces() -> None:
    assert fold_name(" Ånd—ĒR \t Straße ") == "and-er strasse"
