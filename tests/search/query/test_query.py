"""What users type: times, sections, weights."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvsearch.search.query.query import (
    MAX_QUERY_LETTERS,
    Query,
    QueryPart,
    Section,
    parse_part,
    parse_section,
    parse_time,
)
from mvsearch.search.query.weights import parse_weights
from mvsearch.store.errors import QueryError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("83", 83),
        ("1.5", 1.5),
        (".5", 0.5),
        ("0:00", 0),
        ("1:23", 60 + 23),
        ("90:00", 90 * 60),
        ("1:02:03.25", 3600 + 2 * 60 + 3.25),
        (" 2:30 ", 150),
    ],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "-5", "1:60", "1:75:00", "1:2:3:4", "nan", "inf", "1e3", "abc", "1:-2", "١:٢٣", "--"],
)
def test_what_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_time(text)
    assert "\n" not in str(caught.value)


@given(st.integers(0, 9), st.integers(0, 59), st.integers(0, 59))
def test_a_clock_reads_back(hours: int, minutes: int, seconds: int) -> None:
    assert parse_time(f"{hours}:{minutes:02}:{seconds:02}") == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    ("text", "name", "section"),
    [
        ("a.mp4", "a.mp4", None),
        ("a.mp4@5-10", "a.mp4", Section(5, 10)),
        ("a.mp4@1:05-1:10", "a.mp4", Section(65, 70)),
        ("a.mp4@30-", "a.mp4", Section(30, None)),
        ("a.mp4@-30", "a.mp4", Section(None, 30)),
        ("me@home.mp4", "me@home.mp4", None),
        ("me@home.mp4@2-3", "me@home.mp4", Section(2, 3)),
        ("@5-10", "@5-10", None),
    ],
)
def test_sections_are_split_off(text: str, name: str, section: Section | None) -> None:
    assert parse_section(text) == (name, section)


def test_a_file_whose_name_holds_a_section_wins(tmp_path: Path) -> None:
    odd = tmp_path / "song@5-10"
    odd.touch()
    assert parse_section(str(odd)) == (str(odd), None)
    assert parse_section(f"{odd}@1-2") == (str(odd), Section(1, 2))


@pytest.mark.parametrize(
    "times",
    ["10-5", "5-5", "-", "5", "1:99-2:00", "1-2-3", "1-99999999999", f"0-{'9' * 5000}:00:00"],
)
def test_a_section_that_makes_no_sense_is_refused(times: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_section(f"a.mp4@{times}")
    assert "\n" not in str(caught.value)


def test_a_section_in_words_is_refused_where_the_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(QueryError, match="START-END"):
        parse_section(f"{tmp_path / 'a.mp4'}@chorus")


def test_weights_are_read_and_what_is_not_named_weighs_nothing() -> None:
    assert parse_weights("frames=.6, lyrics=.4") == {"frames": 0.6, "lyrics": 0.4, "audio": 0.0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "frames",
        "frames=",
        "frames=x",
        "frames=-1",
        "frames=nan",
        "frames=inf",
        "frames=0,lyrics=0",
        "frames=1,frames=2",
        "pictures=1",
        "frames=1,",
        "frames=1=2",
        "frames=1e308,lyrics=1e308",
    ],
)
def test_weights_that_make_no_sense_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_weights(text)
    assert "\n" not in str(caught.value)


def test_a_section_holds_what_overlaps_it() -> None:
    section = Section(5, 10)
    assert section.holds(9, 12)
    assert section.holds(4, 5.5)
    assert not section.holds(10, 12)
    assert not section.holds(3, 5)
    assert not Section(0, 10).holds(None, None)
    assert Section(None, 10).holds(0, 1)
    assert Section(5, None).holds(900, 901)


def test_words_are_data_even_with_an_at_sign() -> None:
    assert parse_part("text", "me@5-10 --json") == QueryPart("text", "me@5-10 --json")


def test_endless_words_are_refused() -> None:
    assert len(QueryPart("lyric", "a" * MAX_QUERY_LETTERS).value) == MAX_QUERY_LETTERS
    with pytest.raises(QueryError, match="--lyric has 10001 letters; at most 10000"):
        QueryPart("lyric", "a" * (MAX_QUERY_LETTERS + 1))


def test_empty_parts_and_queries_are_refused() -> None:
    with pytest.raises(QueryError, match="--lyric is empty"):
        parse_part("lyric", "  ")
    with pytest.raises(QueryError, match="nothing to search for"):
        Query(())
    with pytest.raises(QueryError, match="no section"):
        QueryPart("image", "a.jpg", Section(1, 2))


def test_words_of_another_locale_are_read() -> None:
    assert parse_part("lyric", "J\udcc3\udcb3ga").value == "Jóga"
    assert parse_part("text", "\udce9").value == "\ufffd"
