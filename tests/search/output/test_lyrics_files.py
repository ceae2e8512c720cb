import csv
import io
from pathlib import Path

import pysubs2
import pytest

from mvsearch.indexer.lyrics.files.lrc import parse_lrc
from mvsearch.search.output.lyrics_files import format_lyrics, name_lyrics, safe_stem
from mvsearch.store.errors import QueryError
from mvsearch.store.records import LyricLine, Lyrics, Video, WhisperSegment

COLUMNS = "id,seek,start,end,text,tokens,temperature,avg_logprob,compression_ratio,no_speech_prob"
SEGMENT = WhisperSegment(3, 2800, (50364, 7, 50414), 0.2, -0.25, 1.5, 0.03)
HEARD = Lyrics(
    (
        LyricLine("Sung, they say", 1.0, 2.5, whisper=SEGMENT),
        LyricLine("Thanks for watching", 60.0, 61.0, rejected="boiler-plate"),
        LyricLine("On", 3725.5, 3727.0),
    ),
    "whisper",
    "base",
)
PLAIN = Lyrics((LyricLine("one"), LyricLine("two")), "tag")


def video(name: str, video_id: str = "0123456789abcdef") -> Video:
    return Video(video_id, Path(name), "Title")


def test_csv_has_whispers_columns() -> None:
    text = format_lyrics(HEARD, "csv")
    assert text.splitlines()[0] == COLUMNS
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {
        "id": "3",
        "seek": "2800",
        "start": "1.0",
        "end": "2.5",
        "text": "Sung, they say",
        "tokens": "[50364, 7, 50414]",
        "temperature": "0.2",
        "avg_logprob": "-0.25",
        "compression_ratio": "1.5",
        "no_speech_prob": "0.03",
    }
    assert [row["text"] for row in rows] == ["Sung, they say", "Thanks for watching", "On"]


def test_csv_is_blank_where_the_source_has_no_such_field() -> None:
    assert format_lyrics(PLAIN, "csv") == f"{COLUMNS}\n0,,,,one,,,,,\n1,,,,two,,,,,\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x"])
def test_csv_holds_no_formula(text: str) -> None:
    written = format_lyrics(Lyrics((LyricLine(text),), "tag"), "csv")
    assert next(csv.DictReader(io.StringIO(written)))["text"] == f"'{text}"


def test_a_row_is_a_line_whatever_the_text_holds() -> None:
    odd = Lyrics((LyricLine('a\r\nb "c"\n=d'),), "tag")
    assert len(format_lyrics(odd, "csv").splitlines()) == 2
    assert format_lyrics(odd, "txt") == 'a b "c" =d\n'


def test_txt_has_a_line_a_segment() -> None:
    assert format_lyrics(HEARD, "txt") == "Sung, they say\nThanks for watching\nOn\n"


def test_an_instrumental_has_no_lines() -> None:
    none = Lyrics((LyricLine("", 0, 200, rejected="instrumental"),), "whisper")
    assert format_lyrics(none, "txt") == ""
    assert format_lyrics(none, "csv") == f"{COLUMNS}\n"
    assert format_lyrics(none, "lrc") == ""
    assert format_lyrics(none, "srt") == ""


def test_lrc_reads_back_without_what_is_rejected() -> None:
    text = format_lyrics(HEARD, "lrc")
    assert text == "[00:01.00]Sung, they say\n[00:02.50]\n[62:05.50]On\n[62:07.00]\n"
    assert [
        (line.text, line.start_seconds, line.end_seconds) for line in parse_lrc(text).lines
    ] == [
        ("Sung, they say", 1.0, 2.5),
        ("On", 3725.5, 3727.0),
    ]


def test_lrc_text_makes_no_tags() -> None:
    odd = Lyrics((LyricLine("[00:50.00]x", 1.0, 2.0),), "whisper")
    assert [line.start_seconds for line in parse_lrc(format_lyrics(odd, "lrc")).lines] == [1.0]


def test_srt_is_read_by_others() -> None:
    text = format_lyrics(HEARD, "srt")
    events = pysubs2.SSAFile.from_string(text, "srt").events
    assert [(event.start, event.end, event.text) for event in events] == [
        (1000, 2500, "Sung, they say"),
        (3725500, 3727000, "On"),
    ]


def test_times_are_rounded_without_sixty_seconds() -> None:
    edge = Lyrics((LyricLine("x", 59.9996, 60.0),), "whisper")
    assert format_lyrics(edge, "lrc").startswith("[01:00.00]x")
    assert "00:01:00,000 --> 00:01:00,000" in format_lyrics(edge, "srt")


@pytest.mark.parametrize("form", ["lrc", "srt"])
def test_untimed_lyrics_say_what_works(form: str) -> None:
    with pytest.raises(QueryError, match="txt and csv work"):
        format_lyrics(PLAIN, form)  # type: ignore[arg-type]  # a parameter of the test


def test_csv_comes_with_a_txt_beside_it() -> None:
    files = name_lyrics(HEARD, video("/music/Song.mp4"), "csv", Path("out"))
    assert {path: data.decode("utf-8") for path, data in files.items()} == {
        Path("out/Song.csv"): format_lyrics(HEARD, "csv"),
        Path("out/Song.txt"): format_lyrics(HEARD, "txt"),
    }


def test_a_second_video_of_the_same_name_gets_its_own_file() -> None:
    first = name_lyrics(HEARD, video("/a/Song.mp4"), "txt", Path())
    second = name_lyrics(PLAIN, video("/b/Song.mkv", "fedcba9876543210"), "txt", Path(), first)
    assert list(map(str, [*first, *second])) == ["Song.txt", "Song [fedcba98].txt"]
    assert list(first.values()) != list(second.values())


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("/music/Artist - Song.mp4", "Artist - Song"),
        ("What?.mp4", "What_"),
        ("a:b|c\\d<e>.mp4", "a_b_c_d_e_"),
        ("tab\there\x07\u202e.mp4", "tab_here__"),
        ("..hidden.mp4", "hidden"),
        ("--out.mp4", "out"),
        ("trailing. .mp4", "trailing"),
        ("CON.mp4", "_CON"),
        ("nul.tar.mp4", "_nul.tar"),
        ("\udcff.mp4", "lyrics-01234567"),
        ("Bjo\u0308rk.mp4", "Björk"),
    ],
)
def test_safe_stem(name: str, stem: str) -> None:
    assert safe_stem(video(name)) == stem


def test_long_names_are_cut_between_letters() -> None:
    stem = safe_stem(video("日" * 100 + ".mp4"))
    assert stem == "日" * 66
