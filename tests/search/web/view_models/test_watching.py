"""Lyrics in time with their trust, and stills with their tags."""

import math
from pathlib import Path

from mvsearch import Lyrics, Video
from mvsearch.search.web.view_models.watching import (
    describe_lines,
    describe_source,
    describe_strip,
    split_words,
)
from mvsearch.store.records import LyricLine, Tag
from mvsearch.store.records.lyrics import WhisperSegment, Word


def heard(text: str, logprob: float) -> LyricLine:
    return LyricLine(text, 1.0, 2.0, whisper=WhisperSegment(0, 0, (), 0.0, logprob, 1.0, 0.0))


def test_words_are_pieces_of_their_line() -> None:
    words = (Word(" Take", 1.0, 1.2), Word(" me", 1.2, 1.5), Word(" home", 1.5, 2.0))
    line = LyricLine("«Take me, home!»", 1.0, 2.0, words)
    pieces = [("«", None), ("Take ", 1.0), ("me, ", 1.2), ("home", 1.5), ("!»", None)]
    assert split_words(line) == pieces
    for other in (LyricLine("home take", 1.0, 2.0, words), LyricLine("take me home")):
        assert split_words(other) == [(other.text, None)]


def test_trust_is_the_probability_of_the_words() -> None:
    lines = (heard("sure", math.log(0.9)), heard("odd", math.log(0.3)), LyricLine("written"))
    lyrics = Lyrics(lines, "whisper", "base", "en")
    told = [(line.trust, line.is_doubtful) for line in describe_lines(lyrics)]
    assert told == [(90, False), (30, True), (None, False)]
    assert describe_source(lyrics).endswith("(base), en; on average 60 % sure of its words")
    assert describe_source(Lyrics((LyricLine("a"),), "sidecar", "a.lrc")) == (
        "from a lyric file (a.lrc)"
    )


def test_stills_have_the_likeliest_tags_of_their_time() -> None:
    video = Video("a" * 40, Path("/v.mp4"), "Title", duration_seconds=10.0)
    tags = [
        Tag("sea", 0.0, 4.0, 0.5), Tag("boat", 2.0, 4.0, 0.9), Tag("sky", 3.0, 4.0, 0.6),
        Tag("guitar", 0.0, 9.0, 1.0, "audio"),
    ]  # fmt: skip
    strip = describe_strip(video, (0.0, 3.0, 6.0), tags)
    assert [still.tags for still in strip] == [("sea",), ("boat", "sky"), ()]
