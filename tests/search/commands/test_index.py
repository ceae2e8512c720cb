"""The commands that say what is in a library, and what stays out of it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.listener import Listener
from tests.search.commands.conftest import Run


def test_a_removed_video_stays_out_until_its_file_is_named(
    run: Run, toy_videos: Path, toy_home: Path, tmp_path: Path
) -> None:
    here = ("--library", shutil.copytree(toy_home, tmp_path / "library"))
    song = toy_videos / "Mary Somerville - Third Song.mp4"
    assert run("list", "--removed", *here)[1].endswith("0 videos\n")
    assert run("remove", "Third Song", *here)[:2] == (0, "1 video removed\n")
    assert "removed   1 stay out" in run("status", *here)[1]
    code, out, _ = run("index", toy_videos, *here)
    assert (code, out.partition(" in ")[0]) == (0, "0 indexed, 2 unchanged, 1 kept out as removed")
    (removed,) = json.loads(run("list", "--removed", "--json", *here)[1])
    assert (removed["artist"], removed["path"]) == ("Mary Somerville", str(song))
    code, out, _ = run("index", toy_videos, song, "--json", *here)
    told = json.loads(out)
    assert [told[name] for name in ("indexed", "unchanged", "kept_out", "ignored")] == [1, 2, 0, 0]
    assert json.loads(run("list", "--removed", "--json", *here)[1]) == []


@pytest.mark.parametrize("name", ["nowhere", "notes.txt", "pipe.mp4"])
def test_a_wrong_path_is_one_line_and_makes_no_library(
    run: Run, toy_videos: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "notes.txt").write_text("words")
    os.mkfifo(tmp_path / "pipe.mp4")
    home = tmp_path / "library"
    code, out, err = run("index", toy_videos, tmp_path / name, "--library", home)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert str(tmp_path / name) in err
    assert not home.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pgvector", "in a folder keeps its vector index by faiss; pgvector needs one on"),
        ("milvus://root:secret@localhost", "by faiss; milvus needs one on PostgreSQL"),
        ("quick", "there is no vector index 'quick': choose faiss, pgvector or milvus://"),
    ],
)
def test_what_cannot_search_vectors_is_one_line_and_makes_no_library(
    run: Run, toy_videos: Path, tmp_path: Path, name: str, message: str
) -> None:
    home = tmp_path / "library"
    code, out, err = run("index", toy_videos, "--library", home, "--vectors", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert "secret" not in err
    assert not home.exists()


def test_a_file_of_patterns_that_cannot_be_used_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "a.mp4").write_text("no film")
    (tmp_path / "songs" / ".mvsearchignore").write_text("[a\n*.mp4\n")
    code, out, _ = run("index", tmp_path / "songs", "--library", tmp_path / "library")
    assert code == 1
    assert "1 failed, 1 ignored" in out
    assert ".mvsearchignore" in out
    assert "line 1" in out


def test_lyrics_are_left_for_later_and_transcribed_apart(
    run: Run, toy_videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.indexer.pipeline.lyrics.transcription.Transcriber", Listener)
    song = shutil.copy(toy_videos / "Ada Lovelace - First Song.mp4", tmp_path)
    here = ("--library", tmp_path / "library")
    code, _, err = run("index", song, "--profile", "toy", "--lyrics", "later", *here)
    assert code == 0
    assert "To transcribe them, type: mvsearch transcribe" in err
    code, out, _ = run("transcribe", "--json", *here)
    assert (code, json.loads(out)["transcribed"]) == (0, 1)
    code, out, _ = run("transcribe", *here)
    assert (code, out.partition(" in ")[0]) == (0, "nothing transcribed")
    assert run("transcribe", "First", *here)[1].partition(" in ")[0] == "1 transcribed"
    assert "a planted line" in run("lyrics", "First", *here)[1]
