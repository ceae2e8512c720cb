import zlib
from typing import Any

import pytest

from mvsearch.indexer.lyrics.whisper.gates import (
    explain_instrumental,
    is_boilerplate,
    judge_lines,
    measure_compression,
)
from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.store.records import LyricLine, WhisperSegment

# A voice from 0 to 100 s, then none.
ACTIVITY = VoiceActivity(((0.0, 100.0),), 200.0)
SURE: dict[str, Any] = {"avg_logprob": -0.3, "compression_ratio": 1.4, "no_speech_prob": 0.1}


def sung(text: str, start: float, **fields: float) -> LyricLine:
    segment = WhisperSegment(id=0, seek=0, tokens=(), temperature=0.0, **{**SURE, **fields})
    return LyricLine(text, start, start + 3, whisper=segment)


def reason(line: LyricLine) -> str | None:
    (judged,) = judge_lines([line], ACTIVITY)
    assert (judged.text, judged.whisper) == (line.text, line.whisper)
    return judged.rejected


def test_a_line_that_is_sung_is_believed() -> None:
    assert reason(sung("Hello from the other side", 10)) is None


def test_a_doubtful_line_is_rejected_with_its_reason() -> None:
    assert "log-probability -1.20" in str(reason(sung("Words", 10, avg_logprob=-1.2)))
    assert reason(sung("Words", 10, avg_logprob=-0.99)) is None
    silent = sung("Words", 10, avg_logprob=-1.2, no_speech_prob=0.7)
    assert "no speech" in str(reason(silent))
    assert reason(sung("Words", 10, no_speech_prob=0.9)) is None


def test_a_line_that_is_a_loop_is_rejected() -> None:
    loop = "I will " * 30
    assert measure_compression(loop) > 2.4
    assert "compression ratio 8.0" in str(reason(sung(loop, 10, compression_ratio=8.0)))


def test_a_chorus_is_believed_however_often_it_returns() -> None:
    """Its window compresses well, its lines do not, and there is a voice."""
    chorus = [sung("We all live in it", at, compression_ratio=3.5) for at in range(0, 30, 3)]
    assert all(line.rejected is None for line in judge_lines(chorus, ACTIVITY))


def test_a_repeated_line_is_rejected_only_without_a_voice() -> None:
    lines = [sung("Come back to me", 110), sung("come back to me!", 113), sung("Another", 116)]
    assert [line.rejected is None for line in judge_lines(lines, ACTIVITY)] == [True, False, True]
    moved = [sung(line.text, (line.start_seconds or 0) - 100) for line in lines]
    assert all(line.rejected is None for line in judge_lines(moved, ACTIVITY))


def test_without_a_voice_whisper_must_be_sure() -> None:
    assert reason(sung("Some words", 10, avg_logprob=-0.8)) is None
    assert "no voice" in str(reason(sung("Some words", 150, avg_logprob=-0.8)))
    assert reason(sung("Some words", 150)) is None
    assert reason(sung("Some words", 150, no_speech_prob=0.8)) is None


def test_where_somebody_sings_lines_without_a_detected_voice_are_believed() -> None:
    unvoiced = [sung("Some words", 150, avg_logprob=-0.8), sung("Thank you", 160)]
    voiced = [sung(f"Line {number}", 10 * number) for number in range(5)]
    kept = [line.rejected is None for line in judge_lines([*voiced, *unvoiced], ACTIVITY)]
    assert kept == [True] * 6 + [False]
    kept = [line.rejected is None for line in judge_lines([*voiced[1:], *unvoiced], ACTIVITY)]
    assert kept == [True] * 4 + [False] * 2
    guessed = [*voiced[1:], sung("Guessed", 90, avg_logprob=-1.2), unvoiced[0]]
    assert judge_lines(guessed, ACTIVITY)[-1].rejected is not None


def test_what_is_said_into_silence_is_believed_where_there_is_a_voice() -> None:
    assert reason(sung("Thank you.", 10)) is None
    assert "no voice" in str(reason(sung("Thank you.", 150)))


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you for watching.",
        "Subtitles by the Amara.org community",
        "[Music]",
        "(music)",
        "*Applause*",
        "♪ Music ♪",
        "Untertitel im Auftrag des ZDF, 2017",
        "Sous-titrage ST' 501",
        "ご視聴ありがとうございました",
        "Don\u2019t forget to subscribe",
    ],
)
def test_boilerplate(text: str) -> None:
    assert is_boilerplate(text)
    assert "boilerplate" in str(reason(sung(text, 10)))


@pytest.mark.parametrize(
    "text",
    [
        "I love the music",
        "Thank you for the music",
        "Watching you",
        "(oh baby)",
        "Music is my life",
    ],
)
def test_songs_are_no_boilerplate(text: str) -> None:
    assert not is_boilerplate(text)


def test_a_line_without_words_is_rejected() -> None:
    assert reason(sung("...", 10)) == "no words"
    assert reason(sung("", 10)) == "no words"


def test_instrumental() -> None:
    assert explain_instrumental(VoiceActivity(((0.0, 30.0),), 200.0)) is None
    told = explain_instrumental(VoiceActivity(((0.0, 4.0),), 200.0))
    assert told == "instrumental: a voice in 4 of 200 s"
    assert explain_instrumental(VoiceActivity((), 0.0)) is not None


def test_compression_is_zlibs() -> None:
    text = "na na hé " * 20
    assert measure_compression(text) == len(text.encode()) / len(zlib.compress(text.encode()))
    assert measure_compression("") == 0
