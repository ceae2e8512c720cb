"""Decides which transcribed lines to keep, and gives a reason for each rejected one."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mvsearch.indexer.lyrics.files.cleaning import is_section_header
from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.store.records import LyricLine, WhisperSegment

# Phrases that Whisper learnt from the ends of subtitle files; first those that begin a line.
_CREDITS = (
    "captions by",
    "closed captions by",
    "legendas pela comunidade",
    "napisy stworzone przez",
    "ondertiteld door",
    "ondertiteling",
    "sottotitoli creati",
    "sottotitoli e revisione",
    "sous-titrage",
    "sous-titres réalisés",
    "subs by",
    "subtitled by",
    "subtitles by",
    "subtítulos por",
    "subtítulos realizados",
    "transcribed by",
    "transcription by",
    "translated by",
    "undertekster av",
    "untertitel der amara",
    "untertitel im auftrag",
    "untertitel von",
    "untertitelung",
    "редактор субтитров",
    "субтитры",
    "字幕by",
    "字幕 by",
    "字幕志愿者",
)
_FAREWELLS = (
    "amara.org",
    "don't forget to subscribe",
    "like and subscribe",
    "merci d'avoir regardé",
    "please subscribe",
    "subscribe to my channel",
    "subscribe to our channel",
    "subscribe to the channel",
    "thank you for watching",
    "thanks for watching",
    "vielen dank fürs zuschauen",
    "www.",
    "продолжение следует",
    "спасибо за просмотр",
    "ご視聴ありがとう",
    "请不吝点赞",
    "谢谢观看",
    "感谢观看",
    "시청해주셔서 감사합니다",
)
# Whisper adds these in silence with high confidence, but they are also sung: rejected only
# without a voice.
_FILLERS = frozenset({"bye", "bye bye", "okay", "so", "thank you", "thank you very much", "you"})
_BRACKETS = (("(", ")"), ("*", "*"), ("[", "]"), ("-", "-"))
_SOUNDS = frozenset({"applause", "music", "musik", "música", "musique", "laughter", "instrumental"})


@dataclass(frozen=True, slots=True)
class GateOptions:
    """The thresholds of the gates.

    Attributes:
        min_track_share: a track with a smaller voiced share is instrumental. Measured: eight songs
            have 0.50 to 0.98, eight of eleven instrumental tracks at most 0.09 (strings and
            synthesiser leads up to 0.45).
        min_line_share: a line with a smaller voiced share is unvoiced. That alone rejects no line:
            under loud synthesisers the detector misses up to half of the sung lines.
        unvoiced_avg_logprob: an unvoiced line with a lower one is rejected. Whisper's no-speech
            probability tells nothing here: it is up to 0.9 where someone sings.
        min_sung_lines: in a track with so many voiced lines that are kept, somebody sings, and
            unvoiced lines need no higher probability than others.
        max_compression_ratio, min_avg_logprob, max_no_speech_prob: Whisper's own thresholds. The
            log-probability of a line is that of the words of its window: -0.2 to -0.7 in four
            songs, below -1.5 for most of what is made up.
    """

    min_track_share: float = 0.12
    min_line_share: float = 0.05
    unvoiced_avg_logprob: float = -0.7
    min_sung_lines: int = 5
    max_compression_ratio: float = 2.4
    min_avg_logprob: float = -1.0
    max_no_speech_prob: float = 0.6


def explain_instrumental(activity: VoiceActivity, options: GateOptions | None = None) -> str | None:
    """The reason not to transcribe a track; None if it has a voice."""
    options = options or GateOptions()
    voiced, length = activity.voiced_seconds, activity.duration_seconds
    if length > 0 and voiced >= options.min_track_share * length:
        return None
    return f"instrumental: a voice in {voiced:.0f} of {length:.0f} s"


def judge_lines(
    lines: Sequence[LyricLine], activity: VoiceActivity, options: GateOptions | None = None
) -> tuple[LyricLine, ...]:
    """Give each doubtful line a reason for its rejection; a repeated chorus is kept.

    Args:
        lines: timed, with Whisper's fields, in order.
        activity: where the track has a voice.
        options: the thresholds.
    """
    options = options or GateOptions()
    judged = _judge(lines, activity, options)
    n_sung = sum(line.rejected is None and _is_voiced(line, activity, options) for line in judged)
    if n_sung < options.min_sung_lines:
        return judged
    return _judge(lines, activity, replace(options, unvoiced_avg_logprob=-math.inf))


def _judge(
    lines: Sequence[LyricLine], activity: VoiceActivity, options: GateOptions
) -> tuple[LyricLine, ...]:
    """Judge lines one by one; a repetition is one of the line before."""
    judged: list[LyricLine] = []
    for line in lines:
        is_repeat = bool(judged) and _same_words(judged[-1].text, line.text)
        judged.append(replace(line, rejected=explain_rejection(line, activity, options, is_repeat)))
    return tuple(judged)


def _is_voiced(line: LyricLine, activity: VoiceActivity, options: GateOptions) -> bool:
    """Whether a voice is detected in a line."""
    share = activity.voiced_share(line.start_seconds or 0.0, line.end_seconds or 0.0)
    return share >= options.min_line_share


def explain_rejection(
    line: LyricLine, activity: VoiceActivity, options: GateOptions, is_repeat: bool = False
) -> str | None:
    """The reason to reject a line, or None."""
    if not any(mark.isalnum() for mark in line.text):
        return "no words"
    if is_boilerplate(line.text):
        return "boilerplate that Whisper adds in silence"
    if not _is_voiced(line, activity, options):
        if is_repeat:
            return "repeats the line before, where no voice is detected"
        if _is_unsure(line, options):
            return "no voice is detected, and Whisper is not confident"
    return _explain_doubt(line.text, line.whisper, options) if line.whisper else None


def _is_unsure(line: LyricLine, options: GateOptions) -> bool:
    """Whether a line is typical of silence, or has a lower score than singing."""
    heard = line.whisper
    if heard is None or line.text.casefold().strip(" .!?,…") in _FILLERS:
        return True
    return heard.avg_logprob < options.unvoiced_avg_logprob


def _explain_doubt(text: str, segment: WhisperSegment, options: GateOptions) -> str | None:
    """The reason by Whisper's own scores to reject a line, or None.

    The compression ratio is that of the whole window, and a chorus raises it too, so the line
    itself must be a loop.
    """
    if (
        segment.compression_ratio > options.max_compression_ratio
        and measure_compression(text) > options.max_compression_ratio
    ):
        return f"a loop: compression ratio {segment.compression_ratio:.1f}"
    if segment.avg_logprob >= options.min_avg_logprob:
        return None
    if segment.no_speech_prob > options.max_no_speech_prob:
        return f"no speech to Whisper: probability {segment.no_speech_prob:.2f}"
    return f"guessed: mean log-probability {segment.avg_logprob:.2f}"


def measure_compression(text: str) -> float:
    """The zlib compression ratio of a text, as Whisper measures it; 0 for an empty one."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def is_boilerplate(text: str) -> bool:
    """Whether a line is a subtitle credit, a farewell to viewers or the name of a sound."""
    said = text.casefold().replace("\u2019", "'").strip(" .!?,…♪\"'")
    if is_section_header(text) or said in _SOUNDS:
        return True
    if any(said.startswith(left) and said.endswith(right) for left, right in _BRACKETS):
        return said.strip("()[]*- ") in _SOUNDS
    return said.startswith(_CREDITS) or any(phrase in said for phrase in _FAREWELLS)


def _same_words(one: str, other: str) -> bool:
    """Whether two lines differ only in case, spaces and punctuation."""
    first, second = (
        "".join(mark for mark in text.casefold() if mark.isalnum()) for text in (one, other)
    )
    return first == second
