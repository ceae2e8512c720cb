"""Surplus files with what belongs to them: moved also to another drive, killed, and moved back."""

import errno
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer

import mvsearch
from mvsearch.search.commands.upkeep import review
from mvsearch.search.review import decisions, moving
from mvsearch.search.review.sidecars import list_sidecars
from mvsearch.search.versions.relations import Evidence, Relation
from mvsearch.store.documents import Document
from mvsearch.store.errors import MvsearchError
from tests.search import readers

A, B, C = readers.SONGS[:3]


class KilledError(BaseException):
    """Ends the work at a point as `kill -9` does: nothing catches it."""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[mvsearch.VideoLibrary]:
    # The planted songs have made-up ids, which their files hold.
    monkeypatch.setattr(decisions, "content_id", lambda path: path.read_text())
    folder = tmp_path / "music"
    folder.mkdir()
    with readers.make_library(tmp_path / "library", []) as made, made.writing():
        for video_id in (A, B, C):
            song = readers.make_song(video_id)
            file = folder / f"{video_id}.mp4"
            file.write_text(video_id)
            place = replace(song.location, path=file, folder=folder)
            made.catalog.add_indexed([replace(song, location=place)])
    for name in (f"{B}.lrc", f"{B}.en.srt", f"{B}-thumb.jpg", f"{B}.info.json"):
        (folder / name).write_text(name)
    with readers.open_planted(tmp_path / "library") as opened:
        opened.decide(A, B, kept=A)
        opened.decide(A, C, kept=A)
        yield opened


def read_all(folder: Path) -> dict[str, str]:
    return {
        file.name: file.read_text()
        for file in folder.iterdir()
        if file.suffix != ".jsonl" and not file.name.startswith(".")
    }


def find_undo(folder: Path) -> Path:
    (found,) = folder.glob("undo *.jsonl")
    return found


def refuse_to_rename(patch: pytest.MonkeyPatch, source_folder: Path) -> None:
    """Let a folder be on another drive than all others."""
    rename = Path.replace

    def replace_file(self: Path, target: Path) -> Path:
        if (self.parent == source_folder) != (Path(target).parent == source_folder):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    patch.setattr(Path, "replace", replace_file)


@pytest.mark.parametrize("is_far", [False, True])
def test_all_files_of_a_video_go_and_come_back(
    library: mvsearch.VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_far: bool
) -> None:
    music, away = tmp_path / "music", tmp_path / "away"
    before, times = read_all(music), (music / f"{B}.mp4").stat().st_mtime_ns
    if is_far:
        refuse_to_rename(monkeypatch, music)
    library.move_surplus(away)
    moved = {name: text for name, text in before.items() if not name.startswith(A)}
    assert read_all(away) == moved
    assert read_all(music) == {f"{A}.mp4": A}
    assert (away / f"{B}.mp4").stat().st_mtime_ns == times
    assert library.find(B).path == away / f"{B}.mp4"
    undone = library.undo_moves(find_undo(away))
    assert {path.name for path in undone} == set(moved)
    assert read_all(music) == before
    assert read_all(away) == {}
    assert library.find(B).path == music / f"{B}.mp4"
    assert {video.id for video in library.surplus()} == {B, C}
    assert library.decisions().moves == []
    assert library.undo_moves(find_undo(away)) == []


def kill_before_a_move(patch: pytest.MonkeyPatch, nth: int) -> None:
    move, n = moving.move_to, 0

    def die(source: Path, target: Path) -> bool:
        nonlocal n
        n += 1
        if n == nth:
            raise KilledError
        return move(source, target)

    patch.setattr(moving, "move_to", die)


def kill_with_the_empty_file(patch: pytest.MonkeyPatch) -> None:
    rename = Path.replace

    def die(self: Path, target: Path) -> Path:
        if target.parent.name == "away":
            raise KilledError
        return rename(self, target)

    patch.setattr(Path, "replace", die)


def kill_before_it_is_noted(patch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KilledError

    patch.setattr(Document, "_write", die)


def kill_with_both_copies(patch: pytest.MonkeyPatch, music: Path) -> None:
    refuse_to_rename(patch, music)
    unlink = Path.unlink

    def die(self: Path, missing_ok: bool = False) -> None:
        if self.parent == music:
            raise KilledError
        unlink(self, missing_ok)

    patch.setattr(Path, "unlink", die)


@pytest.mark.robustness
@pytest.mark.parametrize(
    "kill",
    [
        lambda patch, _: kill_before_a_move(patch, 1),
        lambda patch, _: kill_before_a_move(patch, 3),
        lambda patch, _: kill_before_a_move(patch, 6),
        lambda patch, _: kill_with_the_empty_file(patch),
        lambda patch, _: kill_before_it_is_noted(patch),
        kill_with_both_copies,
    ],
)
def test_killed_anywhere_it_is_undone(
    library: mvsearch.VideoLibrary, tmp_path: Path, kill: Callable[[pytest.MonkeyPatch, Path], None]
) -> None:
    music, away = tmp_path / "music", tmp_path / "away"
    before = read_all(music)
    with pytest.MonkeyPatch.context() as patch:
        kill(patch, music)
        with pytest.raises(KilledError):
            library.move_surplus(away)
    (away / f"0{moving.PART}").write_text("half of a copy")
    library.undo_moves(find_undo(away))
    assert read_all(music) == before
    assert read_all(away) == {}
    assert {video.path.parent for video in library.videos()} == {music}
    library.move_surplus(away)
    assert library.surplus() == []


def test_nothing_is_overwritten_on_the_way_back(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    music, away = tmp_path / "music", tmp_path / "away"
    library.move_surplus(away)
    (music / f"{B}.mp4").write_text("another")
    undone = library.undo_moves(find_undo(away))
    assert music / f"{C}.mp4" in undone
    assert (music / f"{B}.mp4").read_text() == "another"
    assert (away / f"{B}.mp4").read_text() == B
    with pytest.raises(MvsearchError, match="is there again"):
        library.undo_moves(find_undo(away))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json\n",
        '{"from": "/a", "to": "/b"}\n',
        "{head}\n[1]\n",
        '{head}\n{"from": "/a"}\n',
        '{head}\n{"from": "/etc/a", "to": "/etc/passwd"}\n',
        '{head}\n{"from": "../a", "to": "{away}/a"}\n',
        "{head}\n" + "[" * 100_000 + "\n",
    ],
)
def test_what_is_no_undo_file_is_one_line(
    library: mvsearch.VideoLibrary, tmp_path: Path, text: str
) -> None:
    away = tmp_path / "away"
    library.move_surplus(away)
    head = find_undo(away).read_text().splitlines()[0]
    bad = away / "bad.jsonl"
    bad.write_text(text.replace("{head}", head).replace("{away}", str(away)))
    with pytest.raises(MvsearchError, match=r"is no undo file|does not lie") as caught:
        library.undo_moves(bad)
    assert "\n" not in str(caught.value)
    with pytest.raises(MvsearchError, match="cannot read"):
        library.undo_moves(away / "absent")


def test_a_line_that_was_not_finished_is_left_out(
    library: mvsearch.VideoLibrary, tmp_path: Path
) -> None:
    library.move_surplus(tmp_path / "away")
    undo = find_undo(tmp_path / "away")
    with undo.open("a") as file:
        file.write(json.dumps({"from": "/x", "to": "/y"})[:10])
    assert len(library.undo_moves(undo)) == 6


def test_files_belong_to_the_video_with_the_longest_name(tmp_path: Path) -> None:
    names = ["Song.mp4", "Song.live.mp4", "Song.lrc", "Song.live.lrc", "Song-2.mkv", "Song-2.srt"]
    names += ["Both.mp4", "Both.mkv", "Both.lrc", "Songs.lrc", "Song.EN.SRT"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "Song.json").mkdir()

    def list_names(name: str) -> list[str]:
        return [file.name for file in list_sidecars(tmp_path / name)]

    assert list_names("Song.mp4") == ["Song.EN.SRT", "Song.lrc"]
    assert list_names("Song.live.mp4") == ["Song.live.lrc"]
    assert list_names("Song-2.mkv") == ["Song-2.srt"]
    assert list_names("Both.mp4") == []


def test_a_review_in_the_terminal(
    library: mvsearch.VideoLibrary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    library.undecide(A, B)
    library.undecide(A, C)
    evidence = {"frames": Evidence("agrees", 0.98, None, 1.0, 1.0)}
    first, second, third = (library.find(one) for one in (A, B, C))
    pairs = [
        Relation("duplicate", first, other, 0.0, 0.9, evidence)  # type: ignore[arg-type]
        for other in (second, third)
    ]
    # A wrong key, the second kept and taken back, the first kept, both kept; then all is moved.
    keys = iter("x2u1bmq")
    monkeypatch.setattr(typer, "getchar", lambda: next(keys))
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: str(tmp_path / "away"))
    review.review(library, pairs)
    assert library.decisions().pairs == {(A, B): A, (A, C): None}
    assert library.find(B).path == tmp_path / "away" / f"{B}.mp4"
    said = capsys.readouterr().out
    assert "1 of 2 · duplicate" in said
    assert "picture agrees: 0.98" in said
    assert f"mvsearch versions --undo '{find_undo(tmp_path / 'away')}'" in said
    review.move_files(library, None, find_undo(tmp_path / "away"))
    assert "5 moved back" in capsys.readouterr().out
    review.review(library, pairs)
    assert "No pair waits" in capsys.readouterr().out
    assert next(keys, None) is None
