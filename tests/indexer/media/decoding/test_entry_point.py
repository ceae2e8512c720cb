"""Files whose key frames are none: what is cut out of them against what the whole shows."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.entry_point import find_entry, list_entries
from mvsearch.indexer.media.decoding.types import DecodeOptions, FrameBatch
from mvsearch.indexer.media.probe import probe_file
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS
from tests.media import run_ffmpeg

NOTHING = DISTORTIONS["none"]
# Of 255, in the mean over a picture; two encodings of one picture differ by less, a green or a
# half refreshed one by far more.
MAX_DIFFERENCE = 6.0


def make_video(path, *options):
    """A picture that changes all over all the time, at 10 frames a second, with a tone."""
    source = "mandelbrot=s=160x120:r=10:start_scale=1:end_scale=0.1:end_pts=60"
    sound = "sine=f=440:d=12"
    coded = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-pix_fmt", "yuv420p")
    inputs = ("-f", "lavfi", "-i", source, "-f", "lavfi", "-i", sound, "-t", "12")
    run_ffmpeg(*inputs, *coded, *options, path)
    return path


@pytest.fixture(scope="module", params=["no key frames", "refreshed by stripes"])
def dirty(request, tmp_path_factory):
    """Videos that a container says can be entered where they cannot."""
    path = tmp_path_factory.mktemp("dirty") / "video.mp4"
    if request.param == "refreshed by stripes":
        return make_video(path, "-x264-params", "intra-refresh=1:keyint=30:bframes=0")
    make_video(path, "-g", "1000", "-sc_threshold", "0")
    content = path.read_bytes()
    assert content.count(b"stss") == 1
    # ISO/IEC 14496-12, 8.6.2: without the box of sync samples, every sample is one.
    path.write_bytes(content.replace(b"stss", b"free"))
    return path


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("clean") / "video.mp4", "-g", "20")


def read_frames(path, **options):
    """Times and frames."""
    wanted = DecodeOptions(frame_size=(80, 60), frame_rate=10, decoded="all", **options)
    with decode(path, probe_file(path), wanted) as decoding:
        batches = [piece for piece in decoding if isinstance(piece, FrameBatch)]
    times = np.concatenate([batch.start_seconds for batch in batches])
    return times, np.concatenate([batch.frames for batch in batches]).astype(float)


def show(image):
    picture = Image.open(image if isinstance(image, Path) else io.BytesIO(image)).convert("RGB")
    return np.asarray(picture.resize((80, 60), Image.Resampling.BICUBIC)).astype(float)


def test_entries_go_back_and_end_at_the_beginning():
    assert list_entries(0.0) == (0.0,)
    assert list_entries(20.0) == (20.0, 0.0)
    assert list_entries(200.0) == (200.0, 170.0, 80.0, 0.0)
    assert list_entries(7200.0) == (7200.0, 7170.0, 7080.0)


def test_a_section_shows_what_the_whole_does(dirty):
    times, whole = read_frames(dirty)
    section_times, section = read_frames(dirty, start_seconds=6.0, end_seconds=8.0)
    first = int(np.argmin(np.abs(times - 6.0)))
    assert len(section) == 20
    np.testing.assert_allclose(section_times, times[first : first + 20], atol=0.001)
    assert np.abs(section - whole[first : first + 20]).mean(axis=(1, 2, 3)).max() == 0


def test_the_sound_of_a_section_begins_with_it(dirty):
    def hear(**options):
        wanted = DecodeOptions(sample_rate=8000, frame_size=(16, 16), **options)
        with decode(dirty, probe_file(dirty), wanted) as decoding:
            for _ in decoding:
                pass
        return decoding.report.sound_seconds

    assert hear(start_seconds=6.0, end_seconds=8.0) == pytest.approx(2.0, abs=0.01)


def test_cuts_show_what_the_whole_does(dirty, tmp_path):
    times, whole = read_frames(dirty)
    frame = show(cut_frame(dirty, 10.5, NOTHING, tmp_path / "frame.png"))
    assert np.abs(frame - whole[int(np.argmin(np.abs(times - 10.5)))]).mean() < MAX_DIFFERENCE
    clip = cut_clip(dirty, 10.5, 1.0, NOTHING, tmp_path / "clip.mkv", 0)
    cut = read_frames(clip)[1]
    first = int(np.argmin(np.abs(times - 10.5)))
    assert len(cut) == 10
    assert np.abs(cut - whole[first : first + 10]).mean(axis=(1, 2, 3)).max() < MAX_DIFFERENCE


def test_a_good_file_is_entered_at_the_nearest_key_frame(clean):
    picture = probe_file(clean).picture
    assert [find_entry(clean, picture, at) for at in (0.5, 5.0, 11.0)] == [0.5, 5.0, 11.0]
