"""Files that are moved by hostile names, failing drives and an undo file of a stranger."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.review import moving, undo_file
from mvsearch.search.review.sidecars import list_sidecars
from mvsearch.search.review.undo_file import PlannedMove
from mvsearch.store.errors import MvsearchError
from tests.search import readers


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("music")


@pytest.fixture(scope="module")
def library(music: Path) -> Iterator[mvsearch.VideoLibrary]:
    """A library with one video, of which the file is not there."""
    song, folder = readers.make_song(readers.SONGS[0]), music.with_name("library")
    place = replace(song.location, path=music / "song.mp4", folder=music)
    with readers.make_library(folder, []) as made, made.writing():
        made.catalog.add_indexed([replace(song, location=place)])
    with readers.open_planted(folder) as opened:
        yield opened


def write_undo(folder: Path, *moves: tuple[str, str]) -> Path:
    """A folder as a review makes it, by a stranger."""
    moving.prepare_folder(folder)
    file = folder / "undo 2026-01-01 00-00-00.jsonl"
    lines = [undo_file._HEAD, *({"from": one, "to": other} for one, other in moves)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.mark.parametrize(
    "name",
    [
        "{home}/.ssh/authorized_keys",
        "{home}/song.mp4",
        "{music}/..{home}/song.mp4",
        "{music}/run.sh",
        "{music}/.config/autostart.json",
        "{music}/.song.mp4",
    ],
)
def test_a_stranger_puts_no_file_anywhere(
    library: mvsearch.VideoLibrary, music: Path, tmp_path: Path, name: str
) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    place = name.format(home=home, music=music)
    undo = write_undo(away, (place, str(away / "gift.mp4")))
    (away / "gift.mp4").write_text("a gift")
    with pytest.raises(MvsearchError, match="is no place of this library"):
        library.undo_moves(undo)
    assert (away / "gift.mp4").read_text() == "a gift"
    assert not home.exists()
    assert list(music.iterdir()) == []


def test_a_library_of_a_stranger_puts_no_file_anywhere(
    library: mvsearch.VideoLibrary, music: Path, tmp_path: Path
) -> None:
    write_undo(tmp_path / "away")
    gift = tmp_path / "away" / "gift.mp4"
    gift.write_text("a gift")
    moves = [[str(tmp_path / "home" / ".profile"), str(gift), "2026"]]
    stored = music.with_name("library") / "reviews.json"
    stored.write_text(json.dumps({"pairs": [], "moves": moves}))
    with pytest.raises(MvsearchError, match="is no place of this library"):
        library.move_back()
    stored.unlink()
    assert gift.exists()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["a\0b.mp4", "a" * 300 + ".mp4", "\ud800.mp4", "absent.mp4"])
def test_hostile_names_are_one_line(
    library: mvsearch.VideoLibrary, music: Path, tmp_path: Path, name: str
) -> None:
    away = tmp_path / "away"
    undo = write_undo(away, (f"{music}/{name}", f"{away}/{name}"))
    with pytest.raises(MvsearchError):
        library.undo_moves(undo)


def test_what_cannot_be_moved_back_is_one_line(tmp_path: Path) -> None:
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    source.touch()
    target.symlink_to("absent")
    with pytest.raises(MvsearchError, match="cannot move"):
        undo_file.restore(PlannedMove(source, target))
    (tmp_path / f"0{moving.PART}").mkdir()
    undo_file.drop_parts(tmp_path)


def test_an_undo_file_of_another_spelling_of_its_folder(tmp_path: Path) -> None:
    away = tmp_path / "away"
    undo = write_undo(away, ("/music/a.mp4", str(tmp_path / "x" / ".." / "away" / "a.mp4")))
    (tmp_path / "x").mkdir()
    assert len(undo_file.read_moves(undo)) == 1


def test_an_undo_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undo = write_undo(tmp_path / "away")
    monkeypatch.setattr(undo_file, "MAX_BYTES", undo.stat().st_size - 1)
    with pytest.raises(MvsearchError, match="too large"):
        undo_file.read_moves(undo)


def test_a_move_that_is_told_to_have_failed_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over NFS, where the answer to a rename is lost, and the next one finds no file."""
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    source.write_text("a")
    rename = Path.replace

    def replace_file(self: Path, other: Path) -> Path:
        rename(self, other)
        raise OSError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(Path, "replace", replace_file)
    with pytest.raises(MvsearchError, match="cannot move"):
        moving.move_to(source, target)
    assert target.read_text() == "a"


def test_links_and_pipes_belong_to_no_video(tmp_path: Path) -> None:
    for name in ("Song.mp4", "Song.lrc"):
        (tmp_path / name).touch()
    (tmp_path / "Song.srt").symlink_to("Song.lrc")
    os.mkfifo(tmp_path / "Song.vtt")
    assert [file.name for file in list_sidecars(tmp_path / "Song.mp4")] == ["Song.lrc"]
    (tmp_path / "away").mkdir()
    os.mkfifo(tmp_path / "away" / moving.IGNORE_NAME)
    assert not moving.is_review_folder(tmp_path / "away")
