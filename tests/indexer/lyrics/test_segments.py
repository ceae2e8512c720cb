import pytest

from mvsearch.indexer.lyrics import lyric_segments, song_segment
from mvsearch.indexer.lyrics.segments import has_words
from mvsearch.store.records import LyricLine, Lyrics, Segment


def test_only_lines_that_say_something_and_are_believed() -> None:
    lines = (
        LyricLine("chorus", 10, 12),
        LyricLine("invented", 4, 5, rejected="no voice is heard there"),
        LyricLine("", 0, 200, rejected="instrumental"),
        LyricLine("♪ … ♪", 6, 7),
        LyricLine("La la la, oh yeah!", 7, 8),
        LyricLine("verse", 1, 3),
        LyricLine("chorus", 20, 22),
    )
    assert lyric_segments(Lyrics(lines, "whisper")) == (
        Segment(1, 3, "verse"),
        Segment(10, 12, "chorus"),
        Segment(20, 22, "chorus"),
    )


def test_untimed_lines_keep_their_order() -> None:
    lines = tuple(LyricLine(text) for text in ("zwei", "eins", "zwei"))
    assert [segment.text for segment in lyric_segments(Lyrics(lines, "tag"))] == [
        "zwei",
        "eins",
        "zwei",
    ]


def test_a_song_as_one_text_leaves_out_what_is_rejected_and_nothing_else() -> None:
    lines = (
        LyricLine("chorus", 10, 12),
        LyricLine("invented", 4, 5, rejected="no voice is heard there"),
        LyricLine("La la la", 12, 14),
        LyricLine("verse", 1, 3),
        LyricLine("without a time"),
    )
    assert song_segment(Lyrics(lines, "whisper")) == (
        Segment(1, 14, "verse\nchorus\nLa la la\nwithout a time"),
    )


def test_a_song_without_times_or_words() -> None:
    untimed = Lyrics((LyricLine("eins"), LyricLine("zwei")), "tag")
    assert song_segment(untimed) == (Segment(None, None, "eins\nzwei"),)
    assert song_segment(Lyrics((LyricLine("La la", 1, 2),), "whisper")) == ()
    assert song_segment(Lyrics((), "whisper")) == ()


@pytest.mark.parametrize("text", ["Oh no", "La vida", "99", "愛", "Не уходи", "so what", "Hey you"])
def test_words(text: str) -> None:
    assert has_words(LyricLine(text))


@pytest.mark.parametrize("text", ["Oh, oh-oh", "Na-na NA (hey)", "Mmm...", "!?", ""])
def test_no_words(text: str) -> None:
    assert not has_words(LyricLine(text))
