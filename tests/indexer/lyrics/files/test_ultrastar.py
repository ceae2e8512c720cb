import pytest

from mvsearch.indexer.lyrics.files.cleaning import MAX_LINE_LETTERS
from mvsearch.indexer.lyrics.files.timing import Parsed
from mvsearch.indexer.lyrics.files.ultrastar import is_ultrastar, parse_ultrastar, read_media_names
from mvsearch.store.records import LyricLine, Word
from tests.cpu import assert_linear

HEAD = "#TITLE:A\n#LANGUAGE:Englisch\n#BPM:150,0\n#GAP:1000\n"
# 150 beats of four quarters a minute: a quarter beat lasts 60 / (150 * 4) = 0.1 s.


def lines(notes: str, head: str = HEAD) -> tuple[LyricLine, ...]:
    return parse_ultrastar(head + notes).lines


def test_beats_are_quarters_from_the_gap_on() -> None:
    (line,) = lines(": 0 5 3 Mon\n: 5 2 3 key\n* 10 4 3  shines\nE\n")
    assert (line.text, line.start_seconds, line.end_seconds) == ("Monkey shines", 1.0, 2.4)
    assert line.words == (Word("Monkey", 1.0, 1.7), Word("shines", 2.0, 2.4))


def test_breaks_end_lines_and_what_follows_the_end_is_passed_over() -> None:
    found = lines(": 0 2 0 one\n- 4\nF 10 2 0 two\n- 15 18\nR 20 2 0 three\nE\n: 40 1 0 no\n")
    assert [(line.text, line.start_seconds) for line in found] == [
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
    ]


def test_tildes_hold_the_syllable_before() -> None:
    (line,) = lines(": 0 2 0 co\n: 2 2 0 ~f\n: 4 4 0 fee\n: 8 4 0 ~\n: 20 1 0  now\nE")
    assert line.text == "coffee now"
    assert line.words[0] == Word("coffee", 1.0, 2.2)


def test_spaces_may_stand_after_syllables() -> None:
    (line,) = lines(": 0 2 0 Mon\n: 2 2 0 key \n: 4 2 0 see \nE")
    assert line.text == "Monkey see"


def test_relative_beats_count_from_the_line() -> None:
    head = HEAD + "#RELATIVE:YES\n"
    found = lines(": 0 2 0 a\n- 4 10\n: 0 2 0 b\n- 5\n: 1 2 0 c\nE", head)
    assert [(line.text, line.start_seconds) for line in found] == [
        ("a", 1.0),
        ("b", 2.0),
        ("c", 2.6),
    ]


def test_both_voices_of_a_duet_are_read_in_order_of_time() -> None:
    found = lines("P1\n: 0 2 0 me\n- 5\n: 40 2 0 both\nP2\n: 20 2 0 you\n- 30\n: 40 2 0 both\nE")
    assert [(line.text, line.start_seconds) for line in found] == [
        ("me", 1.0),
        ("you", 3.0),
        ("both", 5.0),
    ]


def test_a_tempo_may_change() -> None:
    found = lines(": 0 1 0 a\n- 5\nB 10 75\n: 20 1 0 b\nE")
    assert [line.start_seconds for line in found] == [1.0, 1.0 + 10 * 0.1 + 10 * 0.2]


def test_odd_rows_are_passed_over() -> None:
    (line,) = lines(": 0 2 0 good\n: x 2 0 bad\n: 9999999999999 1 0 huge\nnonsense\n: 5\n")
    assert line.text == "good"


@pytest.mark.parametrize("bpm", ["0", "-3", "fast", "", "1e999", "nan"])
def test_a_tempo_that_makes_no_sense_gives_no_lines(bpm: str) -> None:
    assert parse_ultrastar(f"#BPM:{bpm}\n: 0 1 0 a\nE").lines == ()


def test_negative_gap_is_cut_at_the_start() -> None:
    (line,) = lines(": 0 5 0 a\nE", "#BPM:150\n#GAP:-200\n")
    assert (line.start_seconds, line.end_seconds) == (0.0, 0.3)


def test_language_and_media_names() -> None:
    text = HEAD + "#MP3:a song.ogg\n#VIDEO:clip.mp4\n: 0 1 0 a\n"
    assert parse_ultrastar(text).language == "en"
    assert read_media_names(text) == {"a song.ogg", "clip.mp4"}


def test_what_ultrastar_is() -> None:
    assert is_ultrastar(HEAD + ": 0 1 0 a\n")
    assert not is_ultrastar(HEAD)
    assert not is_ultrastar("#1 in the charts\nI sing: 0 1 2 three")


def test_a_word_of_a_million_syllables_takes_linear_time_and_is_cut() -> None:
    def parse(n: int) -> Parsed:
        return parse_ultrastar(HEAD + ": 0 1 0 aa\n" * n + "E")

    assert_linear(parse, int, 2**16)
    (line,) = parse(2**16).lines
    assert line.text == "a" * (MAX_LINE_LETTERS - 1) + "…"
    (problem,) = parse(2**16).list_problems("x.txt")
    assert (problem.code, str(problem)) == (
        "too_long",
        "x.txt: a line is longer than 5000 letters and cut to that",
    )
