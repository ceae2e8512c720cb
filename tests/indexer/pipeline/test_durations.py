"""How much of a run is done, in seconds of media."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.pipeline import durations as module
from mvsearch.indexer.pipeline.durations import UNDECODED_SECONDS, DurationEstimator
from tests.media import make_tone


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    return [
        make_tone(folder / f"{number}.wav", 440, seconds)
        for number, seconds in enumerate((2, 4, 8))
    ]


def wait_until_all_are_known(durations):
    """The look ahead is through."""
    durations._thread.join(60)
    assert not durations._thread.is_alive()


def test_what_is_done_is_measured_in_seconds_of_media(tones):
    with DurationEstimator(dict.fromkeys(tones, True)) as durations:
        wait_until_all_are_known(durations)
        assert durations.measure() == pytest.approx((0.0, 14.0), abs=0.1)
        assert durations.take(tones[0]) == probe_file(tones[0])
        durations.finish(tones[0], 2.0)
        assert durations.measure() == pytest.approx((2.0, 14.0), abs=0.1)
        durations.finish(tones[2], 8.0)
        assert durations.measure() == pytest.approx((10.0, 14.0), abs=0.1)


def test_what_is_not_known_yet_is_like_the_others(tones):
    durations = DurationEstimator(dict.fromkeys(tones, True))
    assert durations.measure() == (0.0, 0.0)
    assert durations.take(tones[1]) is None
    durations.finish(tones[1], 4.0)
    assert durations.measure() == (4.0, 12.0)


def test_what_is_not_decoded_counts_little_and_is_not_probed(tones, monkeypatch):
    monkeypatch.setattr(module, "probe_file", lambda path: pytest.fail("probed"))
    with DurationEstimator(dict.fromkeys(tones, False)) as durations:
        wait_until_all_are_known(durations)
        assert durations.measure() == (0.0, 3 * UNDECODED_SECONDS)
        durations.finish(tones[0], 2.0)
        assert durations.measure() == (UNDECODED_SECONDS, 3 * UNDECODED_SECONDS)


def test_it_looks_no_farther_ahead_than_it_may_and_ends_when_it_is_left(tones, monkeypatch):
    monkeypatch.setattr(module, "MAX_AHEAD", 2)
    probed = []
    is_ahead = threading.Event()

    def probe(path):
        probed.append(path)
        if len(probed) == 2:
            is_ahead.set()
        return probe_file(path)

    monkeypatch.setattr(module, "probe_file", probe)
    with DurationEstimator(dict.fromkeys(tones, True)) as durations:
        assert is_ahead.wait(60)
    assert not durations._thread.is_alive()
    assert probed == tones[:2]


def test_a_bad_file_is_left_to_the_work(tones, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"nothing")
    with DurationEstimator({bad: True, tones[0]: True}) as durations:
        wait_until_all_are_known(durations)
        assert durations.take(bad) is None
        durations.finish(bad, 0.0)
        assert durations.measure() == pytest.approx((0.0, 2.0), abs=0.1)


def test_an_account_of_many_files_ends_at_nothing_left_and_is_never_added_up_again(monkeypatch):
    files = [Path(f"{number}.wav") for number in range(200)]
    durations = DurationEstimator(dict.fromkeys(files, True))
    monkeypatch.setattr(module, "sum", lambda _: pytest.fail("added up"), raising=False)
    for number, path in enumerate(files):
        lies = number == 100
        durations._keep(path, SimpleNamespace(duration_seconds=1e308 if lies else 0.1 + number / 7))
    for path in files:
        done, total = durations.measure()
        assert 0 <= done <= total
        durations.finish(path, 1.0)
    assert durations.measure() == pytest.approx((200.0, 200.0))
