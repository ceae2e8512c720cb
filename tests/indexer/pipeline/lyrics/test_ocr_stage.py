"""The stage "ocr" of an index run: what is stored, skipped, searched, and taken for lyrics."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.pipeline import run
from mvsearch.indexer.pipeline.lyrics import ocr_stage
from mvsearch.store.checking.check import check_library
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.library import Library
from mvsearch.store.records import ShownLine
from tests.indexer.ocr.toy_reader import ToyReader, draw_spans
from tests.listener import Listener
from tests.toy_library import make_clip

Shell = Callable[..., tuple[int, str, str]]

TEXTS = {
    "red": "the lantern of the harbour",
    "blue": "seven bridges to cross",
    "yellow": "directed by ada lovelace",
}
SPANS = {
    "harbour.mp4": [("red", 1.1, 2.4), ("blue", 3.1, 4.4)],
    "bridges.mp4": [("blue", 0.0, 1.4), ("yellow", 3.1, 4.6)],
    "silence.mp4": [],
}
SONG = [
    "take me home along the river", "where the willow trees are green", "we were dreaming",
    "of the places we had seen", "and the water carried slowly", "all the words we left behind",
    "now the bridges are fallen", "and the road is hard to find",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for name, spans in SPANS.items():
        seconds = 5 if spans else 1
        sound = f"sine=f=330:d={seconds}" if spans else None
        make_clip(folder / name, draw_spans(spans, seconds), sound, seconds)
    return folder


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> ToyReader:
    reader = ToyReader(TEXTS)
    monkeypatch.setattr(run, "choose_reader", lambda **_: reader)
    return reader


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home") / "library"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "choose_reader", lambda **_: ToyReader(TEXTS))
        with mvsearch.open(home, profile="toy") as library:
            assert library.index(folder, lyrics="later").indexed == 3
            assert "ocr" not in library.status()["stages"]
            with pytest.raises(mvsearch.MvsearchError, match="reaches ocr, which the library"):
                library.search(ocr="ada lovelace")
            summary = library.index(folder, lyrics="later", ocr=True)
    assert (summary.unchanged, summary.with_text, summary.failures) == (3, 2, [])
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "library")


def test_lines_are_stored_with_times_and_shown(home: Path, shell: Shell) -> None:
    with mvsearch.open(home) as library:
        entry = library.show("harbour")
        assert [line.text for line in entry.shown] == [TEXTS["red"], TEXTS["blue"]]
        (stage,) = [stage for stage in entry.stages if stage.stage == "ocr"]
        assert (stage.status, stage.origin, stage.sampling) == (
            "done", "toy-reader@1", "toy-reader@1-1",
        )  # fmt: skip
        (stage,) = [stage for stage in library.show("silence").stages if stage.stage == "ocr"]
        assert (stage.status, stage.detail) == ("absent", "it shows no text")
        counts = library.status()["stages"]["ocr"]
        assert [(one["segments"], one["pending"]) for one in counts.values()] == [(4, 0)]
    code, out, _ = shell("show", "bridges", "--library", home)
    assert code == 0
    assert "text in the picture" in out
    assert TEXTS["yellow"] in out
    shown = json.loads(shell("show", "harbour", "--json", "--library", home)[1])["ocr"]
    assert [line["text"] for line in shown] == [TEXTS["red"], TEXTS["blue"]]
    for line, (_, start, end) in zip(shown, SPANS["harbour.mp4"], strict=True):
        assert abs(line["start_seconds"] - start) <= 0.5
        assert abs(line["end_seconds"] - end) <= 0.5


@pytest.mark.parametrize(
    ("words", "first", "text"),
    [
        ("lantern of the harbour", "harbour", TEXTS["red"]),
        ("lantren of the harbuor", "harbour", TEXTS["red"]),
        ("ada lovelace", "bridges", TEXTS["yellow"]),
    ],
)
@pytest.mark.parametrize("kind", ["ocr", "text"])
def test_shown_words_are_found_with_their_times(
    made: Path, kind: str, words: str, first: str, text: str
) -> None:
    asked: dict[str, Any] = {kind: words}
    with mvsearch.open(made) as library:
        best = library.search(**asked)[0]
    assert best.video.title == first
    moment = next(moment for moment in best.moments if moment.modality == "ocr")
    assert moment.text == text
    assert best.contributions["ocr"].calibrated > 1
    start = next(s for spans in SPANS.values() for c, s, _ in spans if TEXTS[c] == text)
    assert moment.start_seconds is not None
    assert abs(moment.start_seconds - start) <= 0.5


def test_results_tell_of_shown_text_in_every_form(home: Path, shell: Shell) -> None:
    asked = ("search", "--ocr", "lantern harbour", "--library", home)
    result = json.loads(shell(*asked, "--json")[1])["results"][0]
    assert result["contributions"].keys() == {"ocr"}
    assert result["moments"][0]["words"] == ["lantern", "harbour"]
    code, out, _ = shell(*asked)
    assert code == 0
    assert "the lantern of the" in out
    header, row, *_ = shell(*asked, "--csv")[1].splitlines()
    assert "moment_rate,ocr_similarity,ocr_calibrated,ocr_weight,valence," in header
    assert ",1.000000," in row


def test_what_is_read_is_read_again_by_another_reader_only(
    home: Path, folder: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def note(path: Path, *_: object, **__: object) -> tuple[ShownLine, ...]:
        read.append(path.name)
        return ()

    monkeypatch.setattr(ocr_stage, "read_video_text", note)
    with mvsearch.open(home) as library:
        assert library.index(folder, lyrics="later").unchanged == 3
        reader.key = "toy-reader@2"
        library.index(folder, lyrics="later", ocr=False)
        assert read == []
        # What was read stays searchable.
        assert library.search(ocr="ada lovelace")[0].video.title == "bridges"
        library.index(folder, lyrics="later")
        assert sorted(read) == sorted(SPANS)
        with pytest.raises(mvsearch.MvsearchError, match="reaches ocr"):
            library.search(ocr="ada lovelace")


def test_without_the_reader_there_is_one_line(
    home: Path, folder: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.indexer.ocr.choose.find_spec", lambda name: None)
    notes: list[str] = []
    with mvsearch.open(home) as library:
        assert not library.index(folder, lyrics="later", progress=notes.append).failures
    assert any("RapidOCR, which is not installed; type: pip install" in note for note in notes)
    code, _, err = shell("index", folder, "--ocr", "--library", home)
    assert code == 2
    assert "[ocr]" in err
    assert "Traceback" not in err


def test_a_removed_video_takes_its_text_along_and_checks_find_no_damage(home: Path) -> None:
    with mvsearch.open(home) as library:
        library.remove("bridges")
        assert [one.video.title for one in library.search(ocr="ada lovelace")] == ["harbour"]
    assert check_library(home).damages == ()


def test_text_in_the_picture_alone_compares_no_videos(home: Path) -> None:
    with Library.open(home) as library, library.writing():
        held = {video.id: library.catalog.stages(video.id) for video in library.catalog.videos()}
        for stage in (stage for stages in held.values() for stage in stages):
            if stage.stage != "ocr":
                library.catalog.store_stage(replace(stage, status="absent"), ())
    with mvsearch.open(home) as opened:
        assert opened.search(ocr="ada lovelace")
        with pytest.raises(mvsearch.MvsearchError, match="only text in the picture"):
            opened.similar("bridges")


def plant_song(
    monkeypatch: pytest.MonkeyPatch, lines: Sequence[ShownLine], voice: VoiceActivity
) -> None:
    """Let the reader find lines in one video, and somebody sing in all."""

    def read(path: Path, *_: object, **__: object) -> tuple[ShownLine, ...]:
        return tuple(lines) if path.name == "harbour.mp4" else ()

    monkeypatch.setattr(ocr_stage, "read_video_text", read)
    monkeypatch.setattr(ocr_stage, "detect_voice", lambda sound: voice)
    Listener.heard.clear()
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Listener)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)


def test_lines_that_are_sung_are_lyrics_before_whisper(
    home: Path, folder: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [ShownLine(text, 0.6 * n, 0.6 * n + 0.5, 0.99) for n, text in enumerate(SONG)]
    plant_song(monkeypatch, lines, VoiceActivity(((0.0, 5.0),), 5.0))
    reader.key = "toy-reader@2"
    probed: list[str] = []
    monkeypatch.setattr(
        ocr_stage, "probe_file", lambda path: probed.append(path.name) or probe_file(path)
    )
    with mvsearch.open(home) as library:
        library.index(folder, lyrics="later")
        assert sorted(probed) == sorted(SPANS)
        lyrics = library.lyrics("harbour")
        assert lyrics is not None
        assert (lyrics.source, lyrics.origin) == ("ocr", "toy-reader@2")
        assert [line.text for line in lyrics.lines] == SONG
        assert library.lyrics("bridges") is None
        found = library.search(lyric="where the willow trees are green")[0]
        assert (found.video.title, found.moments[0].start_seconds) == ("harbour", 0.6)
        library.index(folder)
        assert library.lyrics("harbour") == lyrics
        kept = library.lyrics("bridges")
        assert kept is not None
        assert kept.source == "whisper"
        assert library.facets()["lyrics_source"] == [("ocr", 1), ("whisper", 1)]


def test_lyrics_that_a_later_reader_does_not_find_are_dropped_and_transcribed(
    home: Path, folder: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [ShownLine(text, 0.6 * n, 0.6 * n + 0.5, 0.99) for n, text in enumerate(SONG)]
    plant_song(monkeypatch, lines, VoiceActivity(((0.0, 5.0),), 5.0))
    with mvsearch.open(home) as library:
        reader.key = "toy-reader@2"
        library.index(folder, lyrics="later")
        assert library.facets()["lyrics_source"] == [("ocr", 1)]
        plant_song(monkeypatch, (), VoiceActivity((), 5.0))
        reader.key = "toy-reader@3"
        assert library.index(folder, lyrics="later").pending == 2
        assert library.lyrics("harbour") is None
        with pytest.raises(mvsearch.MvsearchError, match="lyrics"):
            library.search(lyric="where the willow trees are green")
        plant_song(monkeypatch, lines, VoiceActivity(((0.0, 5.0),), 5.0))
        reader.key = "toy-reader@4"
        library.index(folder, lyrics="later")
        plant_song(monkeypatch, (), VoiceActivity((), 5.0))
        reader.key = "toy-reader@5"
        # Dropped and transcribed by the same run, and the one that was pending as well.
        assert library.index(folder).transcribed == 2
        assert library.facets()["lyrics_source"] == [("whisper", 2)]


def test_a_lyric_file_comes_before_the_picture(
    folder: Path, tmp_path: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [ShownLine(text, 0.6 * n, 0.6 * n + 0.5, 0.99) for n, text in enumerate(SONG)]
    plant_song(monkeypatch, lines, VoiceActivity(((0.0, 5.0),), 5.0))
    own = tmp_path / "videos"
    own.mkdir()
    shutil.copy(folder / "harbour.mp4", own)
    (own / "harbour.lrc").write_text("[00:01.00]ships in harbour are safe\n")
    with mvsearch.open(tmp_path / "library", profile="toy") as library:
        library.index(own, ocr=True)
        lyrics = library.lyrics("harbour")
    assert lyrics is not None
    assert lyrics.source == "sidecar"


@pytest.mark.robustness
def test_a_file_that_cannot_be_decoded_is_a_failure_and_the_run_goes_on(
    home: Path, folder: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *_: object, **__: object) -> tuple[ShownLine, ...]:
        raise mvsearch.MediaError("decode_failed", "nothing of its picture can be decoded")

    monkeypatch.setattr(ocr_stage, "read_video_text", fail)
    reader.key = "toy-reader@2"
    with mvsearch.open(home) as library:
        summary = library.index(folder, lyrics="later")
        assert {failure.stage for failure in summary.failures} == {"ocr"}
        assert summary.failed == 3
        assert library.index(folder, lyrics="later").with_text == 0
        monkeypatch.undo()
        monkeypatch.setattr(run, "choose_reader", lambda **_: reader)
        again = library.index(folder, lyrics="later", retry_failed=True)
        assert (again.with_text, again.failures) == (2, [])
        assert library.status()["failures"] == 0


@pytest.mark.robustness
def test_a_failure_of_the_reader_before_is_no_failure_of_a_run_that_can_read(
    home: Path, folder: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *_: object, **__: object) -> tuple[ShownLine, ...]:
        raise mvsearch.MediaError("decode_failed", "nothing of its picture can be decoded")

    reader.key = "toy-reader@2"
    with mvsearch.open(home) as library:
        with monkeypatch.context() as patch:
            patch.setattr(ocr_stage, "read_video_text", fail)
            assert library.index(folder, lyrics="later").failed == 3
        reader.key = "toy-reader@3"
        again = library.index(folder, lyrics="later")
        assert (again.with_text, again.failures) == (2, [])


@pytest.mark.robustness
def test_a_file_that_changes_while_it_is_read_is_told_as_unfinished(
    home: Path, folder: Path, reader: ToyReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(path: Path, *_: object, **__: object) -> tuple[ShownLine, ...]:
        if path.name == "silence.mp4":
            with path.open("ab") as file:
                file.write(bytes(1000))
        return ()

    own = Path(shutil.copytree(folder, home.parent / "own"))
    notes: list[str] = []
    monkeypatch.setattr(ocr_stage, "read_video_text", change)
    reader.key = "toy-reader@2"
    with mvsearch.open(home) as library:
        summary = library.index(own, lyrics="later", progress=notes.append)
        assert [path.name for path in summary.unfinished] == ["silence.mp4"]
        assert any("silence.mp4 is still being written" in note for note in notes)
        [stage] = [stage for stage in library.show("silence").stages if stage.stage == "ocr"]
        assert stage.sampling == "toy-reader@1-1"


def test_a_reader_that_is_absent_is_said_once_by_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    from mvsearch.indexer.ocr.choose import open_reader

    monkeypatch.setattr("mvsearch.indexer.ocr.choose.find_spec", lambda name: None)
    with pytest.raises(WeightsMissingError, match="RapidOCR"):
        open_reader()
