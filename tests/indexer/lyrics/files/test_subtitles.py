from contextlib import suppress
from functools import partial

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvsearch.indexer.lyrics.files.subtitles import guess_format, parse_subtitles
from mvsearch.indexer.lyrics.files.text_encoding import decode_text
from mvsearch.store.errors import MediaError
from tests.cpu import assert_linear

SRT = """1
00:00:01,500 --> 00:00:03,000
<i>First</i> line
of two

2
00:00:04,000 --> 00:00:05,250
{\\an8}Second & last

"""

VTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE a note --> not a cue

intro
00:01.500 --> 00:03.000 align:start
<v Bob>First <00:00:02.000><c>line</c>

named cue
00:00:04.000 --> 00:00:05.250
Second &amp; last
"""

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Style: Broken,Arial,not a number,&Hzz

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\k50}First{\\k20} line\\Nof, two
Dialogue: 0,soon,later,Default,,0,0,0,,broken
Comment: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,a comment
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0
Dialogue: 0,0:00:04.00,0:00:05.25,Default,,0,0,0,,Second & last
"""


def spans(text: str) -> list[tuple[str, float | None, float | None]]:
    return [
        (line.text, line.start_seconds, line.end_seconds) for line in parse_subtitles(text).lines
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [(SRT, "First line of two"), (VTT, "First line"), (ASS, "First line of, two")],
)
def test_three_formats(text: str, first: str) -> None:
    assert spans(text) == [(first, 1.5, 3.0), ("Second & last", 4.0, 5.25)]


def test_formats_are_told_by_their_text() -> None:
    assert [guess_format(text) for text in (SRT, VTT, ASS)] == ["srt", "vtt", "ass"]


def test_overlaps_are_kept_and_swapped_times_are_put_right() -> None:
    text = (
        "1\n00:00:10,000 --> 00:00:14,000\nb\n\n2\n00:00:05,000 --> 00:00:12,000\na\n\n"
        "3\n00:00:20,000 --> 00:00:18,000\nc\n"
    )
    assert spans(text) == [("a", 5.0, 12.0), ("b", 10.0, 14.0), ("c", 20.0, 30.0)]


def test_times_without_hours_are_read() -> None:
    assert spans("1\n00:01,500 --> 00:03,000\na\n") == [("a", 1.5, 3.0)]


def test_sounds_and_empty_cues_stay_out() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n[Music]\n\n2\n00:00:03,000 --> 00:00:04,000\n\n"
    text += "3\n00:00:05,000 --> 00:00:06,000\n♪ sung ♪\n"
    assert spans(text) == [("sung", 5.0, 6.0)]


@pytest.mark.parametrize("text", ["nothing here", "WEBVTT\n\nno cue", "[Script Info]\nTitle: x"])
def test_a_file_without_cues_is_refused(text: str) -> None:
    with pytest.raises(MediaError, match="no line has a time") as caught:
        parse_subtitles(text)
    assert caught.value.code == "bad_lyrics"


@pytest.mark.parametrize("form", ["srt", "vtt", "ass"])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 30_000),
            st.integers(0, 500),
            st.text("abc de,é", min_size=1).filter(lambda text: text.strip()),
        ),
        min_size=1,
        max_size=10,
        unique_by=lambda row: row[0],
    )
)
def test_what_pysubs2_writes_is_read(form: str, rows: list[tuple[int, int, str]]) -> None:
    written = pysubs2.SSAFile()
    for start, length, text in rows:
        end = start + length
        written.append(pysubs2.SSAEvent(start=start * 10, end=end * 10, text=text))
    expected = [(" ".join(t.split()), s / 100, (s + n) / 100) for s, n, t in sorted(rows)]
    assert spans(written.to_string(form)) == expected


@pytest.mark.parametrize(
    "piece", ["\n", " \n", "<", "<a", "< ", "{", "1\n", "\n1", "--> ", "0", ":"]
)
def test_time_stays_linear(piece: str) -> None:
    def parse(start: str, size: int) -> None:
        long = piece * (size // len(piece))
        with suppress(MediaError):
            parse_subtitles(f"{start}1\n00:00:01,000 --> 00:00:02,000\na{long}b\n")

    for start in ("", "WEBVTT\n\n", "[Script Info]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,"):
        assert_linear(partial(parse, start), int, 300_000)


MARKS = [
    "WEBVTT\n",
    "[Script Info]\n",
    "\nDialogue:",
    "0:00:01.00,",
    "-9:59:59.99,",
    ",,,,,,",
    "\\p1",
]
MARKS += [
    "00:00:01,000",
    " --> ",
    "99:99:99.999",
    "\n",
    "1",
    "{",
    "}",
    "<b>",
    "NOTE",
    "a",
    "[Fonts]\n",
]


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from(MARKS)).map(lambda bits: "".join(bits).encode()),
    )
)
def test_any_bytes_give_lines_or_a_media_error(data: bytes) -> None:
    try:
        lines = parse_subtitles(decode_text(data)).lines
    except MediaError:
        return
    assert all(line.text for line in lines)
