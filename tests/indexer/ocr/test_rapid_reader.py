"""RapidOCR reads lines that ffmpeg burnt in, offline; without it there is a line to type."""

import socket
from pathlib import Path

import pytest

from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.ocr import rapid_reader
from mvsearch.indexer.ocr.rapid_reader import RapidReader
from mvsearch.indexer.ocr.read_video import read_video_text
from mvsearch.indexer.ocr.status import check_reader, find_reader_status
from tests.toy_library import make_clip

LINES = [("take me home along the river", 1.0, 3.0), ("where the willow trees", 4.0, 5.5)]


def burn(line: str, start: float, end: float) -> str:
    return (
        f"drawtext=text='{line}':fontsize=30:fontcolor=white:borderw=2:x=(w-text_w)/2:y=h*0.8"
        f":enable='between(t,{start},{end})'"
    )


@pytest.mark.slow
def test_burnt_in_lines_are_read_with_their_times_and_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rapidocr")

    def refuse(*_: object) -> None:
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    picture = ",".join(["testsrc2=s=640x360:r=10:d=6", *(burn(*line) for line in LINES)])
    clip = make_clip(tmp_path / "c.mp4", picture, None, 6.0)
    lines = read_video_text(clip, probe_file(clip), RapidReader())
    for text, start, end in LINES:
        (line,) = [line for line in lines if line.text == text]
        assert abs(line.start_seconds - start) <= 0.5
        assert abs(line.end_seconds - end) <= 0.5
    assert check_reader().problem == ""


def test_boxes_that_are_no_lines_are_left_out() -> None:
    assert rapid_reader._is_line((0, 0, 100, 20), 360)
    assert not rapid_reader._is_line((0, 0, 640, 7), 360)  # a border of the picture
    assert not rapid_reader._is_line((0, 0, 10, 100), 360)
    assert not rapid_reader._is_line((0, 0, 5, 5), 360)
    assert not rapid_reader._is_line((0, 0, 300, 200), 360)  # a lamp


def test_the_state_of_the_networks_names_package_and_checksum() -> None:
    status = find_reader_status()
    assert status.packages == ("rapidocr==3.10.0",)
    assert status.sha256 == RapidReader.weights.sha256
    assert status.card is not None
    assert status.card.licence == RapidReader.weights.licence == "Apache-2.0"
    if not status.is_present:
        assert "[ocr]" in status.problem
