"""Text is read from sampled frames, and only from those that show another picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.ocr import read_video
from mvsearch.indexer.ocr.read_video import (
    MAX_FRAMES,
    ReadingCounts,
    choose_rate,
    choose_size,
    measure_blocks,
    read_video_text,
)
from tests.indexer.ocr.toy_reader import ToyReader, draw_spans
from tests.toy_library import make_clip

SPANS = [("red", 1.1, 3.2), ("blue", 4.3, 5.6)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("shown") / "c.mp4", draw_spans(SPANS, 7), None, 7.0)


def test_lines_have_times_within_half_a_second_and_still_frames_are_read_once(clip: Path) -> None:
    reader, counts = ToyReader({"red": "take me home", "blue": "along the river"}), ReadingCounts()
    lines = read_video_text(clip, probe_file(clip), reader, counts=counts)
    assert [line.text for line in lines] == ["take me home", "along the river"]
    for line, (_, start, end) in zip(lines, SPANS, strict=True):
        assert abs(line.start_seconds - start) <= 0.3
        assert abs(line.end_seconds - end) <= 0.3
    # The picture changes four times.
    assert counts.n_frames == 14
    assert counts.n_glances == reader.n_glances == 5
    assert counts.n_read == reader.n_read == 2


def test_a_reader_that_sees_no_text_is_not_asked_to_read(clip: Path) -> None:
    reader = ToyReader({})
    assert read_video_text(clip, probe_file(clip), reader) == ()
    assert reader.n_read == 0


def test_sound_alone_shows_nothing(tmp_path: Path) -> None:
    sound = make_clip(tmp_path / "s.mp4", None, "sine=f=330:d=1", 1.0)
    assert read_video_text(sound, probe_file(sound), ToyReader({"red": "x"})) == ()


def test_a_letter_changes_a_block_and_noise_does_not() -> None:
    frame = np.full((64, 96, 3), 100, np.uint8)
    noisy = frame + np.random.default_rng(0).integers(0, 6, frame.shape, np.uint8)
    assert np.abs(measure_blocks(noisy) - measure_blocks(frame)).max() < read_video.SAME_BRIGHTNESS
    frame[20:27, 30:33] = 255
    assert np.abs(measure_blocks(frame) - measure_blocks(noisy)).max() > read_video.SAME_BRIGHTNESS


def test_a_file_without_a_duration_is_not_read_more_often(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_video, "MAX_FRAMES", 4)
    counts, reader = ReadingCounts(), ToyReader({"red": "take me home"})
    probe = replace(probe_file(clip), duration_seconds=None)
    (line,) = read_video_text(clip, probe, reader, counts=counts)
    assert line.text == "take me home"
    # At 0, 0.5, 1, 1.5 and 2 s, then each by a third after the one before.
    assert counts.n_frames == 8


def test_frames_are_bounded_in_size_and_number(clip: Path) -> None:
    picture = probe_file(clip).picture
    assert picture is not None
    assert choose_size(picture) == (96, 64)
    assert choose_rate(60.0) == 2.0
    assert choose_rate(12 * 3600.0) * 12 * 3600 == pytest.approx(MAX_FRAMES)
