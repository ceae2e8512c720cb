"""Decisions on versions, and files that are moved away and back without losing one."""

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.review import decisions
from mvsearch.search.review.moving import IGNORE_NAME, find_free_names, move_to
from mvsearch.store.errors import LibraryDamagedError, MvsearchError, QueryError
from mvsearch.store.files import in_folder
from tests.search import readers

A, B, C = readers.SONGS[:3]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mvsearch.VideoLibrary]:
    # The planted songs have made-up ids, which their files hold.
    monkeypatch.setattr(decisions, "content_id", lambda path: path.read_text())
    folder = tmp_path / "music"
    folder.mkdir()
    songs = [readers.make_song(video_id) for video_id in (A, B, C)]
    with readers.make_library(tmp_path / "library", []) as made, made.writing():
        for song in songs:
            file = folder / f"{song.video.id}.mp4"
            file.write_text(song.video.id)
            place = replace(song.location, path=file, folder=folder)
            made.catalog.add_indexed([replace(song, location=place)])
    with readers.open_planted(tmp_path / "library") as opened:
        yield opened


def test_decisions_are_kept_and_taken_back(library: mvsearch.VideoLibrary) -> None:
    library.decide(B, A, kept=A)
    library.decide(A, C, kept=None)
    assert library.decisions().pairs == {(A, B): A, (A, C): None}
    assert [video.id for video in library.surplus()] == [B]
    library.decide(A, C, kept=C)  # now A is surplus as well
    assert [video.id for video in library.surplus()] == [A, B]
    with pytest.raises(QueryError, match="no version would be kept"):
        library.decide(B, C, kept=B)
    assert [video.id for video in library.surplus()] == [A, B]
    library.undecide(C, A)
    assert library.decisions().pairs == {(A, B): A}
    for first, second, kept in ((A, A, A), (A, B, C)):
        with pytest.raises(QueryError, match="one of the two"):
            library.decide(first, second, kept)


def test_files_move_away_and_back_and_nothing_is_overwritten(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    music, away = tmp_path / "music", tmp_path / "away"
    with pytest.raises(MvsearchError, match="no file is surplus"):
        library.move_surplus(away)
    assert not away.exists()
    library.decide(A, B, kept=A)
    library.decide(A, C, kept=A)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(MvsearchError, match="holds other files"):
        library.move_surplus(tmp_path / "full")
    assert sorted(library.move_surplus(away)) == [away / f"{B}.mp4", away / f"{C}.mp4"]
    paths = {video.id: video.path for video in library.videos()}
    assert paths == {A: music / f"{A}.mp4", B: away / f"{B}.mp4", C: away / f"{C}.mp4"}
    assert library.surplus() == []
    (undo,) = away.glob("undo *.jsonl")
    assert {file.name for file in away.iterdir()} == {
        f"{B}.mp4",
        f"{C}.mp4",
        IGNORE_NAME,
        undo.name,
    }
    assert (away / f"{B}.mp4").read_text() == B
    (music / f"{B}.mp4").write_text("another")  # the place is taken
    assert library.move_back() == [music / f"{C}.mp4"]
    assert (music / f"{B}.mp4").read_text() == "another"
    assert (music / f"{C}.mp4").read_text() == C
    with pytest.raises(MvsearchError, match="is there again"):
        library.move_back()
    (music / f"{B}.mp4").unlink()
    assert library.move_back() == [music / f"{B}.mp4"]
    with pytest.raises(MvsearchError, match="no file was moved"):
        library.move_back()


def test_a_relative_folder_is_found_again_from_elsewhere(
    library: mvsearch.VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.decide(A, B, kept=A)
    monkeypatch.chdir(tmp_path)
    assert library.move_surplus("away") == [tmp_path / "away" / f"{B}.mp4"]
    monkeypatch.chdir(tmp_path / "music")
    assert library.move_back() == [tmp_path / "music" / f"{B}.mp4"]


def test_a_move_that_cannot_be_noted_is_undone(
    library: mvsearch.VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    library.decide(A, B, kept=A)
    with monkeypatch.context() as patch:
        patch.setattr(in_folder, "write_own", fail)
        with pytest.raises(MvsearchError, match="No space left"):
            library.move_surplus(tmp_path / "away")
    assert (tmp_path / "music" / f"{B}.mp4").read_text() == B
    assert library.decisions().moves == []
    assert library.move_surplus(tmp_path / "away") == [tmp_path / "away" / f"{B}.mp4"]


def test_a_file_that_is_no_longer_the_indexed_one_stays(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    library.decide(A, B, kept=A)
    library.decide(A, C, kept=A)
    (tmp_path / "music" / f"{C}.mp4").write_text("a letter")
    with pytest.raises(MvsearchError, match="has changed since it was indexed"):
        library.move_surplus(tmp_path / "away")
    assert (tmp_path / "music" / f"{B}.mp4").exists()
    assert not (tmp_path / "away").exists()


def test_a_library_of_a_stranger_moves_nothing_back_from_elsewhere(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    letter = tmp_path / "home" / "letter.txt"
    letter.write_text("mine")
    for ignore in (None, "*\n"):
        if ignore is not None:
            (tmp_path / "home" / IGNORE_NAME).write_text(ignore)
        moves = [[str(tmp_path / "music" / "out.mp4"), str(letter), "2026"]]
        planted = json.dumps({"pairs": [], "moves": moves})
        (library.folder / "reviews.json").write_text(planted)
        with pytest.raises(MvsearchError, match="no folder of a review"):
            library.move_back()
        assert letter.read_text() == "mine"


def test_a_version_is_surplus_only_while_the_kept_one_is_there(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    library.decide(A, B, kept=A)
    (tmp_path / "music" / f"{A}.mp4").unlink()
    assert library.surplus() == []


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "a.mp4").write_text("first")
    (tmp_path / "a.mp4").write_text("second")
    free = find_free_names(tmp_path / "a.mp4", [tmp_path / "a.en.srt"], away)
    assert free == [away / "a (2).mp4", away / "a (2).en.srt"]
    assert move_to(tmp_path / "a.mp4", free[0])
    assert (away / "a.mp4").read_text() == "first"
    assert not move_to(away / "a (2).mp4", away / "a.mp4")
    (tmp_path / "link.mp4").symlink_to(away / "a.mp4")
    with pytest.raises(MvsearchError, match="no plain file"):
        move_to(tmp_path / "link.mp4", tmp_path / "b.mp4")
    with pytest.raises(MvsearchError, match="cannot write"):
        move_to(away / "a.mp4", tmp_path / "missing" / "b.mp4")
    assert (away / "a.mp4").read_text() == "first"


def test_a_library_that_is_read_only_refuses(library: mvsearch.VideoLibrary) -> None:
    library.decide(A, B, kept=A)
    with mvsearch.open(library.folder, read_only=True) as reader:
        for call in (
            lambda: reader.decide(A, C, kept=A),
            lambda: reader.undecide(A, B),
            lambda: reader.move_surplus(library.folder.parent / "away"),
            reader.move_back,
        ):
            with pytest.raises(MvsearchError):
                call()
    assert (library.folder.parent / "music" / f"{B}.mp4").exists()


@pytest.mark.parametrize("text", ["[]", '{"pairs": [[1, 2, 3]], "moves": []}', '{"pairs": []}'])
def test_a_damaged_file_is_told(library: mvsearch.VideoLibrary, text: str) -> None:
    (library.folder / "reviews.json").write_text(text)
    with pytest.raises(LibraryDamagedError, match="move it away"):
        library.decisions()
    assert json.loads((library.folder / "reviews.json").read_text()) == json.loads(text)
