"""What is still being written is left alone, told, and taken when it stands still."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.media.files.unfinished import (
    explain_unfinished,
    is_being_written,
    is_download_name,
)
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.library import Library
from tests import toy_library

HOUR_NS = 3600 * 10**9


class Notes(Silence):
    def __init__(self):
        self.said = []

    def note(self, message):
        self.said.append(message)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Matroska, which is media at any length."""
    folder = tmp_path_factory.mktemp("clip")
    return toy_library.make_clip(folder / "clip.mkv", "testsrc2=s=96x64:r=10", "sine=f=440", 8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "videos").mkdir()
    return tmp_path / "videos"


def index(folder, **options):
    notes = Notes()
    with Library.open(folder.parent / "library", create=True) as library:
        summary = index_paths([folder], library, Encoders("toy"), progress=notes, **options)
        names = sorted(place.path.name for place in library.catalog.locations())
    told = [line for line in notes.said if "still being written" in line]
    return summary, names, told


DOWNLOADS = (
    "98 Problems.mp4.part",
    "Song.f137.mkv.part",
    "Song.mkv.!qB",
    "Song.mkv.crdownload",
    "Song.mkv.part-Frag12",
    "Song.mkv.tmp",
    "Song.temp.mkv",
    "Unconfirmed 12345.crdownload",
)


def test_names_of_downloads_are_left_and_told(folder, clip):
    for name in DOWNLOADS:
        shutil.copy(clip, folder / name)
    summary, names, told = index(folder)
    assert (summary.indexed, summary.failed, names) == (0, 0, [])
    assert sorted(path.name for path in summary.unfinished) == sorted(DOWNLOADS)
    assert told == [explain_unfinished([folder / name for name in DOWNLOADS])]
    for name in DOWNLOADS[1:]:
        (folder / name).unlink()
    (folder / DOWNLOADS[0]).rename(folder / "98 Problems.mkv")
    summary, names, told = index(folder)
    assert (summary.indexed, names, told) == (1, ["98 Problems.mkv"], [])


@pytest.mark.parametrize("name", ["part.mkv", "The Tempest.mkv", "template.mp4", "Temp.mkv"])
def test_names_of_songs_are_no_downloads(name):
    assert not is_download_name(Path(name))


def test_records_of_downloads_that_hold_no_media_are_passed_over(folder):
    (folder / "Song.mp4.ytdl").write_text("{}")
    (folder / "notes.part").write_text("words")
    summary, names, told = index(folder)
    assert (summary.failed, names, told) == (0, [], [])


def test_a_file_of_full_size_that_aria2_still_fills_is_left(folder, clip):
    shutil.copy(clip, folder / "Song.mkv")
    (folder / "Song.mkv.aria2").write_bytes(bytes(8))
    assert index(folder)[0].unfinished == [folder / "Song.mkv"]
    (folder / "Song.mkv.aria2").unlink()
    assert index(folder)[0].indexed == 1


def test_a_file_that_grows_while_it_is_read_is_left_and_what_was_known_of_it_stays(
    folder, clip, monkeypatch
):
    whole = clip.read_bytes()
    path = folder / "Song.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    os.utime(path, ns=(0, 0))
    assert [bad.code for bad in index(folder)[0].failures] == ["truncated"]
    path.write_bytes(whole[: len(whole) * 3 // 4])
    os.utime(path, ns=(HOUR_NS, HOUR_NS))

    from mvsearch.indexer.pipeline import analyse_jobs

    run_stages = analyse_jobs.run_stages

    def grow(*arguments):
        outcome = run_stages(*arguments)
        with path.open("ab") as file:
            file.write(whole[len(whole) * 3 // 4 :])
        return outcome

    monkeypatch.setattr("mvsearch.indexer.pipeline.analyse_jobs.run_stages", grow)
    with Library.open(folder.parent / "library") as library:
        before = library.catalog.location(path)
    summary, names, told = index(folder)
    assert (summary.indexed, summary.removed, summary.failed, names) == (0, 0, 0, ["Song.mkv"])
    assert told == ["Song.mkv is still being written; index again later"]
    with Library.open(folder.parent / "library") as library:
        assert library.catalog.location(path) == before
    monkeypatch.undo()
    summary, names, told = index(folder)
    assert (summary.indexed, summary.failed, told) == (1, 0, [])


def can_lease(path):
    """Whether this system tells who writes."""
    if not sys.platform.startswith("linux"):
        return False
    with path.open("ab"):
        return is_being_written(path, time.time_ns())


def test_a_file_that_is_open_for_writing_and_new_is_left(folder, clip):
    path = shutil.copy(clip, folder / "Song.mkv")
    if not can_lease(path):
        pytest.skip("this system does not tell who has a file open")
    with path.open("ab"):
        os.utime(path)
        summary, names, _ = index(folder)
        assert (summary.unfinished, summary.failed, names) == ([path], 0, [])
        # Whole for an hour: who shares a file may keep it open for days.
        long_ago = time.time_ns() - HOUR_NS
        os.utime(path, ns=(long_ago, long_ago))
        assert index(folder)[0].indexed == 1


def test_a_file_that_is_only_read_is_not_being_written(folder, clip):
    path = shutil.copy(clip, folder / "Song.mkv")
    with path.open("rb"):
        assert not is_being_written(path, time.time_ns())
    assert not is_being_written(folder / "missing.mkv", time.time_ns())


def test_a_name_cannot_write_to_the_terminal():
    assert explain_unfinished([Path("a\x1b[31m\n\udce9.part")]).isprintable()


def test_many_names_are_told_in_one_line():
    paths = [Path(f"{number}.mkv") for number in range(12)]
    assert explain_unfinished(paths) == (
        "0.mkv, 1.mkv, 10.mkv and 9 more are still being written; index again later"
    )
