import os
from pathlib import Path

import pytest

from mvsearch.indexer.media.decoder_log import (
    LINE_BYTES,
    MAX_ERROR_LETTERS,
    DecoderLog,
    describe_error,
)
from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.probe import probe_file
from tests.media import make_pattern, run_ffmpeg

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", "../shared/media"))
# By its catalogue; all others play well from the beginning to the end.
DAMAGED = {"corrupted.mp4"}


def read_log(*lines):
    found = DecoderLog()
    log = "".join(f"{line}\n" for line in lines).encode()
    for start in range(0, len(log), 7):
        found.take(log[start : start + 7])
    found.finish()
    return found


def read_report(path):
    with decode(path, probe_file(path)) as decoding:
        for _ in decoding:
            pass
    return decoding.report


def test_lost_macroblocks_are_counted_and_bookkeeping_is_not():
    found = read_log(
        "[h264 @ 0x55d02d82c240] mmco: unref short failure",
        "    Last message repeated 13 times",
        "[mp3float @ 0x557cf7a7fc40] Header missing",
        "Error while decoding stream #0:0: Invalid data found when processing input",
    )
    assert (found.n_losses, found.first_loss) == (0, "")
    assert len(found.lines) == 4
    found.take(b"[h264 @ 0x55d0] error while decoding MB 17 29, bytestream 399\n")
    found.take(b"    Last message repeated 2 times\n")
    assert found.n_losses == 3
    assert "MB 17 29" in found.first_loss


def test_a_decoder_without_a_reason_of_its_own_is_heard_through_the_program():
    found = read_log(
        "Error while decoding stream #0:0: Invalid data found when processing input",
        "    Last message repeated 10 times",
    )
    assert found.n_losses == 11


def test_an_endless_log_is_held_to_a_limit():
    found = DecoderLog()
    for _ in range(1000):
        found.take(b"x" * 4096)
    found.take(b"\n" * 100 + b"y\n" * 1000)
    found.finish()
    assert max(map(len, found.lines)) <= LINE_BYTES
    assert len(found.lines) <= 50


def test_a_complaint_is_one_short_printable_line_without_a_path(tmp_path):
    path = tmp_path / "a video: of mine.mp4"
    said = f"[mov,mp4 @ 0x7f] \x1b[31mfile:{path}: bad\x07\tatom \udce9 in /etc/passwd"
    text = describe_error(said, path)
    assert text.startswith("mov,mp4: ")
    assert text.isprintable()
    for secret in (str(tmp_path), path.name, "/etc", "0x7f", "file:"):
        assert secret not in text
    assert len(describe_error("z" * 10_000, path)) == MAX_ERROR_LETTERS


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    return make_pattern(path, 6, tone_hertz=440)


def test_a_picture_that_cannot_be_decoded_is_told_beside_good_sound(clip, tmp_path):
    bad = tmp_path / "bad.mkv"
    run_ffmpeg("-i", clip, "-c", "copy", "-bsf:v", "noise=amount=1", bad)
    report = read_report(bad)
    assert (report.n_frames, report.lost) == (0, "picture")
    assert report.sound_seconds == pytest.approx(6, abs=0.1)
    assert report.problem.code == "decode_failed"
    assert str(report.problem).startswith("nothing of its picture can be decoded (h264: ")


def test_damage_in_the_middle_is_told_and_the_rest_is_there(clip, tmp_path):
    bad = tmp_path / "bad.mkv"
    noise = "noise=amount='if(between(n,60,70),20,0)'"
    run_ffmpeg("-i", clip, "-c", "copy", "-bsf:v", noise, bad)
    report = read_report(bad)
    assert report.n_frames >= 10
    assert report.problem.code == "damaged"
    assert report.problem.args[0].startswith("it is damaged, the decoder reported errors ")


def test_a_section_of_a_damaged_file_is_no_news(clip, tmp_path):
    bad = tmp_path / "bad.mkv"
    run_ffmpeg("-i", clip, "-c", "copy", "-bsf:v", "noise=amount=1", bad)
    with decode(bad, probe_file(bad), DecodeOptions(start_seconds=2, end_seconds=4)) as decoding:
        for _ in decoding:
            pass
    assert decoding.report.problem is None


@pytest.mark.parametrize("open_gop", [0, 1])
@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
def test_what_plays_well_is_not_called_damaged(tmp_path, ending, open_gop):
    whole = tmp_path / f"whole.{ending}"
    options = ("-c:v", "libx264", "-preset", "veryfast", "-x264-params")
    coded = (*options, f"open-gop={open_gop}:keyint=25:bframes=3:ref=3", "-pix_fmt", "yuv420p")
    make_pattern(whole, 6, tone_hertz=440, options=coded)
    assert read_report(whole).problem is None
    # As lossless cutters do: the copy begins where it happens to.
    copy = tmp_path / f"copy.{ending}"
    run_ffmpeg("-ss", "1.7", "-i", whole, "-c", "copy", copy)
    assert read_report(copy).problem is None


@pytest.mark.slow
@pytest.mark.skipif(not MEDIA.is_dir(), reason="the real media are not here")
def test_of_the_real_videos_only_the_damaged_one_is_called_so():
    files = [*(MEDIA / "videos").iterdir(), *(MEDIA / "nasty").rglob("corrupted.mp4")]
    found = {path.name for path in files if read_report(path).problem is not None}
    assert found == DAMAGED
