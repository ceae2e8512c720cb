"""Lines are written by their sounds: the same for the same sounds, whatever their letters."""

import gzip
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvsearch.indexer import pronunciation
from mvsearch.indexer.pronunciation import (
    NOT_READ,
    SOUNDS,
    choose_reading,
    count_losses,
    find_readings,
    score_pairs,
    split_sounds,
    write_grams,
    write_sounds,
)
from mvsearch.indexer.pronunciation.convert import convert_lines


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "I scream", "ice cream"),
        ("en", "their knight sees two pears", "there night seas too pairs"),
        ("en", "Can’t", "cant"),
        ("en", "4 U", "for you"),
        ("en", "nothin'", "nothin"),
        ("de", "Die Weise", "die Waise"),
        ("fr", "le temps perdu", "LE TEMPS PERDUT"),
        ("es", "vaca", "baca"),
        ("it", "anno", "ano"),
        (None, "さくらがさいた", "sakura ga saita"),
        ("ru", "Москва", "moskva"),
        ("el", "θάλασσα", "thalassa"),
        ("ko", "사랑", "salang"),
    ],
)
def test_what_sounds_the_same_is_written_the_same(
    language: str | None, one: str, other: str
) -> None:
    reading = choose_reading(one, language)
    assert write_sounds(one, reading)
    assert write_sounds(one, reading) == write_sounds(other, reading)


def test_words_of_no_dictionary_are_read_by_their_letters() -> None:
    assert write_sounds("smashington", "en") == "smASINtan"
    assert write_sounds("zzyzx's", "en")


@pytest.mark.parametrize("line", ["桜が咲いた", "愛してると言って"])
def test_a_line_with_characters_of_unknown_sound_is_not_read(line: str) -> None:
    assert choose_reading(line, "ja") == choose_reading(line, None) == NOT_READ
    assert write_sounds(line, NOT_READ) == ""
    assert list(find_readings(line, ["en", "*", NOT_READ])) == []


def test_chinese_is_read_and_each_character_is_a_word() -> None:
    assert choose_reading("我的心", "zh") == "*"
    assert [(word.begin, word.end) for word in split_sounds("我的心", "*")] == [
        (0, 1),
        (1, 2),
        (2, 3),
    ]


def test_a_query_is_read_in_each_way_that_lines_are() -> None:
    read = list(find_readings("la mer rouge", ["fr", "en", "*", NOT_READ]))
    english, french = write_sounds("la mer rouge", "en"), write_sounds("la mer rouge", "fr")
    assert english != french
    assert ("en", english) in read
    assert {sounds for way, sounds in read if way == "fr"} == {english, french}
    assert {way for way, _ in read} == {"*", "en", "fr"}
    assert {way for way, _ in find_readings("Москва", ["en", "*"])} == {"*"}


@given(st.text(max_size=60), st.sampled_from(["en", "de", "fr", "es", "it", "pt", "nl", "*"]))
@settings(max_examples=60, deadline=None)
def test_any_text_is_written_in_known_sounds_and_its_words_lie_in_it(
    line: str, reading: str
) -> None:
    sounds = write_sounds(line, reading)
    assert set(sounds) <= set(SOUNDS)
    ends = [0]
    for word in split_sounds(line, reading):
        assert ends[-1] <= word.begin < word.end <= len(line)
        ends.append(word.end)
    assert '"' not in write_grams(sounds)


@pytest.mark.parametrize("line", ["", " ", "🎸🔥", "!!! ???", "\0", "\ud800", "_" * 50])
def test_what_has_no_letters_has_no_sounds(line: str) -> None:
    assert write_sounds(line, choose_reading(line, None)) == ""
    assert list(find_readings(line, ["en", "*"])) == []


def test_a_very_long_line_is_cut() -> None:
    assert len(write_sounds("la " * 5000, "en")) == 240
    assert len(write_sounds("xylophone" * 2000, "en")) <= 240


def test_scores_are_evidence_of_the_same_sound() -> None:
    scores = score_pairs()
    assert scores.shape == (len(SOUNDS), len(SOUNDS))
    assert (scores == scores.T).all()
    at = {sound: place for place, sound in enumerate(SOUNDS)}
    for one, other in combinations(SOUNDS, 2):
        assert scores[at[one], at[other]] < min(
            scores[at[one], at[one]], scores[at[other], at[other]]
        )
    # As people take them for each other: d for t more often than m for t, e for i than i for a.
    assert scores[at["t"], at["d"]] > 0 > scores[at["t"], at["m"]]
    assert scores[at["i"], at["e"]] > scores[at["i"], at["a"]]
    assert (count_losses() > 0).all()


def test_grams_do_not_tell_sounds_that_are_taken_for_each_other() -> None:
    assert write_grams("kIsD@skaI") == write_grams("gEzdaskaI")
    assert write_grams("kIsD@skaI") != write_grams("kIsDIsmaI")
    assert write_grams("") == " "


def test_the_dictionary_is_written_from_that_of_carnegie_mellon() -> None:
    lines = ["'bout B AW1 T", "bout(2) B UW1 T", "a's EY1 Z", "sky S K AY1 # comment", "b2b B"]
    assert convert_lines(lines) == "bout baUt\nsky skaI\n"
    file = Path(pronunciation.__file__).with_name("english.txt.gz")
    held = gzip.decompress(file.read_bytes()).decode().splitlines()
    assert held == sorted(held)
    assert len(held) == 117_662
