"""Stills: of what shows something, in the shape that is shown, no more than the bound."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvsearch.indexer.media.decoding.sampling import find_uniform
from mvsearch.indexer.media.decoding.types import FrameBatch
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.stills import (
    MAX_STILLS,
    StillSelector,
    choose_size,
    encode_still,
    is_still,
    make_stills,
)
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library
from tests import toy_library
from tests.media import make_colours, make_tone, run_ffmpeg

PICTURE = PictureStream(0, "h264", 1920, 1080)


def batch(frames: np.ndarray, first_seconds: float = 0.0, step_seconds: float = 0.5) -> FrameBatch:
    times = first_seconds + step_seconds * np.arange(len(frames))
    return FrameBatch(frames, times, find_uniform(frames))


def draw(brightness: int) -> np.ndarray:
    """A frame, black but for some brightness in three quarters of its right half."""
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[:48, 32:] = brightness
    return frame


def read(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image)).convert("RGB")


def test_each_step_gives_the_first_frame_that_shows_something() -> None:
    taker = StillSelector(PICTURE, 8.0)
    # 0 to 1.5 s black, 2 to 2.5 s hardly anything, then a picture that grows brighter.
    frames = [draw(level) for level in (0, 0, 0, 0, 9, 9, 100, *range(120, 250, 10))]
    taker.take(batch(np.stack(frames)))
    stills = taker.finish()
    assert [still.seconds for still in stills] == [3.0, 6.0, 9.0]
    pixels = np.asarray(read(stills[0].image))
    assert pixels.shape == (108, 192, 3)
    assert pixels[:70, :80].mean() == pytest.approx(0, abs=4)
    assert pixels[:70, 110:].mean() == pytest.approx(100, abs=4)


def test_bright_corners_and_bars_around_one_colour_show_next_to_nothing() -> None:
    corner, wide, tall = np.zeros((3, 64, 64, 3), np.uint8)
    corner[:8, :8] = 255
    wide[8:-8] = tall[:, 8:-8] = 180
    taker = StillSelector(PICTURE, 4.0)
    taker.take(batch(np.stack([corner, wide, tall, draw(60)])))
    assert [still.seconds for still in taker.finish()] == [1.5]


def test_the_clearest_frame_serves_where_none_shows_much() -> None:
    taker = StillSelector(PICTURE, 4.0)
    taker.take(batch(np.stack([draw(level) for level in (0, 8, 14, 10)])))
    (still,) = taker.finish()
    assert still.seconds == 1.0
    black = StillSelector(PICTURE, 4.0)
    black.take(batch(np.zeros((6, 64, 64, 3), np.uint8)))
    assert black.finish() == ()


@pytest.mark.parametrize("header_seconds", [None, 3.0, 600.0])
def test_no_more_than_the_bound_whatever_the_header_says(header_seconds: float | None) -> None:
    taker = StillSelector(PICTURE, header_seconds, max_stills=8)
    for start in range(0, 600, 10):
        taker.take(batch(np.stack([draw(150)] * 20), start))
        assert len(taker.finish()) <= 8
    times = np.array([still.seconds for still in taker.finish()])
    assert len(times) >= 4
    # Evenly spread over the whole video.
    assert np.ptp(np.diff(times)) < 1
    assert times[-1] > 600 - 2 * np.diff(times)[0]


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        (PICTURE, (192, 108)),
        (PictureStream(0, "h264", 1080, 1920), (108, 192)),
        # PAL DVD, shown as 16:9.
        (PictureStream(0, "mpeg2video", 720, 576, pixel_aspect=64 / 45), (192, 108)),
        (PictureStream(0, "h264", 16000, 8), (192, 8)),
    ],
)
def test_a_still_has_the_shape_that_is_shown(picture: PictureStream, size: tuple[int, int]) -> None:
    assert choose_size(picture) == size


def test_pixels_that_are_not_square_are_told_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "dvd.mpg"
    source = "testsrc2=s=720x576:r=25:d=1,setsar=64/45"
    run_ffmpeg("-f", "lavfi", "-i", source, "-c:v", "mpeg2video", path)
    picture = probe_file(path).picture
    assert picture is not None
    assert picture.pixel_aspect == pytest.approx(64 / 45)
    (still, *_) = make_stills(path)
    assert read(still.image).size == (192, 108)


def test_a_file_without_enough_key_frames_is_read_whole(tmp_path: Path) -> None:
    """One key frame, which is black; what comes later is not."""
    path = tmp_path / "fade.mp4"
    source = "color=black:s=96x64:r=25:d=3[a];testsrc2=s=96x64:r=25:d=9[b];[a][b]concat"
    run_ffmpeg(
        *("-filter_complex", source, "-c:v", "libx264", "-preset", "ultrafast"),
        *("-x264-params", "keyint=1000:scenecut=0", "-pix_fmt", "yuv420p", path),
    )
    times = [still.seconds for still in make_stills(path)]
    assert times == pytest.approx([3, 6, 9], abs=0.1)


def test_what_has_no_picture_gives_none(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        make_stills(make_tone(tmp_path / "a.mp3", 440, 1))
    assert make_stills(make_colours(tmp_path / "b.mp4", [("black", 2.0)])) == ()


def test_only_a_small_whole_picture_is_a_still() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    good = encode_still(noise, (192, 108))
    assert is_still(good)
    assert not is_still(b"")
    assert not is_still(good[:-40])
    assert not is_still(good + b"<script>")
    assert not is_still(good.replace(b"WEBP", b"WAVE"))
    assert not is_still(b"RIFF" + (100).to_bytes(4, "little") + b"WEBPVP8 " + bytes(92))
    assert not is_still(encode_still(noise, (1024, 4)))
    png = io.BytesIO()
    Image.fromarray(noise).save(png, "PNG")
    assert not is_still(png.getvalue())
    moving = io.BytesIO()
    pictures = [Image.fromarray(noise), Image.fromarray(255 - noise)]
    pictures[0].save(moving, "WEBP", save_all=True, append_images=pictures[1:], quality=1)
    assert not is_still(moving.getvalue())


def test_the_stills_of_a_video_are_small() -> None:
    """Noise is the worst there is; a real picture takes about 2 KB."""
    noise = np.random.default_rng(1).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert MAX_STILLS * len(encode_still(noise, (192, 108))) < 2**20


def test_indexing_keeps_stills(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    toy_library.make_clip(folder / "a.mp4", "testsrc2=s=96x64:r=10", "sine", 5)
    toy_library.index(folder, tmp_path / "library", lyrics="off")
    with Library.open(tmp_path / "library") as library:
        [video] = library.catalog.videos()
        seconds = library.catalog.still_seconds([video.id])[video.id]
        assert seconds == pytest.approx((0.0, 3.0))
        for _, image in library.catalog.still_images([(video.id, at) for at in seconds]):
            assert is_still(image)
            assert read(image).size == (192, 128)
