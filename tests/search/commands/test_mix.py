"""What `mvsearch mix` and searches by mood print, of a library whose moods are planted."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mvsearch.store.library import Library
from tests import toy_library
from tests.search.commands.conftest import Run
from tests.search.mood.moods import forget_moods, make_track

CURVE = [(0.0, 0.5, 0.5), (1.0, 0.8, 0.2), (2.0, 0.1, 0.9)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy library; the first song is calm, the second wild, the third has no sound."""
    folder = tmp_path_factory.mktemp("moods")
    place = toy_library.make_indexed(folder / "videos", folder / "library")
    forget_moods(place)
    with Library.open(place) as library:
        first, second, third = library.catalog.videos()
        for video, numbers in ((first, (0.8, 0.2, 0.9)), (second, (0.1, 0.9, 0.9))):
            library.catalog.store_moods([(video.id, make_track("sound", numbers, CURVE))])
        library.catalog.store_moods([(third.id, make_track("picture", (0.8, 0.2, 0.9), CURVE))])
    return place


@pytest.fixture
def moody(shell: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The shell, with this library as its own."""
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(place))
    return shell


def test_a_mix_is_a_table_json_or_a_playlist(moody: Run, tmp_path: Path) -> None:
    ends = ("--from", "tense", "--to", ".8,.2", "--minutes", "0.2")
    code, out, err = moody("mix", *ends)
    assert (code, err) == (0, "1 video is left out: the mood of the sound is not known well\n")
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["at", "valence", "arousal", "mood", "video"]
    assert [row[-2:] for row in rows[1:3]] == [["Second", "Song"], ["First", "Song"]]
    assert rows[1][1] == "0.10"
    assert out.splitlines()[-1] == "2 songs, 0:10; of the curve in brackets"
    told = json.loads(moody("mix", *ends, "--json")[1])
    assert [one["video"]["title"] for one in told["songs"]] == ["Second Song", "First Song"]
    assert moody("mix", *ends, "--m3u")[1].splitlines()[:2] == [
        "#EXTM3U",
        "#PLAYLIST:tense to .8,.2",
    ]
    file = tmp_path / "mix.xspf"
    assert moody("mix", *ends, "--xspf", "--out", file)[:2] == (0, f"written: {file}\n")
    assert len(ElementTree.parse(file).findall(".//{*}track")) == 2
    assert moody("mix", *ends, "--xspf", "--out", file)[0] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "clam", "--to", "sad"), "did you mean calm?"),
        (("--from", "calm", "--to", "1.5,0"), "valence and arousal are from 0 to 1, not 1.5,0"),
        (("--from", "calm", "--to", "sad", "--minutes", "0"), "more than 0 and up to 1440"),
        (("--from", "calm", "--to", "sad", "--m3u", "--json"), "exclude each other"),
        (("--from", "calm", "--to", "sad", "--title", "third"), "no song whose mood is known"),
    ],
)
def test_a_mix_that_cannot_be_is_one_error(moody: Run, words: tuple[str, ...], said: str) -> None:
    code, out, err = moody("mix", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_music_for_a_video_says_why(moody: Run, tmp_path: Path) -> None:
    asked = ("search", "--like", "third", "--for-music")
    code, out, err = moody(*asked)
    assert (code, err) == (0, "found by mood\n")
    assert "Ada Lovelace - First Song" in out.splitlines()[1]
    assert "both calm: valence .80 and .80, arousal .20 and .20" in out
    assert "0:01–0:02 audio" in out
    page = tmp_path / "page.html"
    told = json.loads(moody(*asked, "--json", "--html", page)[1])
    assert told["notes"] == ["found by mood"]
    assert told["results"][0]["mood"]["names"] == ["calm"]
    assert "both calm: valence .80" in page.read_text(encoding="utf-8")
    assert "start-time=1.000" in moody(*asked, "--m3u")[1]
    back = json.loads(moody("search", "--like", "first", "--for-picture", "--json")[1])
    assert [one["video"]["title"] for one in back["results"]] == ["Third Song"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--for-music",), "nothing to search for"),
        (("--for-music", "--for-picture", "--like", "third"), "exclude each other"),
        (("--for-music", "--looks-like", "a", "--sounds-unlike", "a"), "exclude each other"),
        (("--for-music", "--audio", "a.mp3"), "music is found for one picture, clip or video"),
        (("--for-picture", "--image", "a.jpg"), "pictures are found for one sound, clip or video"),
        (("--for-music", "--image", "a.jpg"), "no file is called 'a.jpg'"),
        (("--for-music", "--like", "third", "--by", "copy"), "found by mood, not by copy"),
        (("--for-music", "--like", "first"), "no mood is known of the picture of 'First Song'"),
    ],
)
def test_what_fits_nothing_is_one_error(moody: Run, words: tuple[str, ...], said: str) -> None:
    code, out, err = moody("search", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_library_from_before_moods_is_to_be_indexed_again(shell: Run, tmp_path: Path) -> None:
    place = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    forget_moods(place)
    code, out, err = shell("mix", "--library", place, "--from", "calm", "--to", "sad")
    assert (code, out) == (2, "")
    assert "index its folders again" in err
