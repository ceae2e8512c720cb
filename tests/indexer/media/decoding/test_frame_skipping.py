import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.media.decoding import frame_skipping
from mvsearch.indexer.media.decoding.frame_skipping import (
    EncoderNote,
    choose_skip,
    read_encoder_notes,
)
from mvsearch.indexer.media.decoding.frames import DecodeOptions, FrameBatch, decode
from mvsearch.indexer.media.decoding.types import Decoded
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.stream_info import PictureStream
from tests.media import make_pattern, probe_times

SIZE = (160, 120)
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1")
CHAIN = (*X264, "-x264-params", "ref=1:bframes=3:b-adapt=0:b-pyramid=normal")
PYRAMID = (*X264, "-x264-params", "ref=4:bframes=3:b-adapt=0:b-pyramid=normal")
ENCODINGS = {
    "chain.mp4": CHAIN,
    "pyramid.mkv": PYRAMID,
    "old.ts": ("-c:v", "mpeg2video", "-bf", "2", "-q:v", "3"),
    "older.mp4": ("-c:v", "mpeg4", "-bf", "2", "-q:v", "3"),
}


def read_every_frame(path: Path) -> npt.NDArray[np.uint8]:
    """All frames as ffmpeg gives them when nothing is left out, (n, height, width, 3)."""
    done = subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", path, "-fps_mode", "passthrough"),
            *("-vf", f"scale={SIZE[0]}:{SIZE[1]}:flags=bicubic+accurate_rnd+full_chroma_int"),
            *("-f", "rawvideo", "-pix_fmt", "rgb24", "-"),
        ],
        capture_output=True,
        check=True,
    )
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, SIZE[1], SIZE[0], 3)


def take(path: Path, decoded: Decoded = "needed", **options: float) -> FrameBatch:
    wanted = DecodeOptions(SIZE, batch_frames=1000, decoded=decoded, **options)  # type: ignore[arg-type]
    pieces = decode(path, probe_file(path), wanted)
    (batch,) = (piece for piece in pieces if isinstance(piece, FrameBatch))
    return batch


@pytest.mark.parametrize("name", ENCODINGS)
def test_what_is_left_is_bit_by_bit_what_the_whole_stream_gives(tmp_path: Path, name: str) -> None:
    path = make_pattern(tmp_path / name, 4, size=SIZE, options=ENCODINGS[name])
    batch = take(path)
    times, frames = np.array(probe_times(path)), read_every_frame(path)
    at = np.abs(times[:, None] - batch.start_seconds).argmin(axis=0)
    assert np.abs(times[at] - batch.start_seconds).max() < 2e-3
    np.testing.assert_array_equal(frames[at], batch.frames)
    # Some are late, which shows that something was left out, and none by half a step of 0.5 s.
    due = np.arange(0, 4, 0.5)
    late = batch.start_seconds[: len(due)] - due
    assert late.max() > 0.045
    assert late.max() < 0.25


def test_a_frame_is_late_by_no_more_than_the_b_frames_in_a_row(tmp_path: Path) -> None:
    path = make_pattern(tmp_path / "a.mp4", 4, size=SIZE, options=CHAIN)
    exact = take(path, "all").start_seconds
    chain = take(path).start_seconds
    assert exact == pytest.approx([0, 0.52, 1.0, 1.52, 2.0, 2.52, 3.0, 3.52], abs=1e-3)
    # x264 cuts the sequence into P-frames 4 apart: 0.16 s; the first at or after each half second.
    assert chain == pytest.approx([0, 0.64, 1.12, 1.6, 2.08, 2.56, 3.04, 3.52], abs=1e-3)


def test_a_section_keeps_its_times_and_pictures(tmp_path: Path) -> None:
    path = make_pattern(tmp_path / "a.mp4", 6, size=SIZE, options=(*CHAIN, "-g", "50"))
    whole = take(path, frame_rate=2.0)
    part = take(path, frame_rate=2.0, start_seconds=3.5, end_seconds=5.0)
    assert part.start_seconds.min() >= 3.5
    assert part.start_seconds.max() < 5.0
    for time, frame in zip(whole.start_seconds, whole.frames, strict=True):
        for same in np.flatnonzero(np.abs(part.start_seconds - time) < 1e-3):
            np.testing.assert_array_equal(part.frames[same], frame)
    assert len(np.intersect1d(part.start_seconds.round(3), whole.start_seconds.round(3))) >= 2


def test_key_frames_alone_are_taken_at_their_own_times(tmp_path: Path) -> None:
    options = (*CHAIN, "-g", "30", "-sc_threshold", "0")
    path = make_pattern(tmp_path / "a.mp4", 6, size=SIZE, options=options)
    batch = take(path, "key")
    assert batch.start_seconds == pytest.approx([0, 1.2, 2.4, 3.6, 4.8], abs=1e-3)
    assert take(path, "key", frame_rate=0.5).start_seconds == pytest.approx([0, 2.4, 4.8], abs=1e-3)


def picture(codec: str = "h264", rate: float | None = 25.0, depth: int = 2) -> PictureStream:
    return PictureStream(0, codec, 640, 360, frame_rate=rate, reorder_depth=depth)


@pytest.mark.parametrize(
    ("stream", "rate", "notes", "skip"),
    [
        (picture(), 2.0, [], "noref"),
        (picture(), 2.0, [(1, 3, False)], "bidir"),
        (picture(), 2.0, [(1, 3, False), (1, 2, False)], "bidir"),
        (picture(), 2.0, [(1, 3, False), (3, 3, False)], "noref"),  # two recordings joined
        (picture(), 2.0, [(1, 3, True)], "noref"),
        (picture("hevc"), 2.0, [(1, 3, False)], "noref"),
        (picture("mpeg2video", depth=1), 2.0, [], "noref"),
        (picture(depth=0), 2.0, [(1, 0, False)], "none"),
        (picture("vp9"), 2.0, [], "none"),
        (picture(rate=None), 2.0, [], "none"),
        # 5 frames of 20 a second last a quarter of a second, half a step of the grid.
        (picture(rate=20.0), 2.0, [], "noref"),
        (picture(rate=19.0), 2.0, [], "none"),
        (picture(rate=19.0), 1.0, [], "noref"),
        (picture(), 10.0, [(1, 3, False)], "none"),
        (picture(), 2.0, [(1, 16, False)], "none"),
        (picture(), 0.5, [(1, 16, False)], "bidir"),
    ],
)
def test_frames_are_left_out_where_no_frame_is_late_by_half_a_step(
    tmp_path: Path,
    stream: PictureStream,
    rate: float,
    notes: list[tuple[int, int, bool]],
    skip: str,
) -> None:
    path = tmp_path / "a.mp4"
    text = [
        f"x264 - core 164 - H.264/MPEG-4 AVC codec - options: cabac=1 ref={references}"
        f" deblock=1:0:0 interlaced={'tff' if laced else 0} bframes={b_frames} b_pyramid=2\0"
        for references, b_frames, laced in notes
    ]
    path.write_bytes(b"head" + b"\xff".join(map(str.encode, text)))
    assert choose_skip(path, stream, rate, DecodeOptions()) == skip
    assert choose_skip(path, stream, rate, DecodeOptions(decoded="all")) == "none"
    assert choose_skip(path, stream, rate, DecodeOptions(decoded="key")) == "nokey"


def test_a_note_is_read_once_wherever_it_lies(tmp_path: Path) -> None:
    note = b"x264 - core 1 - options: ref=2 interlaced=0 bframes=5 rc=crf\0"
    path = tmp_path / "a.mp4"
    for at in (0, 2**20 - 3, 2**20 - 1000, 2**20 - len(note), 2**20 + 1, 2**21 - 1999, 2**21):
        path.write_bytes(bytes(at) + note + bytes(2**20))
        assert read_encoder_notes(path) == (EncoderNote(2, 5, False),), at
    assert read_encoder_notes(tmp_path / "gone.mp4") == ()


def test_a_note_far_behind_or_a_false_one_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x264 - core 1 - options: ref=" + b"9" * 5000)
    assert read_encoder_notes(path) == ()
    monkeypatch.setattr(frame_skipping, "NOTE_SEARCH_BYTES", 2**20)
    path.write_bytes(bytes(2**20) + b"x264 - core 1 ref=1 interlaced=0 bframes=3 \0")
    assert read_encoder_notes(path) == ()
