from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvsearch.indexer.lyrics.files.lrc import parse_lrc
from mvsearch.indexer.lyrics.files.sidecar import parse_text
from mvsearch.indexer.lyrics.files.text_encoding import decode_text
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Word
from tests.cpu import assert_linear


def spans(text: str) -> list[tuple[str, float | None, float | None]]:
    return [(line.text, line.start_seconds, line.end_seconds) for line in parse_lrc(text).lines]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("[01:02]", 62.0),
        ("[01:02.5]", 62.5),
        ("[01:02.50]", 62.5),
        ("[01:02.500]", 62.5),
        ("[01:02:50]", 62.5),
        ("[01:02,50]", 62.5),
        ("[1:2.05]", 62.05),
        ("[125:00.00]", 7500.0),
        ("[01:02:03.25]", 3723.25),
        ("[-00:05.00]", 0.0),
        ("[00:99.00]", 99.0),
    ],
)
def test_stamp_forms(stamp: str, seconds: float) -> None:
    assert parse_lrc(f"{stamp}Line").lines[0].start_seconds == pytest.approx(seconds)


def test_a_line_lasts_until_the_next_and_no_longer_than_ten_seconds() -> None:
    text = "[00:30.00]third\n[00:01.00]first\n[00:04.50]second\n"
    assert spans(text) == [("first", 1.0, 4.5), ("second", 4.5, 14.5), ("third", 30.0, 40.0)]


def test_an_empty_line_ends_the_one_before() -> None:
    assert spans("[00:01.00]sung\n[00:03.00]\n[00:09.00]on") == [
        ("sung", 1.0, 3.0),
        ("on", 9.0, 19.0),
    ]


def test_several_stamps_are_several_moments() -> None:
    assert spans("[00:10.00][00:40.00]again\n[00:12.00]other") == [
        ("again", 10.0, 12.0),
        ("other", 12.0, 22.0),
        ("again", 40.0, 50.0),
    ]


def test_lines_that_start_together_end_together() -> None:
    assert spans("[00:10.00]Hallo\n[00:10.00]Hello\n[00:12.00]x") == [
        ("Hallo", 10.0, 12.0),
        ("Hello", 10.0, 12.0),
        ("x", 12.0, 22.0),
    ]


def test_a_positive_offset_shows_lines_earlier() -> None:
    assert spans("[offset:+500]\n[00:02.00]a\n[00:03.00]b")[0] == ("a", 1.5, 2.5)
    assert spans("[offset:-500]\n[00:02.00]a\n[00:03.00]b")[0] == ("a", 2.5, 3.5)
    assert spans("[OFFSET: 3000 ]\n[00:02.00]a\n[00:05.00]b") == [("a", 0.0, 2.0), ("b", 2.0, 12.0)]
    assert spans("[offset:soon]\n[00:02.00]a")[0][1] == 2.0


def test_tags_and_section_headers_stay_out() -> None:
    text = (
        "[ti:Title]\n[ar:Artist]\n[la:de]\n[by:someone]\n[length: 03:20]\n[#:comment]\n"
        "[00:01.00][Chorus]\n[00:02.00]Wir singen\n[Verse 2]\n[00:04.00]weiter\n"
    )
    parsed = parse_lrc(text)
    assert [line.text for line in parsed.lines] == ["Wir singen", "weiter"]
    assert parsed.language == "de"


def test_a_line_without_stamp_goes_on_with_the_line_above() -> None:
    assert spans("Title\n[00:01.00]one\ntwo\n[00:03.00]three")[0] == ("one two", 1.0, 3.0)


@pytest.mark.parametrize(
    "text",
    [
        "[00:01.00] <00:01.00> Hello <00:01.50> my <00:02.00> love <00:03.25>",
        "[00:01.00]Hello <00:01.50>my <00:02.00>love <00:03.25>",
        "[00:01.00]Hello [00:01.50]my [00:02.00]love [00:03.25]",
    ],
)
def test_word_stamps(text: str) -> None:
    (line,) = parse_lrc(text).lines
    assert (line.text, line.start_seconds, line.end_seconds) == ("Hello my love", 1.0, 3.25)
    assert line.words == (Word("Hello", 1.0, 1.5), Word("my", 1.5, 2.0), Word("love", 2.0, 3.25))


def test_word_stamps_move_with_offset_and_repetition() -> None:
    first, second = parse_lrc("[offset:1000]\n[00:02.00][00:12.00]go <00:02.50>on <00:03.00>").lines
    assert first.words == (Word("go", 1.0, 1.5), Word("on", 1.5, 2.0))
    assert second.words == (Word("go", 11.0, 11.5), Word("on", 11.5, 12.0))


def test_word_stamps_out_of_order_are_put_right() -> None:
    (line,) = parse_lrc("[00:05.00]a <00:02.00>b <00:01.00>c").lines
    assert line.text == "a b c"
    assert all(word.start_seconds <= word.end_seconds for word in line.words)


def test_a_file_that_would_swamp_the_index_is_refused() -> None:
    with pytest.raises(MediaError, match="30000 lines"):
        parse_lrc("[00:01.00]" * 30_000 + "x")
    bomb = "[00:01.00]" * 5_000 + "a <00:01.00>" * 50
    assert {line.words for line in parse_lrc(bomb).lines} == {()}
    with pytest.raises(MediaError, match="25000000 letters"):
        parse_lrc("[00:01.00]" * 5_000 + "a" * 10_000)


def test_text_without_stamps_is_plain() -> None:
    assert spans("one\n\n[Chorus]\ntwo") == [("one", None, None), ("two", None, None)]


@pytest.mark.parametrize(
    "piece",
    ["[", "[00:", "[00:01.00]", "[00:01.00]<", "<00:01.00>", "[a:", "[00:01.00]\n", " ", "\t"],
)
def test_time_stays_linear(piece: str) -> None:
    def parse(text: str) -> None:
        with suppress(MediaError):
            parse_text(text)

    assert_linear(parse, lambda size: "[00:01.00]x" + piece * (size // len(piece)), 400_000)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 599_99), st.text("abcdefg hij", min_size=1).filter(lambda t: t.strip())
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda pair: pair[0],
    )
)
def test_what_is_written_is_read(rows: list[tuple[int, str]]) -> None:
    text = "\n".join(
        f"[{at // 6000:02d}:{at // 100 % 60:02d}.{at % 100:02d}]{words}" for at, words in rows
    )
    found = [(line.start_seconds, line.text) for line in parse_lrc(text).lines]
    assert found == [(at / 100, " ".join(words.split())) for at, words in sorted(rows)]


MARKS = "[00:01.00]|[-99:99.999]|<00:02.00>|[offset:-99999999]|[|]|<|\n|a| |#BPM:1|#BPM:0,0001|P1|E"
NOTES = "#GAP:-9999999|: 0 1 2 a|: -9999999 9999999 0 ~|- 1 2|B 3 4|#RELATIVE:YES"
PIECES = st.sampled_from(f"{MARKS}|{NOTES}".split("|"))


@given(
    st.one_of(st.binary(max_size=300), st.lists(PIECES).map(lambda bits: "\n".join(bits).encode()))
)
def test_any_bytes_give_lines_or_a_media_error(data: bytes) -> None:
    try:
        lines = parse_text(decode_text(data)).lines
    except MediaError:
        return
    starts = [line.start_seconds for line in lines if line.start_seconds is not None]
    assert starts == sorted(starts)
    assert all(line.text for line in lines)
