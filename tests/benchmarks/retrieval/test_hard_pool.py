"""Distractors are mixed from the given parts of sources, and are the same each time."""

import random

import pytest

from benchmarks.retrieval.hard_pool import (
    find_given_seconds,
    is_given,
    list_files,
    make_distractors,
    mix_lines,
)
from mvsearch.indexer.media.probe import probe_file
from tests.media import run_ffmpeg

SONGS = [["one two three four"], ["five six seven eight"]]


@pytest.mark.parametrize("duration", [14.0, 20.0, 300.0])
def test_what_is_given_is_never_asked_for(duration):
    given = find_given_seconds(duration)
    assert given == pytest.approx(0.4 * duration)
    assert is_given(given - 0.01, duration)
    assert not is_given(given, duration)


def test_a_short_source_gives_all_and_is_asked_for_everywhere():
    assert find_given_seconds(8.0) == 8.0
    assert not is_given(0.0, 8.0)


def test_a_line_is_of_two_songs():
    whole = {line for song in SONGS for line in song}
    lines = list(mix_lines(SONGS, random.Random("1")))
    assert lines[1].startswith("[00:03.00]")
    for line in lines:
        text = line.partition("]")[2]
        assert text not in whole
        assert text in {"one two seven eight", "five six three four"}


@pytest.mark.slow
def test_distractors_are_of_shots_and_sounds_and_the_same_each_time(tmp_path):
    media = tmp_path / "media"
    (media / "nasty").mkdir(parents=True)
    for n in range(5):
        picture = f"testsrc2=s=64x36:r=12:d=5,hue=h={60 * n}"
        words = ["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast"]
        run_ffmpeg(*words, media / f"picture-{n}.mkv")
    for n in range(4):
        run_ffmpeg("-f", "lavfi", "-i", f"sine=f={200 * n + 200}:d=5", media / f"{n}.wav")
    (media / "nasty/broken.mp4").write_bytes(b"broken")
    assert len(list_files(media)) == 9
    first, again = (make_distractors(media, tmp_path / name, 1)[0] for name in ("one", "two"))
    assert first.read_bytes() == again.read_bytes()
    probe = probe_file(first)
    assert probe.duration_seconds == pytest.approx(20.0, abs=0.2)
    assert probe.picture is not None
    assert probe.sound is not None
