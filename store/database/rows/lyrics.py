"""Rows of lyrics, their lines, and what Whisper measured of these."""

import math
from collections.abc import Sequence

from mvsearch.store.database.columns import check_seconds, checks_rows
from mvsearch.store.database.tables import LyricLineRow, LyricsRow
from mvsearch.store.records import LyricLine, Lyrics, WhisperSegment, Word


def lyrics_to_row(video_id: str, lyrics: Lyrics) -> LyricsRow:
    """Lyrics as a row, without the lines."""
    return LyricsRow(
        video_id=video_id, source=lyrics.source, origin=lyrics.origin, language=lyrics.language
    )


@checks_rows
def rows_to_lyrics(row: LyricsRow, lines: Sequence[LyricLineRow]) -> Lyrics:
    """Rows as lyrics."""
    return Lyrics(tuple(map(row_to_line, lines)), row.source, row.origin, row.language)


def line_to_row(video_id: str, position: int, line: LyricLine) -> LyricLineRow:
    """A lyric line as a row."""
    row = LyricLineRow(
        video_id=video_id,
        position=position,
        text=line.text,
        start_seconds=line.start_seconds,
        end_seconds=line.end_seconds,
        words=[[word.text, word.start_seconds, word.end_seconds] for word in line.words],
        rejected=line.rejected,
    )
    if line.whisper is not None:
        row.whisper_id = line.whisper.id
        row.whisper_seek = line.whisper.seek
        row.whisper_tokens = list(line.whisper.tokens)
        row.whisper_temperature = line.whisper.temperature
        row.whisper_avg_logprob = line.whisper.avg_logprob
        row.whisper_compression_ratio = line.whisper.compression_ratio
        row.whisper_no_speech_prob = line.whisper.no_speech_prob
    return row


@checks_rows
def row_to_line(row: LyricLineRow) -> LyricLine:
    """A row as a lyric line."""
    check_seconds(row.end_seconds)
    return LyricLine(
        row.text,
        row.start_seconds,
        row.end_seconds,
        tuple(Word(str(text), float(start), float(end)) for text, start, end in row.words),
        row.rejected,
        _row_to_whisper(row),
    )


def _row_to_whisper(row: LyricLineRow) -> WhisperSegment | None:
    """The Whisper columns of a row; NULL numbers become NaN, which SQLite cannot store."""
    if row.whisper_id is None:
        return None
    temperature, avg_logprob, compression_ratio, no_speech_prob = (
        math.nan if number is None else number
        for number in (
            row.whisper_temperature,
            row.whisper_avg_logprob,
            row.whisper_compression_ratio,
            row.whisper_no_speech_prob,
        )
    )
    return WhisperSegment(
        row.whisper_id,
        row.whisper_seek or 0,
        tuple(row.whisper_tokens or ()),
        temperature,
        avg_logprob,
        compression_ratio,
        no_speech_prob,
    )
