"""What classifiers make of files over time, with classes that can be told by hand."""

from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders import load_classifier
from mvsearch.search.metrics.media.posteriors import classify_frames, classify_sound
from mvsearch.store.errors import MediaError
from tests.media import make_colours, make_pattern, make_silence, make_tone, run_ffmpeg


def test_each_segment_of_sound_has_the_classes_that_sound_in_it(tmp_path: Path) -> None:
    tones = "sine=f=440:r=16000:d=1[a];sine=f=2000:r=16000:d=1.1[b];[a][b]concat=v=0:a=1[s]"
    run_ffmpeg("-filter_complex", tones, "-map", "[s]", tmp_path / "s.wav")
    classifier = load_classifier("toy-audio")
    found = classify_sound(tmp_path / "s.wav", classifier, 1.0)
    labels = classifier.list_labels()
    assert [labels[place] for place in found.rows.argmax(1)] == ["375 Hz", "2000 Hz"]
    # The rest of 0.1 s is left out.
    np.testing.assert_allclose(found.start_seconds, [0, 1])
    np.testing.assert_allclose(found.end_seconds, [1, 2], atol=1e-3)
    np.testing.assert_allclose(found.rows.sum(1), 1, atol=1e-5)


def test_frames_of_one_colour_are_left_out_and_the_others_last_until_the_next(
    tmp_path: Path,
) -> None:
    graph = "color=red:s=96x64:r=10:d=1[a];testsrc2=s=96x64:r=10:d=1[b];[a][b]concat[v]"
    run_ffmpeg("-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", tmp_path / "v.mp4")
    found = classify_frames(tmp_path / "v.mp4", load_classifier("toy-frames"), 2.0)
    np.testing.assert_allclose(found.start_seconds, [1, 1.5], atol=1e-3)
    np.testing.assert_allclose(found.end_seconds, [1.5, 2], atol=1e-3)
    np.testing.assert_allclose(found.rows.sum(1), 1, atol=1e-5)


def test_what_shows_or_sounds_like_nothing_is_an_error(tmp_path: Path) -> None:
    colour = make_colours(tmp_path / "c.mp4", [("black", 1)])
    with pytest.raises(MediaError, match="of one colour"):
        classify_frames(colour, load_classifier("toy-frames"), 2.0)
    silence = make_silence(tmp_path / "s.wav", 1)
    with pytest.raises(MediaError, match="silent"):
        classify_sound(silence, load_classifier("toy-audio"), 1.0)
    with pytest.raises(MediaError, match="the file has no picture"):
        classify_frames(make_tone(tmp_path / "t.wav", 440, 1), load_classifier("toy-frames"), 2.0)
    with pytest.raises(MediaError, match="the file has no sound"):
        classify_sound(
            make_pattern(tmp_path / "p.mp4", 1, size=(96, 64)), load_classifier("toy-audio"), 1.0
        )
