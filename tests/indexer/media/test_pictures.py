"""Odd pictures against what Pillow made them of."""

import sys

import numpy as np
import pytest
from PIL import Image, ImageFile, features

from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import DecodeOptions, FrameBatch
from mvsearch.indexer.media.files.containers import has_media_signature
from mvsearch.indexer.media.picture_files import make_thumbnail
from mvsearch.indexer.media.pictures import read_image, read_size
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.stills import make_picture_still
from mvsearch.store.errors import MediaError
from tests.media import run_ffmpeg

COLOURS = ((200, 30, 40), (20, 160, 60), (30, 60, 220))
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")


def save_animation(path, **options):
    first, *others = [Image.new("RGB", (48, 32), colour) for colour in COLOURS]
    first.save(path, save_all=True, append_images=others, duration=100, **options)
    return path


@pytest.mark.parametrize(
    "ending", ["webp", pytest.param("avif", marks=needs_avif), "gif", "png", "tiff"]
)
def test_an_animation_is_its_first_picture(tmp_path, ending):
    path = save_animation(tmp_path / f"a.{ending}")
    pixels = read_image(path, (20, 10))
    assert pixels.shape == (10, 20, 3)
    assert pixels.reshape(-1, 3).mean(axis=0) == pytest.approx(COLOURS[0], abs=6)


@needs_avif
def test_a_sequence_of_pictures_is_no_video(tmp_path):
    head = save_animation(tmp_path / "a.avif").read_bytes()[:64]
    assert head[8:12] == b"avis"
    assert not has_media_signature(head)


@pytest.mark.parametrize("ending", ["webp", pytest.param("avif", marks=needs_avif)])
def test_turned_and_transparent_pictures_are_shown_as_they_are_meant(tmp_path, ending):
    picture = Image.new("RGBA", (64, 32), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees: the left comes to the top
    picture.save(tmp_path / f"a.{ending}", exif=exif, quality=95)
    pixels = read_image(tmp_path / f"a.{ending}", (32, 64))
    assert pixels[4:28].reshape(-1, 3).mean(axis=0) == pytest.approx((255, 0, 0), abs=6)
    assert pixels[36:60].min() >= 250


@pytest.mark.parametrize("size", [(16_000, 8), (8, 16_000), (40_000, 2)])
@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_long_narrow_pictures_are_read(tmp_path, size, ending):
    left_is_red = Image.new("RGB", size, "blue")
    along = 0 if size[0] > size[1] else 1
    half = tuple(side // 2 if axis == along else side for axis, side in enumerate(size))
    left_is_red.paste((255, 0, 0), (0, 0, *half))
    left_is_red.save(tmp_path / f"a.{ending}")
    pixels = np.moveaxis(read_image(tmp_path / f"a.{ending}", (32, 32)), 1 - along, 0)
    assert pixels[:15].reshape(-1, 3).mean(axis=0) == pytest.approx((255, 0, 0), abs=4)
    assert pixels[17:].reshape(-1, 3).mean(axis=0) == pytest.approx((0, 0, 255), abs=4)


@pytest.mark.parametrize("size", ["16000x8", "8x16000"])
def test_long_narrow_videos_are_read(tmp_path, size):
    path = tmp_path / "a.mkv"
    run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r=4:d=1", "-c:v", "ffv1", path)
    with decode(path, probe_file(path), DecodeOptions(frame_rate=4)) as decoding:
        n_frames = sum(len(piece.frames) for piece in decoding if isinstance(piece, FrameBatch))
    assert (n_frames, decoding.report.problem) == (4, None)


def test_ordinary_scaling_is_left_as_it_was(tmp_path):
    path = tmp_path / "a.png"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1280x720", "-frames:v", "1", path)
    raw = tmp_path / "a.raw"
    scale = "scale=224:224:flags=bicubic+accurate_rnd+full_chroma_int,format=rgba"
    run_ffmpeg("-i", path, "-vf", scale, "-f", "rawvideo", raw)
    expected = np.frombuffer(raw.read_bytes(), np.uint8).reshape(224, 224, 4)[..., :3]
    np.testing.assert_array_equal(read_image(path, (224, 224)), expected)


@pytest.mark.parametrize("ending", ["webp", pytest.param("avif", marks=needs_avif)])
def test_damaged_and_enormous_pictures_are_refused_in_plain_words(tmp_path, ending, monkeypatch):
    whole = save_animation(tmp_path / f"a.{ending}").read_bytes()
    damaged = tmp_path / f"b.{ending}"
    damaged.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(MediaError, match="damaged or too large") as caught:
        read_image(damaged, (8, 8))
    assert caught.value.code == "decode_failed"
    monkeypatch.setattr("mvsearch.indexer.media.pictures.MAX_PIXELS", 48 * 32 - 1)
    with pytest.raises(MediaError, match="damaged or too large"):
        read_image(tmp_path / f"a.{ending}", (8, 8))
    monkeypatch.setattr("mvsearch.indexer.media.pictures.MAX_FILE_BYTES", 10)
    with pytest.raises(MediaError, match="damaged or too large"):
        read_image(tmp_path / f"a.{ending}", (8, 8))


@needs_avif
@pytest.mark.parametrize("make", [read_size, lambda path: read_image(path, (8, 8))])
def test_an_avif_without_its_picture_is_an_error(tmp_path, make):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.avif")
    whole = (tmp_path / "a.avif").read_bytes()
    (tmp_path / "a.avif").write_bytes(whole.replace(b"pitm", b"xxxx"))
    with pytest.raises(MediaError, match="damaged"):
        make(tmp_path / "a.avif")


def test_heic_without_a_reader_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(MediaError, match="pip install pillow-heif, or save it as JPEG"):
        read_image(path, (8, 8))


def test_heic_is_read_where_its_reader_is_installed(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    top, bottom = (Image.new("RGB", (64, 32), colour) for colour in ("red", "blue"))
    picture = Image.new("RGB", (64, 64))
    picture.paste(top, (0, 0))
    picture.paste(bottom, (0, 32))
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(picture).save(path, quality=95)
    pixels = read_image(path, (8, 8)).astype(int)
    assert pixels.shape == (8, 8, 3)
    assert np.abs(pixels[:3] - [255, 0, 0]).max() < 30
    assert np.abs(pixels[5:] - [0, 0, 255]).max() < 30


@pytest.mark.parametrize("make", [read_size, make_thumbnail, make_picture_still])
def test_the_size_of_a_png_is_read_without_its_pixels(tmp_path, monkeypatch, make):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it is decoded"))
    assert make(tmp_path / "a.png")


def test_a_size_is_as_shown_and_bounded(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    for name in ("a.png", "a.jpg", "a.webp"):
        Image.new("RGB", (30, 20)).save(tmp_path / name, exif=turned)
        assert read_size(tmp_path / name) == (20, 30)
    Image.new("1", (8600, 8600)).save(tmp_path / "large.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:20])
    for name in ("large.png", "cut.png"):
        with pytest.raises(MediaError):
            read_size(tmp_path / name)
