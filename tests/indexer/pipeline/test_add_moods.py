"""Videos get the moods that they lack from their stored vectors, and no file is read."""

import dataclasses
import threading
from pathlib import Path

import pytest

from mvsearch.indexer.mood import toy
from mvsearch.indexer.mood.used import EMBEDDED
from mvsearch.indexer.pipeline.add_moods import add_moods
from mvsearch.indexer.progress import Silence
from mvsearch.store.library import Library
from mvsearch.store.records import Mood, MoodTrack
from tests import toy_library


class Notes(Silence):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, line: str) -> None:
        self.told.append(line)


def read_moods(library: Library) -> dict[tuple[str, str], MoodTrack]:
    catalog = library.catalog
    return {
        (video.title, track.side): track
        for video in catalog.videos()
        for track in catalog.mood_tracks(video.id)
    }


def tell(mood: Mood) -> tuple[float, float, float]:
    return mood.valence, mood.arousal, mood.confidence


def empty(library: Library) -> None:
    with library.catalog._database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM mood")


def test_indexing_measures_moods_and_a_later_run_fills_what_is_missing(tmp_path: Path) -> None:
    folder = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    for file in (tmp_path / "videos").iterdir():
        file.unlink()
    with Library.open(folder) as library, library.writing():
        indexed = read_moods(library)
        assert {key: one.head for key, one in indexed.items()} == {
            ("First Song", "picture"): "toy-frames-1",
            ("First Song", "sound"): "toy-audio-1",
            ("Second Song", "picture"): "toy-frames-1",
            ("Second Song", "sound"): "toy-audio-1",
            ("Third Song", "picture"): "toy-frames-1",
        }
        notes = Notes()
        add_moods(library.catalog, EMBEDDED, notes, threading.Event())
        assert notes.told == []
        empty(library)
        stopped = threading.Event()
        stopped.set()
        add_moods(library.catalog, EMBEDDED, notes, stopped)
        assert read_moods(library) == {}
        add_moods(library.catalog, EMBEDDED, notes, threading.Event())
        assert notes.told == ["Measuring the mood of 3 videos from stored vectors"] * 2
        filled = read_moods(library)
    assert filled.keys() == indexed.keys()
    for key, track in filled.items():
        # Stored vectors are rounded to eleven bits.
        assert tell(track.mood) == pytest.approx(tell(indexed[key].mood), abs=2e-3)
        assert track.curve.points == pytest.approx(indexed[key].curve.points, abs=0.01)


def test_another_head_measures_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    newer = dataclasses.replace(toy.HEADS["toy-audio"], revision="toy-audio-2")
    monkeypatch.setitem(toy.HEADS, "toy-audio", newer)
    with Library.open(folder) as library, library.writing():
        add_moods(library.catalog, EMBEDDED, Silence(), threading.Event())
        heads = {one.head for (_, side), one in read_moods(library).items() if side == "sound"}
        assert heads == {"toy-audio-2"}


def test_a_library_whose_encoders_have_no_head_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    monkeypatch.setattr(toy, "HEADS", {})
    with Library.open(folder) as library, library.writing():
        empty(library)
        notes = Notes()
        add_moods(library.catalog, EMBEDDED, notes, threading.Event())
        assert (notes.told, read_moods(library)) == ([], {})
