"""Lyrics that are left for later, and transcribed apart, over a library of three made-up videos."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import mvsearch
from mvsearch.indexer.encoders import ENCODERS, PROFILES, Encoders
from mvsearch.indexer.encoders.toy import ToyLyrics
from mvsearch.indexer.pipeline.lyrics.transcription import (
    WaitingVideo,
    estimate_seconds,
    explain_transcription,
)
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.store.library import Library
from tests import toy_library
from tests.listener import Listener


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The videos, one with a lyric file, one without, one without sound."""
    folder = toy_library.make_folder(tmp_path_factory.mktemp("videos"))
    (folder / "Ada Lovelace - First Song.lrc").unlink()
    return folder


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home") / "library"
    notes: list[str] = []
    with mvsearch.open(home, profile="toy") as library:
        summary = library.index(folder, lyrics="later", progress=notes.append)
    assert (summary.indexed, summary.pending, summary.transcribed) == (3, 1, 0)
    assert "No lyrics yet for 1 video. To transcribe them, type: mvsearch transcribe" in notes
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of its own for each test, and Whisper that hears one planted line."""
    Listener.heard.clear()
    monkeypatch.setattr("mvsearch.indexer.pipeline.lyrics.transcription.Transcriber", Listener)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Listener)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)
    return shutil.copytree(made, tmp_path / "library")


def read_stages(library: mvsearch.VideoLibrary) -> dict[str, str]:
    with Library.open(library.folder) as opened:
        key = Encoders("toy").lyrics.spaces[0].key
        stages = opened.catalog.stages_of("lyrics", key)
        return {video.title: stages[video.id].status for video in opened.catalog.videos()}


class SecondReader(ToyLyrics):
    """A second encoder of lyrics, which the library was begun without."""

    name = "second-lyrics"
    spaces = (replace(ToyLyrics.spaces[0], encoder="second-lyrics"),)


def test_a_library_from_before_a_second_encoder_is_transcribed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENCODERS, "second-lyrics", f"{__name__}:SecondReader")
    monkeypatch.setitem(PROFILES, "toy", replace(PROFILES["toy"], more_lyrics=("second-lyrics",)))
    with mvsearch.open(home) as library:
        assert library.transcribe().transcribed == 1
        assert read_stages(library)["First Song"] == "done"


def test_what_was_left_is_transcribed_and_then_is_not_asked_for_again(
    home: Path, folder: Path
) -> None:
    with mvsearch.open(home) as library:
        assert read_stages(library)["First Song"] == "pending"
        again = library.index(folder, lyrics="later")
        assert (again.unchanged, again.pending, Listener.heard) == (3, 1, [])
        notes: list[str] = []
        summary = library.transcribe(progress=notes.append)
        assert (summary.transcribed, summary.indexed, summary.failed) == (1, 0, 0)
        # Five seconds of sound at Whisper's 16 kHz.
        assert Listener.heard == pytest.approx([80_000], abs=2000)
        assert notes[0].startswith("Transcribing 1 video with Whisper tiny, 5 s of sound, takes")
        found = library.search(lyric="a planted line")[0]
        assert (found.video.title, found.moments[0].text) == ("First Song", "a planted line")
        assert library.transcribe().transcribed == 0
        assert library.index(folder).unchanged == 3
        assert len(Listener.heard) == 1


def test_a_named_video_is_transcribed_whatever_lyrics_it_has(home: Path) -> None:
    with mvsearch.open(home) as library:
        before = library.lyrics("Second Song")
        assert before is not None
        assert before.source == "sidecar"
        assert library.transcribe("Second Song").transcribed == 1
        after = library.lyrics("Second Song")
        assert after is not None
        assert after.source == "whisper"
        assert read_stages(library)["First Song"] == "pending"


def test_pictures_and_sound_are_found_before_the_first_transcript(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    class Searcher(Listener):
        def transcribe(self, samples: object, stop: object = None) -> mvsearch.Lyrics:
            with mvsearch.open(tmp_path / "library") as other:
                clip = folder / "Mary Somerville - Third Song.mp4"
                found.append(other.search(clip=clip)[0].video.title)
            return super().transcribe(samples, stop)

    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Searcher)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)
    with mvsearch.open(tmp_path / "library", profile="toy") as library:
        songs = [
            folder / f"{name} Song.mp4"
            for name in ("Ada Lovelace - First", "Mary Somerville - Third")
        ]
        assert library.index(*songs).transcribed == 1
    assert found == ["Third Song"]


def test_a_file_that_is_gone_is_a_failure(home: Path, folder: Path, tmp_path: Path) -> None:
    song = folder / "Ada Lovelace - First Song.mp4"
    song.rename(tmp_path / song.name)
    try:
        with mvsearch.open(home) as library:
            summary = library.transcribe()
    finally:
        (tmp_path / song.name).rename(song)
    assert (summary.transcribed, summary.failed) == (0, 1)
    assert "is gone, or has changed" in summary.failures[0].message


@pytest.mark.robustness
def test_a_file_that_changes_while_it_is_heard_waits_for_another_run(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(folder, tmp_path / "own"))
    song = own / "Ada Lovelace - First Song.mp4"

    class Slow(Listener):
        def transcribe(self, samples: object, stop: object = None) -> mvsearch.Lyrics:
            song.write_bytes(bytes(1000))
            return super().transcribe(samples, stop)

    with mvsearch.open(home) as library:
        library.index(own, lyrics="later")
        (folder / song.name).rename(tmp_path / song.name)
        monkeypatch.setattr("mvsearch.indexer.pipeline.lyrics.transcription.Transcriber", Slow)
        try:
            summary = library.transcribe()
        finally:
            (tmp_path / song.name).rename(folder / song.name)
        assert (summary.transcribed, summary.unfinished) == (0, [song])
        assert read_stages(library)["First Song"] == "pending"


def test_a_run_that_is_cancelled_keeps_the_lyrics_pending(home: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with mvsearch.open(home) as library:
        summary = library.transcribe(cancel=cancel)
        assert (summary.transcribed, summary.is_interrupted) == (0, True)
        assert read_stages(library)["First Song"] == "pending"


def test_the_time_that_it_takes_is_told_where_it_was_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mvsearch.indexer.pipeline.lyrics.transcription.count_threads", lambda: 2)
    monkeypatch.setattr("mvsearch.indexer.pipeline.lyrics.transcription.has_driver", lambda: False)
    found = Found(None, "")  # type: ignore[arg-type]
    waiting = [WaitingVideo(found, 200.0), WaitingVideo(found, 220.0)]
    base = Listener("base")
    assert estimate_seconds(200, base) == pytest.approx(17)  # type: ignore[arg-type]
    assert explain_transcription(waiting, base) == (  # type: ignore[arg-type]
        "Transcribing 2 videos with Whisper base, 7 min of sound, takes about 36 s; pictures and"
        " sound can be searched meanwhile"
    )
    base.engine_name = "openai"
    assert estimate_seconds(200, base) is None  # type: ignore[arg-type]
    assert "7 min of sound, begins" in explain_transcription(waiting, base)  # type: ignore[arg-type]
