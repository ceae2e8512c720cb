"""Transcribes the windows of a track in batches, with temperature fallback."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mvsearch.indexer.lyrics.whisper.engines import Decoded, Engine
from mvsearch.indexer.lyrics.whisper.gates import GateOptions, measure_compression
from mvsearch.indexer.lyrics.whisper.windows import FRAMES_A_SECOND, WINDOW_FRAMES, TrackSection
from mvsearch.store.records import Matrix

# A time token counts steps of two frames.
_FRAMES_A_STEP = 2
_SECONDS_A_STEP = _FRAMES_A_STEP / FRAMES_A_SECOND
# A rest of a section shorter than this is not transcribed.
_MIN_REST_FRAMES = 100
# Batch size by the width of the model's layers, which its memory depends on: (widest, windows).
_BATCHES = ((512, 8), (768, 4))
_LARGE_BATCH = 2


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How windows are decoded.

    Attributes:
        temperatures: tried one after another while the result is doubtful.
        max_tokens: maximum number per window; the models allow 224.
        batch_size: number of windows; None chooses it by the width of the model.
        keeps_ends: whether words without an end time at the end of a section become a line. Whisper
            itself transcribes again from the last time.
        has_word_times: whether each word gets a time; about a third slower.
    """

    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    max_tokens: int = 224
    batch_size: int | None = None
    keeps_ends: bool = True
    has_word_times: bool = False


def transcribe_sections(
    engine: Engine,
    mel: Matrix,
    sections: Sequence[TrackSection],
    language: str | None,
    options: DecodingOptions,
    gates: GateOptions,
) -> list[dict[str, Any]]:
    """Transcribe sections of a track.

    The sections are transcribed in batches. Each is read as Whisper reads a track (Radford et al.,
    "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, section 4.5): windows of 30
    s, each of which starts where the lines of the previous one ended, without its text as a prompt.

    Args:
        engine: the model.
        mel: (bands, frames) of the whole track.
        sections: of the track.
        language: a code; None for an English-only model.
        options: how windows are decoded.
        gates: thresholds for doubtful results and for silence.

    Returns:
        Segments in the form of openai-whisper, in order of time.
    """
    waiting = deque(section for section in sections if section.end_frame > section.start_frame)
    batch_size = options.batch_size or choose_batch_size(engine.n_state)
    transcribed: list[dict[str, Any]] = []
    while waiting:
        batch = [waiting.popleft() for _ in range(min(batch_size, len(waiting)))]
        windows = np.stack([cut_window(mel, section) for section in batch])
        decoded = _decode_with_fallback(engine, windows, language, options, gates)
        for section, window, made in zip(batch, windows, decoded, strict=True):
            segments, at_frame = _read_window(engine, section, made, options, gates)
            if options.has_word_times:
                engine.time_words(segments, window, section.window_frames, language)
            transcribed += segments
            if at_frame < section.end_frame:
                waiting.append(replace(section, start_frame=at_frame))
    transcribed.sort(key=lambda segment: float(segment["start"]))
    return [{"id": number, **segment} for number, segment in enumerate(transcribed)]


def choose_batch_size(n_state: int) -> int:
    """The batch size for a model with layers of this width."""
    return next((size for widest, size in _BATCHES if n_state <= widest), _LARGE_BATCH)


def cut_window(mel: Matrix, section: TrackSection) -> Matrix:
    """The first 30 s of a section, padded with silence: (bands, 3000) float32."""
    window = np.zeros((len(mel), WINDOW_FRAMES), np.float32)
    window[:, : section.window_frames] = mel[:, section.start_frame :][:, : section.window_frames]
    return window


def _decode_with_fallback(
    engine: Engine,
    windows: Matrix,
    language: str | None,
    options: DecodingOptions,
    gates: GateOptions,
) -> list[Decoded]:
    """Decode windows; those with a doubtful result again at the next temperature."""
    encoded = engine.encode(windows)
    decoded: dict[int, Decoded] = {}
    doubtful = list(range(len(windows)))
    for temperature in options.temperatures:
        again = [encoded[at] for at in doubtful]
        made = engine.decode(again, language, temperature, options.max_tokens)
        decoded.update(zip(doubtful, made, strict=True))
        doubtful = [at for at in doubtful if _is_doubtful(engine, decoded[at], gates)]
        if not doubtful:
            break
    return [decoded[at] for at in range(len(windows))]


def _is_doubtful(engine: Engine, made: Decoded, gates: GateOptions) -> bool:
    """Whether a result is a loop or a guess; silence is not decoded again."""
    is_guess = made.avg_logprob < gates.min_avg_logprob
    if is_guess and made.no_speech_prob > gates.max_no_speech_prob:
        return False
    text = engine.read(made.tokens).strip()
    return is_guess or measure_compression(text) > gates.max_compression_ratio


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
        "temperature": made.temperature,
        "avg_logprob": made.avg_logprob,
        "compression_ratio": measure_compression(engine.read(made.tokens).strip()),
        "no_speech_prob": made.no_speech_prob,
    }
