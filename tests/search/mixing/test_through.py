"""Mixes through videos of a library, and what they say of what it lacks."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mvsearch
from mvsearch.search.mixing.through import MAX_STOPS
from mvsearch.store.errors import MvsearchError, QueryError, VideoNotFoundError
from mvsearch.store.records import KEYS, TempoAndKey
from tests.search import readers

N = 24
IDS = [f"{at:08x}" for at in range(1, N + 1)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mvsearch.VideoLibrary]:
    """Songs of three minutes by artists of their own; the last is a copy, the one before silent."""
    place = tmp_path_factory.mktemp("mixes") / "library"
    songs = []
    for at, video_id in enumerate(IDS):
        song = readers.make_song(video_id)
        video = replace(
            song.video, title=f"Title {at}", artist=f"Artist {at}", duration_seconds=180.0
        )
        tempo = TempoAndKey("1", 100.0 + at, 0.9, KEYS[7 * at % 12], 0.9)
        songs.append(replace(song, video=video, tempo=tempo))
    silent = tuple(one for one in songs[-2].embeddings if one.space.modality != "audio")
    songs[-2] = replace(songs[-2], embeddings=silent)
    songs[-1] = replace(songs[-1], embeddings=songs[0].embeddings)
    with readers.make_library(place, []) as made, made.writing():
        made.catalog.add_indexed(songs)
    with readers.open_planted(place) as opened:
        yield opened


def list_titles(mix: object) -> list[str]:
    return [video.title for video in mix.videos]  # type: ignore[attr-defined]


def test_a_mix_begins_with_its_video_and_repeats_nothing(library: mvsearch.VideoLibrary) -> None:
    mix = library.mix_through("Title 3", 30)
    titles = list_titles(mix)
    assert titles[0] == "Title 3"
    assert len(set(titles)) == len(titles) == 10
    assert not {"Title 0", "Title 23"} <= set(titles)
    assert (mix.seconds, mix.songs[0].step) == (1800, None)
    assert [song.start_seconds for song in mix.songs] == [180.0 * at for at in range(10)]
    assert [song.is_asked for song in mix.songs] == [True] + [False] * 9
    assert mix.notes[-1] == "1 video is left out, with no sound to compare"
    assert library.mix_through("Title 3", 30) == mix
    others = [library.mix_through("Title 3", 30, seed=seed) for seed in (1, 1, 2)]
    assert others[0] == others[1]
    assert len({tuple(list_titles(one)) for one in (mix, *others)}) > 1


def test_videos_are_visited_in_their_order(library: mvsearch.VideoLibrary) -> None:
    asked = ["Title 9", "Title 2", "Title 14"]
    mix = library.mix_through(asked, 45, by="look")
    assert [song.video.title for song in mix.songs if song.is_asked] == asked
    assert list_titles(mix)[0] == asked[0]
    assert list_titles(mix)[-1] == asked[-1]
    assert abs(mix.seconds - 2700) <= 180
    alone = library.mix_through(asked, 1)
    assert list_titles(alone) == asked
    assert "the videos take 9.0 minutes, not 1" in alone.notes
    whole = library.mix_through("Title 5", 600)
    assert len(whole.songs) == N - 2
    assert whole.notes[-2].startswith("the library is too small: 22 different songs make 66.0 of")
    few = library.mix_through("Title 5", 60, filter=mvsearch.Filter(ids=(IDS[1], IDS[2])))
    assert set(list_titles(few)) == {"Title 5", "Title 1", "Title 2"}
    twice = library.mix_through(["Title 0", "Title 5", "Title 23", "Title 5"], 12)
    assert list_titles(twice)[0] == "Title 0"
    assert list_titles(twice)[-1] == "Title 5"
    assert "Title 23 is left out: it is the same song as another one" in twice.notes


def test_long_steps_are_told(library: mvsearch.VideoLibrary) -> None:
    n_told = 0
    for other in range(2, 12):
        mix = library.mix_through(["Title 1", f"Title {other}"], 6)
        far = [one.step for one in mix.songs if one.step is not None and one.step > mix.limit]
        told = [note for note in mix.notes if "90th percentile" in note]
        assert [note.split()[0] for note in told] == ([str(len(far))] if far else [])
        n_told += len(told)
    assert n_told > 0


def test_keys_go_with_each_other(library: mvsearch.VideoLibrary) -> None:
    mix = library.mix_through("Title 4", 30, harmonic=True)
    keys = [KEYS.index(video.key) for video in mix.videos]
    # Fifths up and down, or the same key.
    assert {(b - a) % 12 for a, b in pairwise(keys)} <= {0, 5, 7}
    assert not any("harmonic" in note for note in mix.notes)


@pytest.mark.parametrize(
    ("videos", "given", "error", "said"),
    [
        ("Title 1", {"minutes": 0}, QueryError, "more than 0 and up to 1440 minutes"),
        ("Title 1", {"minutes": -5}, QueryError, "more than 0"),
        ("Title 1", {"minutes": 1e9}, QueryError, "more than 0"),
        ("Title 1", {"minutes": float("nan")}, QueryError, "more than 0"),
        ("Title 1", {"by": "smell"}, QueryError, "goes by look, sound, lyrics, mood, not by"),
        ("Title 1", {"by": "mood"}, QueryError, "no mood is known"),
        ("Title 1", {"seed": -1}, QueryError, "a seed is from 0"),
        ("Title 22", {}, QueryError, "Title 22 has no sound to compare"),
        ("nothing like it", {}, VideoNotFoundError, "nothing like it"),
        ([], {}, MvsearchError, "name one"),
        (["Title 1"] * (MAX_STOPS + 1), {}, QueryError, "1 to 100 videos, not 101"),
    ],
)
def test_what_cannot_be_mixed(library: mvsearch.VideoLibrary, videos, given, error, said) -> None:
    with pytest.raises(error, match=said):
        library.mix_through(videos, **given)


def test_a_library_of_one_video_or_none(tmp_path: Path) -> None:
    for n in (1, 0):
        place = tmp_path / str(n)
        readers.make_library(place, IDS[:n]).close()
        with readers.open_planted(place) as opened:
            if n:
                mix = opened.mix_through(IDS[0], 5)
                assert (len(mix.songs), mix.limit) == (1, 0)
                assert mix.notes == (
                    "the library is too small: 1 different songs make 1.0 of 5 minutes",
                )
            else:
                with pytest.raises(MvsearchError):
                    opened.mix_through(IDS[0], 5)


def test_the_command_prints_tables_and_playlists(
    library: mvsearch.VideoLibrary, shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(library.folder))
    monkeypatch.setattr(mvsearch, "open", lambda *_, **__: readers.open_planted(library.folder))
    code, out, _ = shell("mix", "Title 3", "Title 8", "--minutes", "15", "--by", "look")
    rows = [line.split() for line in out.splitlines()]
    assert (code, rows[0]) == (0, ["at", "step", "tempo", "and", "key", "video"])
    assert rows[1][:2] == ["0:00", "–"]
    assert [row[-6] for row in rows if "*" in row] == ["*", "*"]
    assert out.splitlines()[-1].startswith("5 songs, 15:00; a step is smooth up to ")
    told = json.loads(shell("mix", "Title 3", "--minutes", "15", "--harmonic", "--json")[1])
    assert [one["is_asked"] for one in told["songs"]] == [True] + [False] * 4
    assert shell("mix", "Title 3", "--minutes", "6", "--m3u")[1].splitlines()[:2] == [
        "#EXTM3U",
        "#PLAYLIST:Title 3",
    ]
    file = tmp_path / "mix.xspf"
    assert shell("mix", "Title 3", "--minutes", "9", "--xspf", "--out", file)[0] == 0
    assert len(ElementTree.parse(file).findall(".//{*}track")) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name videos to mix through, or moods"),
        (("--from", "calm"), "name videos to mix through, or moods"),
        (("Title 1", "--from", "calm", "--to", "sad"), "not both"),
        (("--from", "calm", "--to", "sad", "--by", "look"), "are for mixes through videos"),
        (("--from", "calm", "--to", "sad", "--harmonic"), "are for mixes through videos"),
        (("Title 1", "--minutes", "0"), "more than 0"),
        (("Title 1", "--by", "smell"), "goes by look"),
        (("Title 1", "--bpm", "128-120"), "128-120"),
        (("\x1b[31mnobody",), "no video"),
        (("Title 1", "--m3u", "--json"), "exclude each other"),
    ],
)
def test_what_the_command_cannot_mix_is_one_line(
    library: mvsearch.VideoLibrary, shell, monkeypatch: pytest.MonkeyPatch, words, said
) -> None:
    monkeypatch.setattr(mvsearch, "open", lambda *_, **__: readers.open_planted(library.folder))
    code, out, err = shell("mix", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert "\x1b" not in err
