import gc
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.media.decoding.frames import (
    DecodeOptions,
    DecodeReport,
    DecodeStoppedError,
    FrameBatch,
    SoundBlock,
    choose_frame_rate,
    decode,
    find_uniform,
    read_image,
    read_subtitles,
)
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.programs import find_program, passthrough_option
from mvsearch.store.errors import MediaError
from tests.limits import HANG_SECONDS
from tests.media import (
    COLOURS,
    H264,
    cut_off,
    make_colours,
    make_pattern,
    make_picture,
    make_slides,
    make_tone,
    make_uneven,
    probe_times,
    run_ffmpeg,
    turn_quarter,
)

SIZE = (32, 24)
Decoded = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64], list[SoundBlock], DecodeReport]


def decode_all(path: Path, **options: object) -> Decoded:
    wanted = DecodeOptions(**{"frame_size": SIZE, **options})  # type: ignore[arg-type]
    frames, times, blocks = [np.zeros((0, SIZE[1], SIZE[0], 3), np.uint8)], [np.zeros(0)], []
    decoding = decode(path, probe_file(path), wanted)
    for piece in decoding:
        if isinstance(piece, FrameBatch):
            frames.append(piece.frames)
            times.append(piece.start_seconds)
        else:
            blocks.append(piece)
    return np.concatenate(frames), np.concatenate(times), blocks, decoding.report


def name_colour(frame: npt.NDArray[np.uint8]) -> str:
    middle = frame.reshape(-1, 3).mean(axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(middle - COLOURS[name]).sum()))


def refusal(path: Path, **options: object) -> MediaError:
    with pytest.raises(MediaError) as caught:
        decode_all(path, **options)
    assert str(path.parent) not in str(caught.value)
    return caught.value


def children() -> set[str]:
    """Process ids of our children, zombies included."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {child for task in listed for child in task.read_text().split()}


def expected_times(path: Path, rate: float) -> list[float]:
    """The rule by hand, on the times that ffprobe gives: the first frame at or after k / rate."""
    times = probe_times(path)
    grid = np.arange(0, times[-1] + 1e-3, 1 / rate)
    return sorted({next(time for time in times if time >= due - 1e-3) for due in grid})


@pytest.mark.parametrize(
    ("seconds", "rate"),
    [(0, 2), (199.99, 2), (200, 1), (250, 1), (300, 1), (300.01, 0.5), (4000, 0.5)],
)
def test_the_rate_depends_on_the_duration(seconds: float, rate: float) -> None:
    assert choose_frame_rate(seconds) == rate


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm", "avi", "flv", "ts"])
def test_frames_carry_the_picture_of_their_time(tmp_path: Path, ending: str) -> None:
    options = H264 if ending in {"mp4", "mkv", "ts"} else ("-q:v", "2")
    parts = [("red", 1.3), ("lime", 0.9), ("blue", 1.0)]
    path = make_colours(tmp_path / f"a.{ending}", parts, options=options)
    frames, times, _, report = decode_all(path)
    assert frames.shape == (len(times), SIZE[1], SIZE[0], 3)
    assert times == pytest.approx(expected_times(path, 2.0), abs=2e-3)
    bounds = np.cumsum([seconds for _, seconds in parts])
    shown = [parts[int(np.searchsorted(bounds, time + 1e-6, "right"))][0] for time in times]
    assert [name_colour(frame) for frame in frames] == shown
    assert report.n_frames == len(times)
    assert report.duration_seconds == pytest.approx(3.2, abs=0.09)


@pytest.mark.parametrize("rate", [0.5, 2.0, 7.0])
def test_times_are_exact_for_an_uneven_rate(tmp_path: Path, rate: float) -> None:
    path = make_uneven(tmp_path / "a.mkv", 6)
    _, times, _, _ = decode_all(path, frame_rate=rate)
    assert times == pytest.approx(expected_times(path, rate), abs=1e-6)


def test_times_are_exact_at_ntsc_rates(tmp_path: Path) -> None:
    path = make_pattern(tmp_path / "a.mp4", 5, frame_rate="30000/1001")
    _, times, _, _ = decode_all(path)
    assert times == pytest.approx(expected_times(path, 2.0), abs=1e-5)
    assert times[2] == pytest.approx(30 * 1001 / 30000, abs=1e-5)


def test_a_slide_that_is_shown_long_is_taken_once_at_its_own_time(tmp_path: Path) -> None:
    slides = [("red", 0.0), ("lime", 10.0), ("blue", 10.5), ("white", 31.25)]
    frames, times, blocks, report = decode_all(
        make_slides(tmp_path / "a.mkv", slides, sound_seconds=40)
    )
    assert times == pytest.approx([start for _, start in slides], abs=1e-3)
    assert [name_colour(frame) for frame in frames] == [colour for colour, _ in slides]
    assert report.duration_seconds == pytest.approx(40, abs=0.1)
    assert sum(len(block.samples) for block in blocks) == pytest.approx(40 * 16000, rel=0.003)


def test_a_picture_that_starts_late_keeps_its_time(tmp_path: Path) -> None:
    picture = make_colours(tmp_path / "v.mp4", [("red", 1.0)])
    sound = make_tone(tmp_path / "a.m4a", 440, 3)
    path = tmp_path / "late.mkv"
    run_ffmpeg("-i", sound, "-itsoffset", "1.5", "-i", picture, "-c", "copy", path)
    _, times, blocks, _ = decode_all(path)
    assert times == pytest.approx([1.5, 2.0], abs=0.025)
    assert blocks[0].start_seconds == 0.0


def test_times_count_from_where_a_player_starts(tmp_path: Path) -> None:
    picture = make_colours(tmp_path / "v.mp4", [("red", 1.2)])
    path = tmp_path / "shifted.ts"
    run_ffmpeg("-i", picture, "-c", "copy", "-output_ts_offset", "1000", path)
    _, times, _, report = decode_all(path)
    assert times == pytest.approx([0.0, 0.52, 1.0], abs=1e-3)
    assert report.duration_seconds == pytest.approx(1.2, abs=0.01)


def test_rotation_is_applied(tmp_path: Path) -> None:
    picture = tmp_path / "halves.mp4"
    run_ffmpeg(
        *("-f", "lavfi", "-i", "color=red:s=96x64:d=0.4,drawbox=w=48:color=blue:t=fill"),
        *(*H264, picture),
    )
    (upright, *_), _, _, _ = decode_all(picture)
    (turned, *_), _, _, _ = decode_all(turn_quarter(tmp_path / "turned.mp4", picture))
    assert name_colour(upright[:, :12]) == "blue"
    assert name_colour(upright[:, 20:]) == "red"
    assert name_colour(turned[:10]) == "blue"  # the left half is on top, a quarter turn clockwise
    assert name_colour(turned[14:]) == "red"


@pytest.mark.parametrize(("height", "full_range"), [(64, "tv"), (64, "pc"), (720, "tv")])
def test_colours_are_right_in_both_ranges_and_sizes(
    tmp_path: Path, height: int, full_range: str
) -> None:
    matrix = "bt709" if height >= 720 else "bt601"
    graph = f"scale=out_range={full_range}:out_color_matrix={matrix},format=yuv420p"
    for colour in ("red", "lime", "white"):
        source = f"color={colour}:s={height * 3 // 2}x{height}:r=5:d=0.2,format=rgb24,{graph}"
        path = tmp_path / f"{colour}.mkv"
        range_flag = ("-color_range", full_range)
        run_ffmpeg("-f", "lavfi", "-i", source, "-c:v", "ffv1", *range_flag, path)
        frames, *_ = decode_all(path)
        rgb = frames[0].reshape(-1, 3).mean(axis=0)
        assert rgb == pytest.approx(COLOURS[colour], abs=4), (colour, rgb)


def test_the_frame_size_is_met_and_the_whole_picture_kept(tmp_path: Path) -> None:
    path = tmp_path / "soft.mp4"
    source = "testsrc2=s=200x120:d=0.4,gblur=sigma=6"
    run_ffmpeg("-f", "lavfi", "-i", source, *H264, path)
    whole = subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    pixels = np.frombuffer(whole, np.uint8)[: 200 * 120 * 3].reshape(30, 4, 50, 4, 3)
    wanted = DecodeOptions(frame_size=(50, 30))
    batch = next(iter(decode(path, probe_file(path), wanted)))
    assert isinstance(batch, FrameBatch)
    difference = batch.frames[0] - pixels.mean(axis=(1, 3))
    assert np.abs(difference).max() < 6


def test_batches_and_blocks_have_the_sizes_asked_for(tmp_path: Path) -> None:
    path = make_pattern(tmp_path / "a.mp4", 4, tone_hertz=440)
    wanted = DecodeOptions(frame_size=SIZE, batch_frames=3, block_seconds=1.5, sample_rate=8000)
    pieces = list(decode(path, probe_file(path), wanted))
    batches = [piece for piece in pieces if isinstance(piece, FrameBatch)]
    blocks = [piece for piece in pieces if isinstance(piece, SoundBlock)]
    assert [len(batch.frames) for batch in batches] == [3, 3, 2]
    assert [len(block.samples) for block in blocks[:2]] == [12000, 12000]
    assert [block.start_seconds for block in blocks] == [0.0, 1.5, 3.0]
    assert all(block.samples.dtype == np.float32 for block in blocks)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key frames 10 s apart, so that a section never begins at one."""
    path = tmp_path_factory.mktemp("frames") / "long.mp4"
    options = (*H264, "-g", "250")
    parts = [("red", 4.0), ("lime", 4.0), ("blue", 4.0), ("yellow", 4.0)]
    return make_colours(path, parts, tone_hertz=440, options=options)


def test_a_section_is_exact_and_keeps_the_times_of_the_file(long_clip: Path) -> None:
    frames, times, blocks, report = decode_all(long_clip, start_seconds=7.3, end_seconds=12.5)
    assert times == pytest.approx(
        [7.32, 7.8, 8.32, 8.8, 9.32, 9.8, 10.32, 10.8, 11.32, 11.8, 12.32]
    )
    assert [name_colour(frame) for frame in frames] == ["lime"] * 2 + ["blue"] * 8 + ["yellow"]
    assert blocks[0].start_seconds == 7.3
    assert sum(len(block.samples) for block in blocks) == pytest.approx(5.2 * 16000, abs=160)
    assert report.duration_seconds == pytest.approx(12.5, abs=0.05)
    assert not report.is_truncated


def test_a_section_to_the_end_and_one_behind_it(long_clip: Path) -> None:
    _, times, _, report = decode_all(long_clip, start_seconds=15.0)
    assert times == pytest.approx([15.0, 15.52])
    assert report.duration_seconds == pytest.approx(16.0, abs=0.05)
    assert refusal(long_clip, start_seconds=20.0).code == "too_short"


def test_a_section_begins_with_the_slide_on_show(tmp_path: Path) -> None:
    slides = [("red", 0.0), ("lime", 10.0), ("blue", 10.2), ("white", 30.0)]
    path = make_slides(tmp_path / "a.mkv", slides, sound_seconds=40)
    frames, times, _, _ = decode_all(path, start_seconds=15.0, end_seconds=31.0)
    assert times == pytest.approx([15.0, 30.0])
    assert [name_colour(frame) for frame in frames] == ["blue", "white"]
    frames, times, _, _ = decode_all(path, start_seconds=35.0)
    assert (times.tolist(), name_colour(frames[0])) == ([35.0], "white")


def test_only_what_is_wanted_is_decoded(long_clip: Path, tmp_path: Path) -> None:
    _, times, blocks, _ = decode_all(long_clip, wants_sound=False)
    assert (len(times), blocks) == (32, [])
    _, times, blocks, _ = decode_all(long_clip, wants_picture=False)
    assert (len(times), len(blocks)) == (0, 4)
    silent = make_colours(tmp_path / "silent.mp4", [("red", 0.4)])
    assert refusal(silent, wants_picture=False).code == "no_media"


def test_a_picture_is_used_though_the_sound_cannot_be(long_clip: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.mov"
    run_ffmpeg("-i", long_clip, "-c:v", "copy", "-c:a", "pcm_s16le", good)
    path = tmp_path / "bad.mov"  # a codec that ffmpeg knows by name and has no decoder for
    path.write_bytes(good.read_bytes().replace(b"sowt", b"mhm1"))
    assert probe_file(path).sound is not None
    _, times, blocks, _ = decode_all(path)
    assert (len(times), blocks) == (32, [])


def test_sound_is_used_though_the_picture_cannot_be(long_clip: Path, tmp_path: Path) -> None:
    content = bytearray(long_clip.read_bytes())
    at = content.index(b"avcC") + 4
    content[at : at + 30] = bytes(30)  # the decoder's own settings
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    _, _, blocks, report = decode_all(path)
    assert sum(len(block.samples) for block in blocks) == pytest.approx(16 * 16000, rel=0.01)
    assert report.sound_seconds == pytest.approx(16, rel=0.01)


def test_a_file_that_stops_in_the_middle_is_truncated(tmp_path: Path) -> None:
    fast = (*H264, "-movflags", "+faststart", "-g", "25")
    whole = make_pattern(tmp_path / "whole.mp4", 8, tone_hertz=440, options=fast)
    *_, report = decode_all(whole)
    assert not report.is_truncated
    assert report.why_truncated == ""
    frames, _, _, report = decode_all(cut_off(tmp_path / "part.mp4", whole, 0.5))
    assert 2 < len(frames) < 14
    assert report.is_truncated
    assert report.why_truncated.endswith("of 8.0 seconds")


def test_a_header_that_merely_lies_is_no_truncation(tmp_path: Path) -> None:
    path = make_pattern(tmp_path / "a.mkv", 2)
    content = path.read_bytes()
    at = content.index(b"\x44\x89\x88") + 3  # EBML: Duration, a float of eight bytes, in ms
    path.write_bytes(content[:at] + np.array(9000.0, ">f8").tobytes() + content[at + 8 :])
    assert probe_file(path).duration_seconds == pytest.approx(9.0)
    *_, report = decode_all(path)
    assert report.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert not report.is_truncated


def test_what_is_damaged_through_and_through_fails_in_plain_words(tmp_path: Path) -> None:
    path = make_pattern(tmp_path / "a.avi", 1, options=("-c:v", "mjpeg"))
    content = bytearray(path.read_bytes())
    start = content.index(b"movi") + 4
    content[start : content.rindex(b"idx1")] = bytes(content.rindex(b"idx1") - start)
    path.write_bytes(content)
    error = refusal(path)
    assert error.code in {"decode_failed", "too_short"}
    assert "Invalid data" not in str(error)


def test_a_blink_of_sound_is_too_short(tmp_path: Path) -> None:
    assert refusal(make_tone(tmp_path / "a.wav", 440, 0.3)).code == "too_short"
    *_, report = decode_all(make_tone(tmp_path / "b.wav", 440, 0.6))
    assert report.sound_seconds == pytest.approx(0.6, abs=0.01)


@pytest.fixture
def fake_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ffmpeg that answers its version and then does what the script says."""
    passthrough_option()  # asks the real one
    program = tmp_path / "programs" / "ffmpeg"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    yield program
    find_program.cache_clear()


def install(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    find_program.cache_clear()


def test_a_decoder_that_hangs_is_ended(long_clip: Path, fake_ffmpeg: Path) -> None:
    probe = probe_file(long_clip)
    install(fake_ffmpeg, f"exec sleep {2 * HANG_SECONDS:g}")
    before = children()
    with pytest.raises(MediaError, match="no progress") as caught:
        list(decode(long_clip, probe, DecodeOptions(stall_seconds=0.5)))
    assert caught.value.code == "timed_out"
    assert children() <= before


def test_a_decoder_that_is_killed_is_no_whole_video(long_clip: Path, fake_ffmpeg: Path) -> None:
    probe = probe_file(long_clip)
    install(fake_ffmpeg, "kill -9 $$")
    with pytest.raises(MediaError, match="signal 9") as caught:
        list(decode(long_clip, probe))
    assert caught.value.code == "decode_failed"


def test_the_stop_event_ends_the_decoder_at_once(long_clip: Path, fake_ffmpeg: Path) -> None:
    probe = probe_file(long_clip)
    install(fake_ffmpeg, f"exec sleep {2 * HANG_SECONDS:g}")
    stop, before = threading.Event(), children()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    with pytest.raises(DecodeStoppedError):
        list(decode(long_clip, probe, stop=stop))
    timer.join()
    assert children() <= before


def test_leaving_early_leaves_no_process_and_no_open_file(long_clip: Path) -> None:
    probe = probe_file(long_clip)
    gc.collect()
    before, files_before = children(), set(os.listdir("/proc/self/fd"))  # noqa: PTH208 (race-free)
    with decode(long_clip, probe, DecodeOptions(batch_frames=1)) as decoding:
        next(decoding)
        with pytest.raises(RuntimeError, match="before the end of the decoding"):
            _ = decoding.report
    assert children() <= before
    assert len(os.listdir("/proc/self/fd")) <= len(files_before)  # noqa: PTH208 (race-free)


def test_a_slow_reader_blocks_nothing_and_is_no_stall(
    long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still but for an hour that the reader takes over each piece."""
    hours: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: 3600.0 * len(hours), sleep=time.sleep)
    monkeypatch.setattr("mvsearch.indexer.media.decoding.streams.time", clock)
    wanted = DecodeOptions(batch_frames=1, block_seconds=0.5, stall_seconds=1800.0)
    n_frames = 0
    for piece in decode(long_clip, probe_file(long_clip), wanted):
        hours.append(1.0)
        n_frames += isinstance(piece, FrameBatch)
    assert n_frames == 32


@pytest.mark.parametrize(
    ("colour", "grain"), [("black", 6), ("white", 6), ("blue", 0), ("red", 0), ("gray", 4)]
)
@pytest.mark.parametrize(
    "options", [("-c:v", "libx264", "-crf", "40"), ("-c:v", "mpeg4", "-b:v", "60k")]
)
def test_one_colour_is_uniform_whatever_the_codec_made_of_it(
    tmp_path: Path, colour: str, grain: int, options: tuple[str, ...]
) -> None:
    source = f"color={colour}:s=320x240:d=0.6,noise=alls={grain}:allf=t"
    run_ffmpeg("-f", "lavfi", "-i", source, *options, tmp_path / "a.mp4")
    wanted = DecodeOptions(frame_size=(224, 224))
    (batch,) = decode(tmp_path / "a.mp4", probe_file(tmp_path / "a.mp4"), wanted)
    assert isinstance(batch, FrameBatch)
    assert batch.is_uniform.all()


def test_a_dark_picture_noise_and_small_writing_are_not_uniform() -> None:
    random = np.random.default_rng(3)
    frames = np.zeros((5, 224, 224, 3), np.uint8)
    frames[0, :, 100:] = 9  # a dark picture: half of it nine levels lighter
    frames[1] = random.integers(0, 256, (224, 224, 3))  # noise: every block has the same mean
    frames[2, :, ::2] = 255  # stripes
    frames[3, 180:188, 60:160] = 200  # a line of credits
    frames[4] = 77
    assert find_uniform(frames).tolist() == [False, False, False, False, True]


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 40)])
def test_uniform_works_for_any_size(size: tuple[int, int]) -> None:
    frames = np.full((2, *size, 3), 50, np.uint8)
    frames[1, -1, -1] = 255
    assert find_uniform(frames).tolist() == [True, size == (1, 1)]
    assert find_uniform(frames[:0]).shape == (0,)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
def test_pictures_of_every_kind_are_read(tmp_path: Path, ending: str) -> None:
    pixels = read_image(make_picture(tmp_path / f"%d a.{ending}", "color=blue"), (20, 10))
    assert pixels.shape == (10, 20, 3)
    assert pixels.dtype == np.uint8
    assert pixels.reshape(-1, 3).mean(axis=0) == pytest.approx((0, 0, 255), abs=4)


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    source = "color=red@0.0:s=8x8:d=1,format=rgba"
    run_ffmpeg("-f", "lavfi", "-i", source, "-frames:v", "1", "-update", "1", path)
    assert read_image(path, (4, 4)).min() >= 254


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("words")
    picture = make_picture(tmp_path / "a.png", size=(400, 300))
    damaged = cut_off(tmp_path / "b.png", picture, 0.02)
    for path, code in (
        (tmp_path / "words.png", "no_media"),
        (tmp_path / "missing.png", "unreadable"),
        (damaged, "decode_failed"),
    ):
        with pytest.raises(MediaError) as caught:
            read_image(path, (8, 8))
        assert caught.value.code == code
        assert str(tmp_path) not in str(caught.value)


def test_subtitles_inside_a_video_are_read_as_srt(long_clip: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:01,500 --> 00:00:02,500\nÉté “words”\n", encoding="utf-8")
    path = tmp_path / "with.mkv"
    run_ffmpeg("-i", long_clip, "-i", words, "-c:v", "copy", "-c:s", "ass", path)
    text = read_subtitles(path, probe_file(path).subtitles[0])
    start, _, end = text.splitlines()[1].partition(" --> ")
    assert (start[:10], end[:10]) == ("00:00:01,5", "00:00:02,5")
    assert "Été “words”" in text


MEASURE = """
import resource, sys
from pathlib import Path
from types import SimpleNamespace
from mvsearch.indexer.media.decoding.frames import DecodeOptions, decode
from mvsearch.indexer.media.probe import probe_file
path = Path(sys.argv[1])
for piece in decode(path, probe_file(path), DecodeOptions(frame_rate=2.0)):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
      resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_stays_flat_in_the_length_of_the_video(tmp_path: Path) -> None:
    peaks = []
    for minutes in (1, 10):
        path = make_pattern(tmp_path / f"{minutes}.mp4", 60 * minutes, tone_hertz=440)
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, path], capture_output=True, check=True, text=True
        ).stdout
        peaks.append([int(number) for number in measured.split()])
    ours, theirs = np.subtract(peaks[1], peaks[0])
    assert ours < 20_000, peaks  # KiB; ten minutes of frames alone would be 180 MB
    assert theirs < 20_000, peaks
