"""Chains of similar songs repeat neither a song nor an artist while others are left."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.api.methods import playlists
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import LibraryDamagedError, MvsearchError, VideoNotFoundError
from tests.search import readers

# (title, artist); the last is a copy of the first under another name.
NAMES = [
    *(("One", "A"), ("Two", "B"), ("Three", "Á"), ("Four", "C"), ("one!", "D"), ("Öne", "E")),
    ("Upload 7", None),
]
IDS = readers.SONGS


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mvsearch.VideoLibrary]:
    place = tmp_path_factory.mktemp("chain") / "library"
    songs = [readers.make_song(video_id) for video_id in IDS]
    songs[-1] = replace(songs[-1], embeddings=songs[0].embeddings)
    with readers.make_library(place, []) as made, made.writing():
        made.catalog.add_indexed(
            [
                replace(song, video=replace(song.video, title=title, artist=artist))
                for song, (title, artist) in zip(songs, NAMES, strict=True)
            ]
        )
    with readers.open_planted(place) as opened:
        yield opened


def test_a_chain_takes_the_most_similar_of_what_is_left(library: mvsearch.VideoLibrary) -> None:
    chain = library.chain(IDS[0], length=10)
    # "Á" is "A", "Öne" is "One", and the copy is left out.
    assert {one.video.id for one in chain} == {IDS[1], IDS[2], IDS[3], IDS[4]}
    assert chain[-1].video.id == IDS[2]  # the artist that was played comes last
    assert [one.rank for one in chain] == [1, 2, 3, 4]
    first = library.similar(IDS[0], top=10)
    best = next(one for one in first if one.video.id in (IDS[1], IDS[3], IDS[4]))
    assert (chain[0].video, chain[0].score) == (best.video, pytest.approx(best.score))
    on = library.chain([IDS[0], chain[0].video], length=1)
    assert on[0].video == chain[1].video
    assert library.chain(IDS, length=3) == []
    with pytest.raises(MvsearchError, match="begins with a video"):
        library.chain([])


def test_a_filter_holds_for_all_songs_of_a_chain(library: mvsearch.VideoLibrary) -> None:
    few = Filter(ids=(IDS[2], IDS[3]))
    for played in (IDS[0], [IDS[4], IDS[0]]):  # played songs need not pass it
        assert [one.video.id for one in library.chain(played, filter=few)] == [IDS[3], IDS[2]]
    assert library.chain([IDS[0], IDS[3]], filter=Filter(ids=(IDS[3],))) == []
    assert library.chain(IDS[0], filter=Filter(ids=(IDS[6],))) == []  # a copy


def test_playlists_are_kept_and_never_overwritten_unasked(library: mvsearch.VideoLibrary) -> None:
    library.save_playlist("Evening", IDS[:2])
    with pytest.raises(MvsearchError, match="already"):
        library.save_playlist("Evening", IDS[2:3])
    library.mark("Evening", IDS[2])
    library.mark("Evening", IDS[0], is_in=False)
    library.mark("Liked", IDS[3])
    with readers.open_planted(library.folder) as other:
        found = other.playlists()
    assert {name: [one.id for one in videos] for name, videos in found.items()} == {
        "Evening": IDS[1:3],
        "Liked": [IDS[3]],
    }
    library.save_playlist("Evening", [], replace=True)
    library.delete_playlist("Liked")
    assert library.playlists() == {"Evening": []}
    with (
        mvsearch.open(library.folder, read_only=True) as reader,
        pytest.raises(MvsearchError, match="read only"),
    ):
        reader.mark("Liked", IDS[0])
    for name in ("", " ", "a\nb", "x" * 101):
        with pytest.raises(MvsearchError, match="letters"):
            library.save_playlist(name, [])
    with pytest.raises(VideoNotFoundError):
        library.delete_playlist("Liked")


def test_playlists_are_bounded(
    library: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlists, "MAX_VIDEOS", 2)
    monkeypatch.setattr(playlists, "MAX_PLAYLISTS", 2)
    for name in library.playlists():
        library.delete_playlist(name)
    library.save_playlist("Full", IDS[:2])
    library.mark("Full", IDS[0])  # goes to the end
    before = {"Full": [IDS[1], IDS[0]], "Other": [IDS[0]]}
    library.mark("Other", IDS[0])
    with pytest.raises(MvsearchError, match="at most 2 videos"):
        library.mark("Full", IDS[2])
    with pytest.raises(MvsearchError, match="at most 2 videos"):
        library.save_playlist("Other", ["no such video"] * 3, replace=True)
    with pytest.raises(MvsearchError, match="at most 2 playlists"):
        library.mark("Third", IDS[0])
    with pytest.raises(MvsearchError, match="at most 2 playlists"):
        library.save_playlist("Third", IDS[:1])
    found = library.playlists()
    assert {name: [one.id for one in videos] for name, videos in found.items()} == before


@pytest.mark.parametrize("text", ["[1]", '{"a": 1}', "{", '{"a": ["' + "x" * 17_000_000 + '"]}'])
def test_a_damaged_file_is_told_and_kept(library: mvsearch.VideoLibrary, text: str) -> None:
    file: Path = library.folder / "playlists.json"
    before = file.read_bytes() if file.exists() else b"{}"
    file.write_text(text)
    with pytest.raises(LibraryDamagedError, match="move it away"):
        library.mark("Liked", IDS[0])
    assert file.stat().st_size == len(text)
    file.write_bytes(before)
