import io
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from rich.console import Console

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.lyrics.files import sidecar
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
from mvsearch.indexer.lyrics.whisper.windows import VOICED_ONLY
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.search.output.tables.status import print_status
from mvsearch.search.status import read_status
from mvsearch.store.errors import (
    EncoderMismatchError,
    LibraryBusyError,
    MediaError,
    MvsearchError,
    WeightsMissingError,
)
from mvsearch.store.library import Library
from mvsearch.store.records import Failure
from mvsearch.store.unicode import MAX_NAME_LETTERS
from tests import toy_library
from tests.listener import Listener
from tests.media import run_ffmpeg

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The three clips, made once; tests copy them."""
    return toy_library.make_folder(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made, tmp_path):
    """A folder of its own for each test."""
    return shutil.copytree(made, tmp_path / "videos")


@pytest.fixture
def home(tmp_path):
    """Where the library goes."""
    return tmp_path / "library"


@pytest.fixture
def indexed(folder, home):
    """The folder is in the library, as a first run leaves it."""
    toy_library.make_indexed(folder, home)


def dump(home):
    """Everything that a library says of videos, table by table, as comparable rows."""
    tables = ("space", "video", "location", "stage", "embedding", "lyrics", "lyric_line")
    rows = {}
    with closing(sqlite3.connect(home / "catalog.sqlite3")) as connection:
        for table in tables:
            columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
            kept = ", ".join(one for one in columns if one not in ("generation", "added_seconds"))
            rows[table] = sorted(map(repr, connection.execute(f"select {kept} from {table}")))
    return rows


def test_everything_of_a_folder_is_indexed(folder, home):
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.unchanged, summary.failed) == (3, 0, 0)
    with Library.open(home) as library:
        videos = library.catalog.videos()
        assert [(video.artist, video.title) for video in videos] == [
            ("Ada Lovelace", "First Song"),
            ("Grace Hopper", "Second Song"),
            ("Mary Somerville", "Third Song"),
        ]
        assert all(video.is_duration_measured for video in videos)
        # Under 200 seconds: two frames a second, so ten of five seconds.
        frames, _, lyrics, audio = library.catalog.spaces()
        assert frames.modality == "frames"
        assert library.catalog.embeddings(videos[0].id, frames.key).vectors.shape[0] == 10
        assert [
            segment.text
            for segment in library.catalog.embeddings(videos[1].id, lyrics.key).segments
        ] == ["a moth is sleeping in the relay", "ships in harbour are safe"]
        assert library.catalog.embeddings(videos[2].id, audio.key) is None
        stage = library.catalog.stage(videos[2].id, "audio", audio.key)
        assert (stage.status, stage.detail) == ("absent", "the file has no sound")


def test_second_run_opens_no_file(folder, home, indexed, monkeypatch):
    for name in (
        "mvsearch.indexer.pipeline.stages.probe_file",
        "mvsearch.indexer.pipeline.planning.take_inventory.content_id",
    ):
        monkeypatch.setattr(name, lambda *_: pytest.fail("the file was opened"))
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.unchanged, summary.removed) == (0, 3, 0)


def test_an_endless_title_is_cut_and_told(folder, home, indexed):
    video = folder / "Ada Lovelace - First Song.mp4"
    long = folder / "long.mp4"
    run_ffmpeg("-i", video, "-c", "copy", "-metadata", f"title={'la ' * 1000}", long)
    summary = toy_library.index(folder, home)
    (failure,) = summary.failures
    assert (summary.indexed, summary.unchanged) == (1, 3)
    assert (failure.path, failure.stage, failure.code) == (long, "probe", "too_long")
    with Library.open(home) as library:
        (title,) = [v.title for v in library.catalog.videos() if v.path == long]
    assert (len(title), title[-1]) == (MAX_NAME_LETTERS, "…")
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.unchanged, summary.failures) == (0, 4, [failure])


def test_moved_file_costs_no_decoding(folder, home, indexed, monkeypatch):
    before = dump(home)
    moved = folder / "Ada Lovelace - First Song.mp4"
    moved.rename(folder / "Ada Lovelace - Renamed.mp4")
    (folder / "Ada Lovelace - First Song.lrc").rename(folder / "Ada Lovelace - Renamed.lrc")
    monkeypatch.setattr(
        "mvsearch.indexer.features.analysis.decode", lambda *_: pytest.fail("decoded again")
    )
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.unchanged, summary.removed) == (1, 2, 0)
    assert dump(home)["embedding"] == before["embedding"]
    with Library.open(home) as library:
        assert library.catalog.find_video("Renamed").path.name == "Ada Lovelace - Renamed.mp4"


def test_changed_file_is_done_again_and_its_old_content_forgotten(folder, home, indexed):
    path = folder / "Ada Lovelace - First Song.mp4"
    with Library.open(home) as library:
        old = library.catalog.find_video(str(path)).id
    toy_library.make_clip(path, "rgbtestsrc=s=96x64:r=10", "sine=f=200")
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.unchanged) == (1, 2)
    with Library.open(home) as library:
        assert library.catalog.find_video(str(path)).id != old
        assert library.catalog.n_videos() == 3


def test_folder_said_in_a_roundabout_way_is_the_same_folder(folder, home):
    toy_library.index(folder / ".." / folder.name, home)
    assert toy_library.index(folder, home).unchanged == 3
    with Library.open(home) as library:
        assert {video.path.parent for video in library.catalog.videos()} == {folder}


def test_two_copies_are_one_video_with_two_places(folder, home):
    shutil.copy(folder / "Mary Somerville - Third Song.mp4", folder / "copy.mp4")
    assert toy_library.index(folder, home).indexed == 4
    with Library.open(home) as library:
        assert library.catalog.n_videos() == 3
        video = library.catalog.find_video(str(folder / "copy.mp4"))
        assert len(library.catalog.locations(video_id=video.id)) == 2
    (folder / "copy.mp4").unlink()
    assert toy_library.index(folder, home).removed == 0


def test_new_side_car_redoes_the_lyrics_alone(folder, home, indexed, monkeypatch):
    (folder / "Mary Somerville - Third Song.lrc").write_text("[00:01.00]a comet over Rome\n")
    monkeypatch.setattr(
        "mvsearch.indexer.features.analysis.decode", lambda *_: pytest.fail("decoded again")
    )
    assert toy_library.index(folder, home).indexed == 1
    with Library.open(home) as library:
        video = library.catalog.find_video("Third Song")
        assert library.catalog.lyrics(video.id).lines[0].text == "a comet over Rome"


def test_a_folder_that_has_just_changed_is_listed_once_for_all_its_videos(
    folder, home, indexed, monkeypatch
):
    """Where a video came to ten thousand, a listing for each of them took longer than the video."""
    listed: list[Path] = []
    listing = sidecar._list_folder
    monkeypatch.setattr(
        sidecar, "_list_folder", lambda place: listed.append(place) or listing(place)
    )
    os.utime(folder)
    assert toy_library.index(folder, home).unchanged == 3
    assert listed == [folder]


def test_vanished_file_leaves_nothing_behind(folder, home, indexed):
    (folder / "Ada Lovelace - First Song.mp4").unlink()
    assert toy_library.index(folder, home).removed == 1
    shutil.rmtree(folder.parent / "other", ignore_errors=True)
    only_two = shutil.copytree(folder, folder.parent / "other")
    toy_library.index(only_two, home.parent / "other library")
    kept, fresh = dump(home), dump(home.parent / "other library")
    for table in ("video", "stage", "embedding", "lyrics", "lyric_line"):
        assert kept[table] == fresh[table]


def test_missing_drive_is_no_deletion(folder, home, indexed):
    for path in list(folder.iterdir())[1:]:
        path.unlink()
    for path in folder.glob("*.mp4"):
        path.unlink()
    summary = toy_library.index(folder, home)
    assert (summary.removed, summary.missing) == (0, 3)
    with Library.open(home) as library:
        assert library.catalog.n_videos() == 3


def test_bad_files_are_failures_and_the_others_go_on(folder, home):
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(4000))
    (folder / "empty.mkv").touch()
    whole = (folder / "Grace Hopper - Second Song.mp4").read_bytes()
    (folder / "no index.mp4").write_bytes(whole[: len(whole) // 2])
    summary = toy_library.index(folder, home)
    assert summary.indexed == 3
    assert {failure.path.name: failure.code for failure in summary.failures} == {
        "broken.mp4": "truncated",
        "empty.mkv": "unreadable",
        "no index.mp4": "truncated",
    }
    assert all("\n" not in failure.message for failure in summary.failures)


def test_failed_file_is_tried_again_when_it_changed_or_when_asked(
    folder, home, indexed, monkeypatch
):
    bad = folder / "bad.mp4"
    bad.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(4000))
    toy_library.index(folder, home)
    tried = []
    from mvsearch.indexer.pipeline import stages

    real = stages.probe_file
    monkeypatch.setattr(
        "mvsearch.indexer.pipeline.stages.probe_file",
        lambda path: tried.append(path.name) or real(path),
    )
    assert toy_library.index(folder, home).failed == 1
    assert tried == []
    assert toy_library.index(folder, home, has_retry=True).failed == 1
    assert tried == ["bad.mp4"]
    shutil.copy(folder / "Mary Somerville - Third Song.mp4", bad)
    assert toy_library.index(folder, home).failed == 0
    with Library.open(home) as library:
        assert library.catalog.failures() == []


def test_one_odd_file_does_not_end_the_run(folder, home, monkeypatch):
    from mvsearch.indexer.pipeline import stages

    real = stages.probe_file

    def stumble(path):
        if "Second" in path.name:
            raise RuntimeError("a fault of ours")
        return real(path)

    for module in ("stages", "durations"):
        monkeypatch.setattr(f"mvsearch.indexer.pipeline.{module}.probe_file", stumble)
    summary = toy_library.index(folder, home)
    assert summary.indexed == 2
    assert [(bad.code, bad.message) for bad in summary.failures] == [
        ("internal", "RuntimeError: a fault of ours")
    ]


def read_vectors(home):
    """Every vector and time of a library, by video and space."""
    with Library.open(home) as library:
        return {
            (video_id, space.key): made
            for space in library.catalog.spaces()
            for video_id, made in library.catalog.iter_embeddings(space.key)
        }


def test_vectors_do_not_depend_on_how_many_work(folder, tmp_path):
    one, many = tmp_path / "one", tmp_path / "many"
    toy_library.index(folder, one, workers=1)
    toy_library.index(folder, many, workers=3)
    alone, together = read_vectors(one), read_vectors(many)
    assert len(alone) == 10
    assert alone.keys() == together.keys()
    for place, made in alone.items():
        np.testing.assert_array_equal(made.vectors, together[place].vectors)
        assert made.segments == together[place].segments


def test_an_encoder_that_cannot_be_loaded_ends_the_run(folder, home, monkeypatch):
    def lack(encoder):
        raise WeightsMissingError(f"no weights for {encoder.spaces[0].modality}")

    monkeypatch.setattr("mvsearch.indexer.pipeline.analyse_jobs.try_out", lack)
    with pytest.raises(WeightsMissingError, match="no weights for"):
        toy_library.index(folder, home)
    with Library.open(home) as library:
        assert library.catalog.n_videos() == 0
        assert library.catalog.failures() == []


def test_other_encoders_are_refused(folder, home, indexed):
    with Library.open(home) as library, pytest.raises(EncoderMismatchError, match="--library"):
        index_paths([folder], library, Encoders("embedded"))


def test_no_folder_is_one_plain_line(home, tmp_path):
    with pytest.raises(MvsearchError, match="does not exist"):
        toy_library.index(tmp_path / "nowhere", home)


def test_stop_keeps_what_is_done(folder, home):
    stop = threading.Event()

    class StopAfterOne(Silence):
        def advance(self, stage):
            if stage == "analyse":
                stop.set()

    with Library.open(home, create=True) as library:
        summary = index_paths(
            [folder], library, Encoders("toy"), IndexOptions(workers=1),
            progress=StopAfterOne(), stop=stop,
        )  # fmt: skip
        assert summary.is_interrupted
        # What was under way beside the first may be done by then, too.
        assert 1 <= summary.indexed <= 3
        assert library.catalog.n_videos() == summary.indexed
    rest = toy_library.index(folder, home)
    assert (rest.indexed, rest.unchanged) == (3 - summary.indexed, summary.indexed)


KILLED_RUN = """
import sys
from pathlib import Path
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.library import Library

class Tell(Silence):
    def advance(self, stage):
        print(stage, flush=True)

with Library.open(Path(sys.argv[2]), create=True) as library:
    index_paths([Path(sys.argv[1])], library, Encoders("toy"), IndexOptions(workers=2),
                 progress=Tell())
"""


@pytest.mark.robustness
@pytest.mark.parametrize("n_lines", [0, 3, 4, 5])
def test_kill_at_any_moment_loses_nothing(folder, home, n_lines, tmp_path):
    undisturbed = toy_library.make_indexed(folder, tmp_path / "undisturbed")
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED_RUN, str(folder), str(home)],
        stdout=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    for _ in range(n_lines):
        assert run.stdout.readline()
    while n_lines == 0 and not (home / "catalog.sqlite3").exists():
        assert run.poll() is None
        time.sleep(0.01)
    os.kill(run.pid, 9)
    run.wait()
    run.stdout.close()
    summary = toy_library.index(folder, home)
    assert summary.failed == 0
    assert summary.indexed + summary.unchanged == 3
    assert dump(home) == dump(undisturbed)


class Notes(Silence):
    """Keeps what is said."""

    def __init__(self):
        self.said = []

    def note(self, message):
        self.said.append(message)


@pytest.fixture
def without_lyrics(folder):
    for path in folder.iterdir():
        if path.suffix in (".lrc", ".srt"):
            path.unlink()
    return folder


def run_with_notes(folder, home, **options):
    notes = Notes()
    with Library.open(home, create=True) as library:
        summary = index_paths(
            [folder], library, Encoders("toy"), IndexOptions(**options), progress=notes
        )
    return summary, notes.said


def lyrics_stages(home):
    with Library.open(home) as library:
        key = Encoders("toy").lyrics.spaces[0].key
        return {
            video.title: library.catalog.stage(video.id, "lyrics", key).status
            for video in library.catalog.videos()
        }


def test_lyrics_wait_for_whisper_and_come_later(without_lyrics, home, monkeypatch):
    Listener.heard.clear()
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: False)
    summary, said = run_with_notes(without_lyrics, home)
    assert summary.pending == 2
    assert len(said) == 1
    assert "models fetch whisper-tiny" in said[0]
    waiting = {"First Song": "pending", "Second Song": "pending", "Third Song": "absent"}
    assert lyrics_stages(home) == waiting
    summary, said = run_with_notes(without_lyrics, home)
    assert (summary.unchanged, summary.pending, len(said)) == (3, 2, 1)

    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Listener)
    monkeypatch.setattr(
        "mvsearch.indexer.features.analysis.decode", lambda *_: pytest.fail("decoded again")
    )
    summary, said = run_with_notes(without_lyrics, home)
    assert (summary.indexed, summary.pending, len(said)) == (2, 0, 1)
    assert said[0].startswith("Transcribing 2 videos with Whisper tiny, ")
    # Five seconds of sound at Whisper's 16 kHz.
    assert Listener.heard == pytest.approx([80_000, 80_000], abs=2000)
    assert lyrics_stages(home)["First Song"] == "done"
    with Library.open(home) as library:
        lyrics = library.catalog.lyrics(library.catalog.find_video("First Song").id)
    assert (lyrics.source, lyrics.origin, lyrics.language) == ("whisper", "tiny", "en")
    assert lyrics.lines[0].whisper.tokens == (50364, 1)
    summary, _ = run_with_notes(without_lyrics, home)
    assert summary.unchanged == 3


def test_side_car_is_taken_before_whisper(folder, home, monkeypatch):
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Listener)
    Listener.heard.clear()
    run_with_notes(folder, home)
    assert Listener.heard == []
    run_with_notes(folder, home, lyrics="whisper")
    assert len(Listener.heard) == 2
    summary, _ = run_with_notes(folder, home, lyrics="whisper")
    assert summary.unchanged == 3
    assert len(Listener.heard) == 2


def test_what_whisper_fails_on_is_tried_again_only_when_asked(without_lyrics, home, monkeypatch):
    class Deaf(Listener):
        def transcribe(self, samples, stop=None):
            self.heard.append(len(samples))
            raise MediaError("transcribe_failed", "Whisper gave up")

    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Deaf)
    Listener.heard.clear()
    summary, _ = run_with_notes(without_lyrics, home)
    assert [bad.code for bad in summary.failures] == ["transcribe_failed"] * 2
    again, _ = run_with_notes(without_lyrics, home)
    assert (again.unchanged, again.failed, len(Listener.heard)) == (3, 2, 2)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Listener)
    resolved, _ = run_with_notes(without_lyrics, home, has_retry=True)
    assert (resolved.failed, len(Listener.heard)) == (0, 4)
    assert lyrics_stages(home)["First Song"] == "done"


def test_whisper_without_weights_is_an_error_before_any_work(folder, home, monkeypatch):
    def refuse(model):
        raise WeightsMissingError("no way to fetch them")

    monkeypatch.setattr(
        "mvsearch.indexer.lyrics.whisper.transcribe.find_checkpoint", lambda model: None
    )
    monkeypatch.setattr("mvsearch.indexer.lyrics.whisper.transcribe.fetch_weights", refuse)
    with pytest.raises(WeightsMissingError):
        toy_library.index(folder, home, lyrics="whisper")
    with Library.open(home) as library:
        assert library.catalog.n_videos() == 0


def test_lyrics_off_leaves_them_for_later(folder, home):
    toy_library.index(folder, home, lyrics="off")
    with Library.open(home) as library:
        video = library.catalog.find_video("First Song")
        assert library.catalog.lyrics(video.id) is None
    assert toy_library.index(folder, home).indexed == 3
    assert lyrics_stages(home)["First Song"] == "done"


def test_repaired_side_car_is_no_failure_in_the_run_that_reads_it(folder, home):
    side_car = folder / "Mary Somerville - Third Song.lrc"
    side_car.write_bytes(bytes(range(256)) * 40)
    assert toy_library.index(folder, home).failed == 1
    assert toy_library.index(folder, home).failed == 1
    side_car.write_text("[00:01.00]a line that can be read\n", encoding="utf-8")
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.failures) == (1, [])
    with Library.open(home) as library:
        assert library.catalog.failures() == []


def test_options_that_change_nothing_say_so(folder, home):
    class Notes(Silence):
        said: ClassVar[list[str]] = []

        def note(self, message):
            self.said.append(message)

    def index(**options):
        Notes.said.clear()
        with Library.open(home, create=True) as library:
            index_paths(
                [folder], library, Encoders("toy"), IndexOptions(**options), progress=Notes()
            )
        return [note for note in Notes.said if "only" in note]

    five = AnalysisOptions(frames_per_second=5)
    assert index(analysis=five, language="en") == []
    assert index() == []
    (note,) = index(analysis=five, language="en")
    assert note.startswith("--frame-rate and --language count for new and changed files only: 3")
    (note,) = index(transcription=TranscribeOptions("openai", windows=VOICED_ONLY))
    assert note.startswith("--whisper-engine and --voiced-only count for new and changed files")
    (note,) = index(analysis=AnalysisOptions(decoded="key"))
    assert note.startswith("--fast counts for new and changed files only: 3 files are unchanged,")
    shutil.rmtree(home)
    assert index(analysis=AnalysisOptions(decoded="key")) == []
    assert index(analysis=AnalysisOptions(decoded="key")) == []


@pytest.mark.parametrize("language", ["", "klingon", "e n", "../en", "xx"])
def test_a_language_that_is_none_is_refused_before_any_work(folder, home, language):
    with pytest.raises(MvsearchError, match="language"):
        toy_library.index(folder, home, language=language)
    with Library.open(home) as library:
        assert library.catalog.n_videos() == 0


def test_a_language_that_whisper_knows_is_taken(folder, home):
    assert toy_library.index(folder, home, language="haw").indexed == 3


def test_new_lyrics_do_not_hide_that_a_file_ends_early(folder, home, indexed):
    video = folder / "Mary Somerville - Third Song.mp4"
    assert toy_library.index(folder, home).failed == 0
    early = Failure(video, "decode", "truncated", "ends early")
    status = video.stat()
    with Library.open(home) as library:
        library.catalog.record_failure(early, status.st_size, status.st_mtime_ns)
    video.with_suffix(".lrc").write_text("[00:01.00]a line\n", encoding="utf-8")
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.failures) == (1, [early])
    with Library.open(home) as library:
        assert library.catalog.failures() == [early]


def test_who_waits_is_told_for_whom(folder, home, indexed):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING_RUN, str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "holding\n"
        with Library.open(home) as library:
            notes = Notes()
            with pytest.raises(LibraryBusyError, match=str(holder.pid)):
                index_paths(
                    [folder],
                    library,
                    Encoders("toy"),
                    IndexOptions(wait_seconds=0.2),
                    progress=notes,
                )
        assert len(notes.said) == 1
        assert f"process {holder.pid}" in notes.said[0]
    finally:
        holder.communicate("done\n")
    assert toy_library.index(folder, home).unchanged == 3


HOLDING_RUN = """
import sys
from pathlib import Path
from mvsearch.store.library import Library

with Library.open(Path(sys.argv[1])) as library, library.writing():
    print("holding", flush=True)
    sys.stdin.readline()
"""


def test_a_truncated_file_that_is_moved_is_still_a_failure(folder, home, indexed):
    whole = toy_library.make_clip(folder / "whole.mkv", "testsrc2=s=96x64:r=10", "sine=f=440", 30)
    cut = folder / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert [bad.code for bad in toy_library.index(folder, home).failures] == ["truncated"]
    cut.rename(folder / "moved.mkv")
    summary = toy_library.index(folder, home)
    assert [(bad.path.name, bad.code) for bad in summary.failures] == [("moved.mkv", "truncated")]
    assert toy_library.index(folder, home).failures == summary.failures


def test_a_picture_lost_beside_good_sound_is_a_failure_and_its_sound_is_kept(folder, home, indexed):
    bad = folder / "bad.mkv"
    noise = ("-bsf:v", "noise=amount=1")
    run_ffmpeg("-i", folder / "Ada Lovelace - First Song.mp4", "-c", "copy", *noise, bad)
    summary = toy_library.index(folder, home)
    (failure,) = summary.failures
    assert failure.path == bad
    assert failure.code == "decode_failed"
    assert failure.message.startswith("nothing of its picture can be decoded")
    assert failure.message.endswith("; the rest is in the library")
    with Library.open(home) as library:
        video = library.catalog.find_video(str(bad))
        stages = {stage.stage: stage for stage in library.catalog.stages(video.id)}
    assert (stages["frames"].status, stages["audio"].status) == ("absent", "done")
    assert stages["frames"].detail == "nothing of its picture can be decoded"
    again = toy_library.index(folder, home)
    assert again.failures == summary.failures
    # Tried again when it is asked for.
    assert toy_library.index(folder, home, has_retry=True).indexed == 1


def test_key_frames_are_taken_fast_and_the_others_when_asked_again(folder, home):
    def count():
        with Library.open(home) as library:
            catalog = library.catalog
            frames, audio = catalog.spaces()[0], catalog.spaces()[-1]
            return {
                video.title: (
                    catalog.stage(video.id, "frames", frames.key).has_key_frames_only,
                    len(catalog.embeddings(video.id, frames.key).segments),
                    catalog.stage(video.id, "audio", audio.key).detail,
                )
                for video in catalog.videos()
            }

    # The first clip has as many key frames as frames are wanted, this one a quarter of it.
    source = ("-f", "lavfi", "-i", "smptebars=s=96x64:r=10:d=4")
    encoding = ("-c:v", "libx264", "-g", "20", "-sc_threshold", "0", "-pix_fmt", "yuv420p")
    run_ffmpeg(*source, *encoding, folder / "Mary Somerville - Third Song.mp4")
    fast = AnalysisOptions(decoded="key")
    assert toy_library.index(folder, home, analysis=fast).indexed == 3
    rough = count()
    assert rough["First Song"] == (True, 10, "")
    assert rough["Third Song"] == (True, 2, "the file has no sound")
    assert toy_library.index(folder, home, analysis=fast).unchanged == 3
    with Library.open(home) as library:
        numbers = read_status(library)
        shown = io.StringIO()
        print_status(numbers, Console(file=shown, width=200))
        (frames, *_) = numbers["stages"]["frames"].values()
        assert frames == {"pending": 0, "segments": 22, "key_frames_only": 3}
        assert "22 segments, 0 videos to do, 3 of key frames only" in shown.getvalue()

    notes = Notes()
    with Library.open(home) as library:
        summary = index_paths([folder], library, Encoders("toy"), progress=notes)
    assert (summary.indexed, summary.unchanged) == (3, 0)
    assert "Of 3 videos there are key frames only, by --fast; now the others are taken as well" in (
        notes.said
    )
    whole = count()
    assert whole["First Song"] == (False, 10, "")
    assert whole["Third Song"] == (False, 8, "the file has no sound")
    # What is whole is not taken from again, fast or not.
    assert toy_library.index(folder, home, analysis=fast).unchanged == 3
    assert toy_library.index(folder, home).unchanged == 3
