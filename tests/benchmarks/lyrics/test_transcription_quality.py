"""Errors and times of a planted transcript, counted by hand."""

import pytest

from benchmarks.lyrics.transcription_quality import Heard, measure_song
from benchmarks.lyrics.word_alignment import find_offsets, normalise

# openai-whisper leaves a file of its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

WORDS = [
    *((10.0, "Code"), (10.5, "Monkey"), (11.0, "get"), (11.5, "up,"), (12.0, "get")),
    *((12.5, "coffee"), (15.0, "I'm"), (15.5, "far"), (16.0, "away")),
]
LINES = [(10.0, "Code Monkey get up, get coffee"), (15.0, "I'm far away")]


def test_two_words_of_ten_are_wrong() -> None:
    """The normaliser writes two words for a contraction, on both sides."""
    assert normalise("I'm FAR, away!") == "i am far away"
    heard = Heard(((9.6, "Cold monkey get up get coffee."), (17.5, "i am far")), (), 20, 1)
    found = measure_song(heard, LINES, WORDS)
    assert found.error_rate == pytest.approx(2 / 10)
    assert found.offsets == pytest.approx([-0.4, 2.5])


def test_a_line_that_is_aligned_with_nothing_has_no_offset() -> None:
    lines = [(10.2, "Code Monkey get up get coffee"), (13.0, "oh yes"), (15.1, "I'm far away")]
    assert find_offsets(lines, WORDS) == pytest.approx([0.2, 0.1])
    assert find_offsets([], WORDS) == []


def test_a_chorus_is_aligned_with_the_one_that_is_near() -> None:
    """Two of three are heard: which one is missing only time tells."""
    sung = [
        (at + word, text) for at in (10.0, 50.0, 90.0) for word, text in enumerate(["go", "on"])
    ]
    assert find_offsets([(10.1, "go on"), (90.2, "go on")], sung) == pytest.approx([0.1, 0.2])
    assert find_offsets([(49.7, "go on")], sung) == pytest.approx([-0.3])
