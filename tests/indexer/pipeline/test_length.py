"""What claims to be long, or is: bounded before it costs anything."""

import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.media.decoding.decode import decode
from mvsearch.indexer.media.decoding.graph import MAX_GAP_SECONDS
from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.probe import probe_file
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library
from tests import toy_library
from tests.media import make_slides, make_tone, run_ffmpeg

HOUR = 3600.0


def write_wave(path, sample_rate, n_samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(os.urandom(2 * n_samples))
    return path


def decode_all(path, **options):
    with decode(path, probe_file(path), DecodeOptions(**options)) as decoding:
        n_pieces = sum(1 for _ in decoding)
    return n_pieces, decoding.report


def test_sound_at_one_sample_a_second_is_refused_before_it_is_decoded(tmp_path):
    path = write_wave(tmp_path / "eleven hours.wav", 1, 40_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(MediaError, match="neither picture nor usable sound") as caught:
        probe_file(path)
    assert caught.value.code == "no_media"


def test_sound_of_a_telephone_is_heard(tmp_path):
    path = write_wave(tmp_path / "telephone.wav", 4000, 8000)
    assert decode_all(path)[1].sound_seconds == pytest.approx(2.0, abs=0.05)


def test_a_file_that_claims_too_much_is_not_decoded(tmp_path, monkeypatch):
    path = make_slides(tmp_path / "slides.mkv", [("red", 0), ("blue", 13 * HOUR)])
    monkeypatch.setattr(
        "mvsearch.indexer.media.decoding.decode.Child", lambda *_: pytest.fail("it was decoded")
    )
    with pytest.raises(MediaError, match=r"13\.0 hours, and the limit is 12;") as caught:
        decode_all(path)
    assert caught.value.code == "too_long"


def test_a_file_that_yields_more_than_it_claims_is_ended(tmp_path):
    """FLAC on a pipe has no duration in its header, so nothing is claimed."""
    endless = tmp_path / "endless.flac"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=20", "-f", "flac", "pipe:1"]
    endless.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    assert probe_file(endless).duration_seconds is None
    with pytest.raises(MediaError) as caught:
        decode_all(endless, max_seconds=10)
    assert caught.value.code == "too_long"
    assert "goes on for more than" in str(caught.value)
    assert decode_all(endless, max_seconds=30)[1].duration_seconds == pytest.approx(20, abs=0.2)


def test_a_section_of_a_long_file_is_taken(tmp_path):
    path = make_slides(tmp_path / "slides.mkv", [("red", 0), ("blue", 2), ("lime", 13 * HOUR)])
    _, report = decode_all(path, start_seconds=1, end_seconds=4)
    assert (report.n_frames, report.duration_seconds) == (1, 4)


def test_the_limit_is_an_option_and_a_failure_says_so(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    make_tone(folder / "long.flac", 440, 40)
    short = AnalysisOptions(max_hours=30 / HOUR)
    (failure,) = toy_library.index(folder, tmp_path / "library", analysis=short).failures
    assert (failure.stage, failure.code) == ("decode", "too_long")
    assert "--max-hours HOURS --retry-failed" in failure.message
    with Library.open(tmp_path / "library") as library:
        assert library.catalog.n_videos() == 0
    again = toy_library.index(folder, tmp_path / "library", has_retry=True)
    assert (again.indexed, again.failed) == (1, 0)


def test_a_limit_is_positive():
    with pytest.raises(ValueError, match="positive"):
        DecodeOptions(max_seconds=float("nan"))


def test_hours_between_two_sounds_are_closed_up_and_cost_no_memory(tmp_path):
    """What ffmpeg fills with silence it holds: for two hours that were 3 GB."""
    gap = tmp_path / "gap.mka"
    sound = f"sine=f=440:r=44100:d=2,asetpts='PTS+gte(T,1)*{2 * HOUR}/TB'"
    run_ffmpeg("-f", "lavfi", "-i", sound, "-c:a", "flac", gap)
    assert probe_file(gap).duration_seconds == pytest.approx(2 * HOUR + 2, abs=1)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from resource import RUSAGE_CHILDREN, getrusage\n"
        "from tests.indexer.pipeline.test_length import decode_all\n"
        "report = decode_all(Path(sys.argv[1]), sample_rate=8000)[1]\n"
        # Not of the process itself: it begins with the peak of the one that started it.
        "print(report.sound_seconds, getrusage(RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    root = Path(__file__).parents[3]
    said = subprocess.run(
        [sys.executable, "-c", script, str(gap)],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    seconds, most = map(float, said.stdout.split())
    assert seconds == pytest.approx(MAX_GAP_SECONDS + 2, abs=1)
    assert most * (1 if sys.platform == "darwin" else 1024) < 300e6
