"""Lines are followed from frame to frame: times, spelling, moving text, hostile readings."""

import pytest

from mvsearch.indexer.ocr import tracking
from mvsearch.indexer.ocr.reader import Box, Reading
from mvsearch.indexer.ocr.tracking import LineTracker, join_rows
from mvsearch.store.records import MAX_LINE_LETTERS, ShownLine

PLACE = Box(0.2, 0.8, 0.8, 0.88)


def place(down: float, across: float = 0.0) -> Box:
    return Box(0.2 + across, down, 0.8 + across, down + 0.08)


def follow(frames: list[list[Reading]], step: float = 0.5) -> tuple[ShownLine, ...]:
    tracker = LineTracker()
    for number, readings in enumerate(frames):
        tracker.take(number * step, readings)
    return tracker.finish(len(frames) * step)


def read(text: str, probability: float = 0.99, box: Box = PLACE) -> list[Reading]:
    return [Reading(text, probability, box)]


def test_a_line_begins_and_ends_between_frames() -> None:
    lines = follow(
        [[], read("take me home"), read("take me home"), [], read("along the river"), []]
    )
    assert [(line.text, line.start_seconds, line.end_seconds) for line in lines] == [
        ("take me home", 0.25, 1.25),
        ("along the river", 1.75, 2.25),
    ]


def test_a_line_from_the_first_frame_to_the_last_lasts_all_the_time() -> None:
    (line,) = follow([read("logo here")] * 4)
    assert (line.start_seconds, line.end_seconds) == (0.0, 1.75)


def test_a_frame_in_which_the_reader_misses_a_line_does_not_split_it() -> None:
    (line,) = follow([read("take me home"), [], read("take me home"), [], []])
    assert line.end_seconds == 1.25
    assert len(follow([read("take me home"), [], [], read("take me home")])) == 2


def test_the_spelling_that_the_reader_is_surest_of_is_kept() -> None:
    readings = [read("take me horne", 0.75), read("take me home", 0.97), read("take me home", 0.9)]
    (line,) = follow(readings)
    assert line.text == "take me home"
    assert line.probability == pytest.approx((0.97 + 0.9) / 2)


def test_lines_that_are_surely_read_and_alike_are_two() -> None:
    lines = follow([read("He's gonna be the best"), read("He's gonna pass the test")])
    assert [line.text for line in lines] == ["He's gonna be the best", "He's gonna pass the test"]


def test_words_that_come_one_after_the_other_are_one_line() -> None:
    (line,) = follow([read("take"), read("take me"), read("take me home")])
    assert (line.text, line.is_moving) == ("take me home", False)


def test_credits_that_roll_are_moving() -> None:
    (line,) = follow([read("Directed by", box=place(0.8 - 0.06 * n)) for n in range(4)])
    assert line.is_moving


def test_a_ticker_is_moving() -> None:
    whole = "the markets fell today as the river rose again in the north of the country and"
    lines = follow([read(whole[6 * n : 6 * n + 30], 0.9) for n in range(6)])
    assert lines
    assert all(line.is_moving for line in lines)


def test_parts_of_a_row_are_one_line_and_columns_are_two() -> None:
    left, right = Box(0.1, 0.5, 0.3, 0.6), Box(0.33, 0.5, 0.5, 0.6)
    joined = join_rows([Reading("home", 0.8, right), Reading("take me", 0.9, left)])
    assert [(one.text, one.probability) for one in joined] == [("take me home", 0.8)]
    far = Box(0.8, 0.5, 0.95, 0.6)
    assert len(join_rows([Reading("take", 0.9, left), Reading("home", 0.9, far)])) == 2


@pytest.mark.parametrize("probability", [0.1, float("nan"), -1.0])
def test_guesses_are_left_out(probability: float) -> None:
    assert follow([read("take me home", probability)]) == ()


@pytest.mark.parametrize("text", ["", "1", "12:30 – 14:45", "\u202e\u2066\x00", "▮▮▮▮▮▮a"])
def test_what_is_hardly_letters_is_left_out(text: str) -> None:
    assert follow([read(text)]) == ()


def test_hostile_text_is_plain_and_short() -> None:
    (line,) = follow([read("\x1b[31mta\x00ke\u202e me\nhome<b>", 7.0)])
    assert line.text == "[31mtake me home"
    assert line.probability == 1.0
    (long,) = follow([read("la " * 100_000)])
    assert len(long.text) <= MAX_LINE_LETTERS
    (marks,) = follow([read("a\u0301" + "\u0301" * 50_000 + "b" * 400_000)]) or [None]
    assert marks is None or len(marks.text) <= MAX_LINE_LETTERS


def test_a_video_has_a_bounded_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MAX_LINES", 5)
    texts = ["alpha", "bravo", "uniform", "delta", "echo", "foxtrot", "golf", "hotel"]
    assert len(follow([read(text) for text in texts])) == 5
