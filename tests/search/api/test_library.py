"""The Python API over a toy library; the command line says the same."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from tests import toy_library
from tests.search import readers
from tests.serving import AnyLibrary

FIRST = next(iter(toy_library.PICTURES))


def test_a_search_answers_as_the_command_does(
    opened: mvsearch.VideoLibrary, folder: Path, print_json: Callable[..., Any]
) -> None:
    weights = {"frames": 0.5, "lyrics": 0.5}
    clip = mvsearch.Clip(folder / FIRST, 1, 3)
    found = opened.search(clip=clip, lyric="take me home", weights=weights, top=2)
    words = ["--clip", f"{folder / FIRST}@1-3", "--lyric", "take me home"]
    words += ["--weights", "frames=.5,lyrics=.5", "--top", "2", "--json"]
    said, told = print_json("search", *words), found.to_dict()
    assert told["results"] == [result.to_dict() for result in found] == said["results"]
    assert told["query"]["parts"] == said["query"]["parts"]
    assert (len(found), found[0].video.title) == (2, "First Song")


def test_what_is_similar_is_what_the_command_says(
    opened: mvsearch.VideoLibrary, print_json: Callable[..., Any]
) -> None:
    found = opened.similar("first song", top=1)
    said = print_json("similar", "first song", "--top", 1, "--format", "json")
    assert [result.to_dict() for result in found] == said["similar"]
    assert len(found) == 1


def test_what_is_held_is_read(library: AnyLibrary) -> None:
    assert [video.title for video in library.videos()] == [
        "First Song",
        "Second Song",
        "Third Song",
    ]
    video = library.find("second")
    assert library.find(video) == library.find(video.id[:8]) == video
    lyrics = library.lyrics(video)
    assert lyrics is not None
    assert [line.text for line in lyrics.lines][1] == "ships in harbour are safe"
    assert library.lyrics("third") is None
    assert [found.title for found, _ in library.all_lyrics()] == ["First Song", "Second Song"]
    assert library.status()["videos"] == 3
    assert mvsearch.check(library.folder).damages == ()
    assert library.failures() == []
    assert library.versions().n_compared == 3


def test_a_video_leaves_by_name_or_with_its_file(tmp_path: Path) -> None:
    songs = [readers.make_song(video_id) for video_id in readers.SONGS[:3]]
    files = [tmp_path / f"{song.video.id}.mp4" for song in songs]
    with readers.make_library(tmp_path / "library", []) as made, made.writing():
        made.catalog.add_indexed(
            [
                replace(song, location=replace(song.location, path=file))
                for song, file in zip(songs, files, strict=True)
            ]
        )
    files[0].touch()
    files[1].touch()
    with readers.open_planted(tmp_path / "library") as library:
        assert library.remove(songs[0].video.id[:6]) == 1
        assert library.remove_missing() == 1
        assert [video.id for video in library.videos()] == [songs[1].video.id]
    assert files[0].exists()


def test_a_folder_without_a_library_stays_as_it_is_until_it_is_indexed(tmp_path: Path) -> None:
    with mvsearch.open(tmp_path / "library", profile="toy") as library:
        for ask in (library.videos, library.status, lambda: library.search("river")):
            with pytest.raises(mvsearch.NoLibraryError):
                ask()
        with pytest.raises(mvsearch.MvsearchError, match="does not exist"):
            library.index(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []


def test_another_profile_than_the_library_s_is_refused(home: Path) -> None:
    with pytest.raises(mvsearch.EncoderMismatchError, match="built with profile toy"):
        mvsearch.open(home, profile="embedded")
    with pytest.raises(mvsearch.MvsearchError, match="no profile"):
        mvsearch.open(home, profile="none")


def test_a_closed_library_says_so(home: Path) -> None:
    library = mvsearch.open(home)
    library.close()
    library.close()
    with pytest.raises(mvsearch.LibraryClosedError, match="was closed"):
        library.search("river")


def test_the_import_costs_nothing() -> None:
    code = "import sys, mvsearch; sys.exit(any(n in sys.modules for n in ('numpy', 'sqlalchemy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there() -> None:
    assert sorted({*mvsearch._FOUND_IN, "open", "__version__"}) == mvsearch.__all__
    for name in mvsearch.__all__:
        assert getattr(mvsearch, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        mvsearch.nothing  # noqa: B018
