"""Rolling captions as YouTube and converters write them, and captions that must not change."""

import re
from pathlib import Path

import pytest

from mvsearch.indexer.lyrics.files.subtitles import parse_subtitles
from tests.media import run_ffmpeg

# As yt-dlp stores YouTube's own captions of speech: two rows, the words of the new one timed, and
# 10 ms in which the rows move up.
AUTOMATIC = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:01.829 align:start position:0%
 
we're<00:00:00.480><c> no</c><00:00:00.800><c> strangers</c><00:00:01.199><c> to love</c>

00:00:01.829 --> 00:00:01.839 align:start position:0%
we're no strangers to love
 

00:00:01.839 --> 00:00:03.750 align:start position:0%
we're no strangers to love
you<00:00:02.159><c> know</c><00:00:02.399><c> the</c><00:00:02.560><c> rules</c>

00:00:03.750 --> 00:00:03.760 align:start position:0%
you know the rules
 

00:00:03.760 --> 00:00:06.389 align:start position:0%
you know the rules
and<00:00:04.080><c> so</c><00:00:04.319><c> do</c><00:00:04.560><c> I</c>

00:00:06.389 --> 00:00:06.399 align:start position:0%
and so do I
 

00:00:06.399 --> 00:00:09.110 align:start position:0%
and so do I
[Music]

00:00:09.110 --> 00:00:09.120 align:start position:0%
[Music]
 

00:00:14.240 --> 00:00:16.070 align:start position:0%
[Music]
la<00:00:14.880><c> la</c><00:00:15.360><c> la</c>

00:00:16.070 --> 00:00:16.080 align:start position:0%
la la la
 

00:00:16.080 --> 00:00:18.070 align:start position:0%
la la la
la<00:00:16.480><c> la</c><00:00:17.119><c> la</c>

00:00:18.070 --> 00:00:18.080 align:start position:0%
la la la
 

00:00:18.080 --> 00:00:20.000 align:start position:0%
la la la
la<00:00:18.480><c> la</c><00:00:19.119><c> la</c>
"""  # noqa: W293
SUNG = [
    ("we're no strangers to love", 0.16, 1.829),
    ("you know the rules", 1.839, 3.75),
    ("and so do I", 3.76, 6.389),
    ("la la la", 14.24, 16.07),
    ("la la la", 16.08, 18.07),
    ("la la la", 18.08, 20.0),
]


def spans(text: str) -> list[tuple[str, float | None, float | None]]:
    return [(x.text, x.start_seconds, x.end_seconds) for x in parse_subtitles(text).lines]


def without_stamps(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


def to_srt(text: str, *, has_blank_rows: bool = True, has_stamps: bool = False) -> str:
    """As ffmpeg and other converters make SubRip of it: numbered, no settings, no word times."""
    cues = (text if has_stamps else without_stamps(text)).strip("\n").split("\n\n")[1:]
    out = []
    for number, cue in enumerate(cues, 1):
        timing, *rows = cue.split("\n")
        times = " ".join(timing.split()[:3]).replace(".", ",")
        rows = rows if has_blank_rows else [row for row in rows if row.strip()]
        out.append("\n".join([str(number), times, *rows]) + "\n")
    return "\n".join(out)


def without_flashes(text: str) -> str:
    """As converters leave it that throw cues of 10 ms away."""
    head, *cues = text.split("\n\n")
    kept = [cue for at, cue in enumerate(cues) if at % 2 == 0]
    return "\n\n".join([head, *kept])


@pytest.mark.parametrize(
    "text",
    [
        AUTOMATIC,
        AUTOMATIC.replace("\n", "\r\n"),
        without_stamps(AUTOMATIC),
        to_srt(AUTOMATIC),
        to_srt(AUTOMATIC, has_stamps=True),
        to_srt(AUTOMATIC, has_blank_rows=False),
        without_flashes(AUTOMATIC),
        to_srt(without_flashes(AUTOMATIC)),
    ],
    ids=[
        "vtt",
        "crlf",
        "vtt-plain",
        "srt",
        "srt-stamps",
        "srt-tight",
        "vtt-no-flash",
        "srt-no-flash",
    ],
)
def test_each_line_is_given_once_when_it_is_sung(text: str) -> None:
    assert spans(text.replace("\r\n", "\n")) == SUNG


@pytest.mark.parametrize("ending", ["srt", "vtt"])
def test_what_ffmpeg_converts_is_given_once_as_well(tmp_path: Path, ending: str) -> None:
    (tmp_path / "a.vtt").write_text(AUTOMATIC, encoding="utf-8")
    run_ffmpeg("-i", tmp_path / "a.vtt", tmp_path / f"b.{ending}")
    assert spans((tmp_path / f"b.{ending}").read_text(encoding="utf-8")) == SUNG


def test_an_empty_cue_of_webvtt_has_no_text() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n\n2\n00:02.000 --> 00:03.000\none\n\n"
        "00:03.000 --> 00:04.000\n\nNOTE no\nline\n\n00:04.000 --> 00:05.000\n\n"
        "00:05.000 --> 00:06.000\ntwo\n\n00:06.000 --> 00:07.000\n\n\nthree\n"
    )
    assert spans(text) == [("one", 2.0, 3.0), ("two", 5.0, 6.0), ("three", 6.0, 7.0)]


def test_the_first_line_alone_is_given_once() -> None:
    assert spans("\n\n".join(AUTOMATIC.split("\n\n")[:3])) == SUNG[:1]


def test_three_rows_of_broadcast_captions_roll_too() -> None:
    rows = ["one fine day", "the river rose", "and took the mill", "and took the bridge", "and me"]
    cues = []
    for at in range(len(rows)):
        shown = "\n".join(rows[max(0, at - 2) : at + 1])
        cues.append(f"{at + 1}\n00:00:{2 * at:02d},000 --> 00:00:{2 * at + 2:02d},000\n{shown}\n")
    assert spans("\n".join(cues)) == [(row, 2.0 * at, 2.0 * at + 2) for at, row in enumerate(rows)]


@pytest.mark.parametrize("form", ["vtt", "srt"])
@pytest.mark.parametrize(
    "cues",
    [
        # A chorus of one line, without a pause, and of two.
        [(0, 2, "hey now"), (2, 4, "hey now"), (4, 6, "hey now")],
        [(0, 2, "hey now\nhey now"), (2, 4, "hey now\nhey now"), (4, 6, "hey now\nhey now")],
        # A call that is answered with its own last line, once.
        [
            (0, 2, "take me\nto the river"),
            (2, 4, "to the river\nwash me down"),
            (4, 6, "my soul\nis dry"),
            (6, 8, "my feet\nare sore"),
        ],
        # Two voices at once, and a cue above a longer one.
        [(0, 4, "I am here"), (1, 3, "are you there"), (5, 6, "yes"), (5.5, 9, "yes\nI am")],
        # Blank rows and styling.
        [(0, 2, "<i>one</i>\ntwo"), (3, 4, "<v Ann>three")],
    ],
)
def test_captions_that_do_not_roll_stay_as_they_are(
    form: str, cues: list[tuple[float, float, str]]
) -> None:
    def clock(seconds: float) -> str:
        return f"00:00:{seconds:06.3f}".replace(".", "," if form == "srt" else ".")

    written = [f"{clock(a)} --> {clock(b)}\n{text}\n" for a, b, text in cues]
    if form == "srt":
        text = "\n".join(f"{number}\n{cue}" for number, cue in enumerate(written, 1))
    else:
        text = "\n".join(["WEBVTT\n", *written])
    expected = [(" ".join(without_stamps(t).split()), float(a), float(b)) for a, b, t in cues]
    assert spans(text) == expected


def test_karaoke_stamps_alone_do_not_make_a_file_roll() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:03.000\n<00:01.000>one <00:02.000>more\n\n"
        "00:03.000 --> 00:05.000\n<00:03.000>one <00:04.000>more\n"
    )
    assert spans(text) == [("one more", 1.0, 3.0), ("one more", 3.0, 5.0)]
