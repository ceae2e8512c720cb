from collections.abc import Sequence
from typing import Any

import pytest

from mvsearch.indexer.lyrics.whisper.line_splitting import split_segment

TEXT_END = 1000


def split(text: str, pauses: dict[int, float] | None = None) -> list[dict[str, Any]]:
    """The lines of a segment whose words take a second each; a token is a letter."""
    words, at = [], 10.0
    for number, word in enumerate(text.split()):
        at += (pauses or {}).get(number, 0.0)
        words.append({"word": f" {word}", "start": at, "end": at + 1})
        at += 1
    tokens = [TEXT_END, *(ord(letter) for letter in f" {text}"), TEXT_END + 50]

    def read(some: Sequence[int]) -> str:
        return "".join(chr(token) for token in some if token < TEXT_END)

    segment = {"start": 10.0, "end": at, "text": f" {text}", "tokens": tokens, "words": words}
    lines = split_segment(segment | {"seek": 5}, read)
    assert [token for line in lines for token in line["tokens"]] == tokens
    for line in lines:
        assert read(line["tokens"]).strip() == line["text"].strip()
        assert line["seek"] == 5
        assert line["start"] == pytest.approx(line["words"][0]["end"] - 0.3)
        assert line["end"] == line["words"][-1]["end"]
    return lines


def texts(text: str, pauses: dict[int, float] | None = None) -> list[str]:
    return [line["text"].strip() for line in split(text, pauses)]


def test_a_sentence_ends_a_line() -> None:
    assert texts("Get up. Do you? Yes!") == ["Get up.", "Do you?", "Yes!"]
    assert texts('He said "go." Then left') == ['He said "go."', "Then left"]
    assert texts("A prayer for Mr. Fancy Pants") == ["A prayer for Mr. Fancy Pants"]


def test_a_comma_or_a_pause_ends_a_line_of_some_words() -> None:
    assert texts("So far away from home, so far") == ["So far away from home,", "so far"]
    assert texts("On the run, down the street") == ["On the run, down the street"]
    assert texts("one two three four five six", {5: 0.7}) == ["one two three four five", "six"]
    assert texts("one two three", {2: 0.7}) == ["one two three"]


def test_a_segment_without_words_stays() -> None:
    segment = {"start": 1.0, "end": 2.0, "text": "la", "tokens": [1]}
    assert split_segment(segment, str) == [segment]


@pytest.mark.parametrize(("end", "start"), [(1.1, 1.1), (1.4, 1.2), (3.0, 2.7)])
def test_a_line_begins_with_its_first_word_without_the_pause_before(
    end: float, start: float
) -> None:
    word = {"word": " Oh", "start": 1.0, "end": end}
    (line,) = split_segment({"text": " Oh", "tokens": [1], "words": [word]}, lambda some: " Oh")
    assert (line["start"], line["end"]) == pytest.approx((start, end))
