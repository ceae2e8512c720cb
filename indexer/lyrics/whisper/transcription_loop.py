"""Transcribes the windows of a track one after another, each with the lines before it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mvsearch.indexer.lyrics.whisper.engines.engine import Decoded, Engine
from mvsearch.indexer.lyrics.whisper.gates import GateOptions, measure_compression
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions, WindowDecoder
from mvsearch.indexer.lyrics.whisper.line_splitting import split_segment
from mvsearch.indexer.lyrics.whisper.windows import FRAMES_A_SECOND, WINDOW_FRAMES, TrackSection
from mvsearch.store.records import Matrix

# A time token counts steps of two frames.
_FRAMES_A_STEP = 2
_SECONDS_A_STEP = _FRAMES_A_STEP / FRAMES_A_SECOND
# A rest of a section shorter than this is not transcribed.
_MIN_REST_FRAMES = 100


def transcribe_sections(
    engine: Engine,
    mel: Matrix,
    sections: Sequence[TrackSection],
    language: str | None,
    options: DecodingOptions,
    gates: GateOptions,
) -> list[dict[str, Any]]:
    """Transcribe sections of a track.

    Each is read as Whisper reads a track (Radford et al., "Robust Speech Recognition via
    Large-Scale Weak Supervision", 2022, section 4.5): windows of 30 s, each of which starts where
    the lines of the previous one ended. Whether its text is used as a prompt is decided for each
    window (`WindowDecoder`).

    Args:
        engine: the model.
        mel: (bands, frames) of the whole track.
        sections: of the track, in order.
        language: a code; None for an English-only model.
        options: how windows are decoded.
        gates: thresholds for doubtful results and for silence.

    Returns:
        Lines in the form of openai-whisper's segments, in order of time.
    """
    decoder = WindowDecoder(engine, language, options, gates)
    transcribed: list[dict[str, Any]] = []
    context: list[int] = []
    for section in sections:
        at_frame = section.start_frame
        while at_frame < section.end_frame:
            rest = TrackSection(at_frame, section.end_frame)
            (encoded,) = engine.encode(cut_window(mel, rest)[None])
            made = decoder.decode(encoded, context)
            segments, at_frame = _read_window(engine, rest, made, options, gates)
            context = _extend_context(context, segments, made, gates)
            worded = [segment for segment in segments if segment["tokens"]]
            if worded and (options.splits_lines or options.has_word_times):
                engine.time_words(worded, encoded, rest.window_frames, language)
            transcribed += [
                line for segment in segments for line in _finish_segment(segment, engine, options)
            ]
    transcribed.sort(key=lambda segment: float(segment["start"]))
    return [{"id": number, **segment} for number, segment in enumerate(transcribed)]


def _extend_context(
    context: list[int], segments: Sequence[dict[str, Any]], made: Decoded, gates: GateOptions
) -> list[int]:
    """The tokens of the lines so far, with their times; what is doubtful is no context."""
    if made.avg_logprob < gates.min_avg_logprob:
        return context
    return context + [token for segment in segments for token in segment["tokens"]]


def _finish_segment(
    segment: dict[str, Any], engine: Engine, options: DecodingOptions
) -> list[dict[str, Any]]:
    """The lines of a segment, with the times of words only if they are wanted."""
    lines = split_segment(segment, engine.read) if options.splits_lines else [segment]
    if options.has_word_times:
        return lines
    return [{name: line[name] for name in line if name != "words"} for line in lines]


def cut_window(mel: Matrix, section: TrackSection) -> Matrix:
    """The first 30 s of a section, padded with silence: (bands, 3000) float32."""
    window = np.zeros((len(mel), WINDOW_FRAMES), np.float32)
    window[:, : section.window_frames] = mel[:, section.start_frame :][:, : section.window_frames]
    return window


def _read_window(
    engine: Engine,
    section: TrackSection,
    made: Decoded,
    options: DecodingOptions,
    gates: GateOptions,
) -> tuple[list[dict[str, Any]], int]:
    """The lines of a window, and the frame at which its section continues."""
    end_frame = section.start_frame + section.window_frames
    if made.no_speech_prob > gates.max_no_speech_prob and made.avg_logprob <= gates.min_avg_logprob:
        return [], end_frame
    tokens = list(made.tokens)
    is_time = [token >= engine.first_time for token in tokens]
    pieces = split_tokens(tokens, is_time)
    if not pieces:
        return [_describe(engine, section, made, tokens, options)], end_frame
    segments = [_describe(engine, section, made, piece, options) for piece in pieces]
    # A single time at the end means that nothing is sung after it.
    if is_time[-2:] == [False, True]:
        return segments, end_frame
    at_frame = section.start_frame + (pieces[-1][-1] - engine.first_time) * _FRAMES_A_STEP
    rest = tokens[sum(map(len, pieces)) :]
    is_last = end_frame == section.end_frame and len(tokens) < options.max_tokens
    if options.keeps_ends and is_last:
        if any(token < engine.text_end for token in rest):
            return [*segments, _describe(engine, section, made, rest, options)], end_frame
        if end_frame - at_frame < _MIN_REST_FRAMES:
            return segments, end_frame
    # A model that writes no time past the start would repeat the same window for ever.
    return segments, at_frame if at_frame > section.start_frame else end_frame


def split_tokens(tokens: Sequence[int], is_time: Sequence[bool]) -> list[list[int]]:
    """Split tokens between two adjacent times; a rest without an end time is left out.

    Empty if no two times are adjacent.
    """
    cuts = [at for at in range(1, len(tokens)) if is_time[at - 1] and is_time[at]]
    if cuts and list(is_time[-2:]) == [False, True]:
        cuts.append(len(tokens))
    return [list(tokens[start:end]) for start, end in zip([0, *cuts], cuts, strict=False)]


def _describe(
    engine: Engine,
    section: TrackSection,
    made: Decoded,
    tokens: Sequence[int],
    options: DecodingOptions,
) -> dict[str, Any]:
    """A segment in the form of openai-whisper; without an end time it ends with the window."""
    offset = section.start_frame / FRAMES_A_SECOND
    steps = [token - engine.first_time for token in tokens if token >= engine.first_time]
    is_open = not steps or tokens[-1] < engine.first_time
    start, end = offset, offset + section.window_frames / FRAMES_A_SECOND
    if steps and (tokens[0] >= engine.first_time):
        start = offset + steps[0] * _SECONDS_A_STEP
    if steps and not is_open:
        end = offset + steps[-1] * _SECONDS_A_STEP
    text = engine.read(tokens)
    is_empty = start == end or not text.strip()
    return {
        "seek": section.start_frame,
        "start": start,
        "end": end,
        "text": "" if is_empty else text,
        "tokens": [] if is_empty else list(tokens),
        "temperature": 0.0,
        "avg_logprob": made.avg_logprob,
        "compression_ratio": measure_compression(engine.read(made.tokens).strip()),
        "no_speech_prob": made.no_speech_prob,
    }
