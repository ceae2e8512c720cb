"""What browsers play is sent as it is, and everything else is converted at the right second."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mvsearch.indexer.media.playing import choose_way, find_type, inspect_media
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.media.stream_info import PictureStream, SoundStream
from mvsearch.store.errors import MediaError
from tests import media

WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm"
MATROSKA = b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska"


def make_probe(picture: str | None, sound: str | None, pixels: str = "yuv420p") -> Probe:
    stream = PictureStream(0, picture, 64, 64, pixel_format=pixels) if picture else None
    sounds = (SoundStream(1, sound, 44100),) if sound else ()
    return Probe(10.0, stream, sounds, (), "Title", None)


@pytest.mark.parametrize(
    ("content_type", "picture", "sound", "way"),
    [
        ("video/mp4", "h264", "aac", "file"),
        ("video/mp4", "av1", None, "file"),
        ("video/mp4", "hevc", "aac", "transcode"),
        ("video/mp4", "h264", "ac3", "transcode"),
        ("video/webm", "vp8", "vorbis", "file"),
        ("video/webm", "vp9", "opus", "file"),
        ("", "h264", "aac", "remux"),  # Matroska, MPEG-TS, FLV
        ("", "vp9", "opus", "remux"),
        ("", "vp8", "vorbis", "transcode"),  # MP4 has no VP8
        ("", "mpeg2video", "mp2", "transcode"),
        ("audio/mpeg", None, "mp3", "file"),
        ("audio/ogg", None, "vorbis", "file"),
        ("audio/ogg", None, "speex", "transcode"),
        ("", None, "wmav2", "transcode"),
    ],
)
def test_the_way_follows_container_and_codecs(
    content_type: str, picture: str | None, sound: str | None, way: str
) -> None:
    assert choose_way(content_type, make_probe(picture, sound)) == way


def test_ten_bits_a_channel_are_encoded_anew() -> None:
    assert choose_way("video/mp4", make_probe("h264", "aac", "yuv420p10le")) == "transcode"


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (WEBM, "video/webm"),
        (MATROSKA, ""),
        (b"RIFF\0\0\0\0AVI ", ""),
        (b"<html><script>", ""),
        (b"", ""),
    ],
)
def test_the_type_follows_the_first_bytes(head: bytes, content_type: str) -> None:
    assert find_type(head, has_picture=True) == content_type


def test_sound_has_types_of_its_own() -> None:
    heads = {b"ID3\x04": "audio/mpeg", b"\xff\xfb\x90": "audio/mpeg", b"fLaC": "audio/flac"}
    heads |= {b"OggS": "audio/ogg", b"RIFF\0\0\0\0WAVEfmt ": "audio/wav", WEBM: "audio/webm"}
    assert {head: find_type(head, has_picture=False) for head in heads} == heads


def probe(path: Path) -> dict[str, Any]:
    entries = "format=format_name,duration,start_time:stream=codec_name,width,height"
    words = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, str(path)]
    found: dict[str, Any] = json.loads(
        subprocess.run(words, capture_output=True, check=True).stdout
    )
    return found


def read_colour(path: Path, at_seconds: float) -> tuple[int, int, int]:
    words = ["ffmpeg", "-v", "error", "-ss", str(at_seconds), "-i", str(path), "-frames:v", "1"]
    words += ["-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    red, green, blue = subprocess.run(words, capture_output=True, check=True).stdout[:3]
    return red, green, blue


def test_a_piece_is_encoded_at_a_size(tmp_path: Path) -> None:
    path = media.make_colours(
        tmp_path / "a.mp4",
        [("red", 2.0), ("lime", 2.0), ("blue", 2.0)],
        size=(160, 120),
        options=(*media.H264, "-g", "5"),
    )
    target = tmp_path / "b.mp4"
    target.write_bytes(b"".join(inspect_media(path).transcode(2.5, 3.5, max_height=61)))
    told = probe(target)
    assert [(one["width"], one["height"]) for one in told["streams"]] == [(80, 60)]
    assert float(told["format"]["duration"]) == pytest.approx(1.0, abs=0.1)
    _, green, blue = read_colour(target, 0.5)
    assert green > 150 > blue
    whole = b"".join(inspect_media(path).transcode(5.0, max_height=2000))
    target.write_bytes(whole)
    assert probe(target)["streams"][0]["height"] == 120


def test_encoding_begins_at_the_second(tmp_path: Path) -> None:
    path = media.make_colours(
        tmp_path / "a.avi",
        [("red", 2.0), ("lime", 2.0), ("blue", 2.0)],
        size=(95, 65),  # H.264 needs even sides
        tone_hertz=440,
        options=("-c:v", "mpeg4", "-q:v", "2", "-g", "300", "-c:a", "pcm_s16le"),
    )
    found = inspect_media(path)
    assert (found.way, found.content_type) == ("transcode", "video/mp4")
    target = tmp_path / "b.mp4"
    target.write_bytes(b"".join(found.transcode(3.5)))
    told = probe(target)
    codecs = [(one["codec_name"], one.get("width")) for one in told["streams"]]
    assert codecs == [("h264", 94), ("aac", None)]
    assert float(told["format"]["start_time"]) == pytest.approx(0, abs=0.05)
    assert float(told["format"]["duration"]) == pytest.approx(2.5, abs=0.1)
    _, green, blue = read_colour(target, 0.1)
    assert green > 150 > blue
    _, green, blue = read_colour(target, 0.8)
    assert blue > 150 > green


def test_a_reader_that_leaves_ends_the_encoder(tmp_path: Path) -> None:
    path = media.make_pattern(tmp_path / "a.avi", 20, options=("-c:v", "mpeg4"))
    chunks = inspect_media(path).transcode()
    assert next(chunks)
    children = Path("/proc/self/task").glob("*/children")
    begun = {one for task in children for one in task.read_text().split()}
    chunks.close()  # type: ignore[attr-defined]
    children = Path("/proc/self/task").glob("*/children")
    assert begun - {one for task in children for one in task.read_text().split()}


def test_what_is_no_media_file_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "a.mp4"
    page.write_text("<script>alert(1)</script>")
    for path in (page, tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(MediaError):
            inspect_media(path)
