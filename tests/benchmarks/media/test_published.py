"""What half a minute of a video says of all of it."""

import time
from pathlib import Path

import pytest

from benchmarks.clips import Clip, keep_clip, read_duration
from benchmarks.media import published
from mvsearch.indexer.media.decoding.sampling import choose_frame_rate

ENCODE_SECONDS = 0.05


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds, with a key frame every five."""
    return keep_clip(tmp_path_factory.mktemp("clips"), Clip(8.0, 64, 48, rate=10))


@pytest.mark.parametrize(("window_seconds", "at"), [(30.0, 0.0), (2.0, 0.0), (2.0, 0.7)])
def test_the_rest_costs_what_each_of_the_frames_taken_does(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window_seconds: float, at: float
) -> None:
    taken: list[bytes] = []

    def encode(file: Path) -> None:
        taken.append(file.read_bytes()[:2])
        time.sleep(ENCODE_SECONDS)

    monkeypatch.setattr(published, "WINDOW_SECONDS", window_seconds)
    began = time.perf_counter()
    rest = published.extend(video, encode, tmp_path, at)
    took = time.perf_counter() - began
    n_all = read_duration(video) * choose_frame_rate(read_duration(video))
    assert set(taken) == {b"\xff\xd8"}  # JPEG
    assert n_all == pytest.approx(16, abs=1)
    n_rest = max(0.0, n_all - len(taken))
    assert (len(taken) >= n_all - 1) == (window_seconds > 8)
    assert n_rest * ENCODE_SECONDS <= rest <= n_rest * took / len(taken)
    assert list(tmp_path.iterdir()) == []
