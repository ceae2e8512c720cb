"""Long tracks in parts, with cuts where silence was planted."""

from itertools import pairwise

import numpy as np

from mvsearch.indexer.lyrics.whisper.long_tracks import PART_SAMPLES, join_parts, split_track
from mvsearch.indexer.lyrics.whisper.voice import VOICE_SAMPLE_RATE
from mvsearch.store.records import LyricLine, Lyrics, WhisperSegment, Word


def test_a_song_is_one_part_and_a_concert_is_cut_where_it_is_quiet() -> None:
    assert split_track(np.ones(PART_SAMPLES, np.float32)) == [slice(0, PART_SAMPLES)]
    assert split_track(np.zeros(0, np.float32)) == [slice(0, 0)]
    track = np.ones(int(2.5 * PART_SAMPLES), np.float32)
    quiet = [PART_SAMPLES - 20 * VOICE_SAMPLE_RATE, 2 * PART_SAMPLES - 50 * VOICE_SAMPLE_RATE]
    for start in quiet:
        track[start : start + VOICE_SAMPLE_RATE] = 0
    track[5] = np.nan
    first, second, third = split_track(track)
    assert (first.start, second.start, third.start) == (0, first.stop, second.stop)
    assert third.stop == len(track)
    for part, start in zip((first, second), quiet, strict=True):
        assert start < part.stop < start + VOICE_SAMPLE_RATE


def test_lines_of_parts_count_from_the_start_of_the_track() -> None:
    segment = WhisperSegment(0, 100, (1,), 0.0, -0.3, 1.1, 0.02)
    word = Word("sing", 1.0, 2.0)
    line = LyricLine("sing", 1.0, 2.0, (word,), whisper=segment)
    silent = Lyrics((LyricLine("", 0.0, 600.0, rejected="instrumental"),), "whisper", "base")
    sung = Lyrics((line, line), "whisper", "base", "en")
    ends = [0, 600 * VOICE_SAMPLE_RATE, 900 * VOICE_SAMPLE_RATE, 1000 * VOICE_SAMPLE_RATE]
    parts = [slice(start, stop) for start, stop in pairwise(ends)]
    joined = join_parts(list(zip(parts, (silent, sung, sung), strict=True)))
    assert joined.language == "en"
    assert [each.start_seconds for each in joined.lines] == [0, 601, 601, 901, 901]
    last = joined.lines[-1]
    assert last.whisper is not None
    assert (last.end_seconds, last.words[0].start_seconds, last.whisper.seek) == (902, 901, 90_100)
    assert [each.whisper.id for each in joined.lines if each.whisper] == [0, 0, 2, 2]
    assert join_parts([(slice(0, 9), sung)]) is sung
