"""Transcribes the windows of a track in batches, with temperature fallback."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mvsearch.indexer.lyrics.whisper.engines import Decoded, Engine
from mvsearch.indexer.lyrics.whisper.gates import GateOptions, measure_compression
from mvsearch.indexer.lyrics.whisper.windows import FRAMES_A_SECOND, WINDOW_FRAMES, Clip
from mvsearch.store.records import Matrix

# A time token counts steps of two frames.
_FRAMES_A_STEP = 2
_SECONDS_A_STEP = _FRAMES_A_STEP / FRAMES_A_SECOND
# What is left of a clip and shorter than this holds no line.
_MIN_REST_FRAMES = 100
# The memory of a batch grows with the width of the model's layers: (widest, windows at once).
_BATCHES = ((512, 8), (768, 4))
_LARGE_BATCH = 2


@dataclass(frozen=True, slots=True)
class HearOptions:
    """How windows are decoded.

    Attributes:
        temperatures: tried one after another while the result is doubtful.
        max_tokens: written for a window at most; the models end at 224.
        batch_size: windows at once; None takes what fits the width of the model.
        keeps_ends: whether words that the model leaves without an end at the end of a clip are a
            line. Whisper's own way is to hear again from the last time on.
        has_word_times: whether each word gets its time; about a third slower.
    """

    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    max_tokens: int = 224
    batch_size: int | None = None
    keeps_ends: bool = True
    has_word_times: bool = False


def hear_clips(
    engine: Engine,
    mel: Matrix,
    clips: Sequence[Clip],
    language: str | None,
    options: HearOptions,
    gates: GateOptions,
) -> list[dict[str, Any]]:
    """Write down what is sung in the clips of a track.

    The clips go through the model side by side. Each is read as Whisper reads a track (Radford et
    al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, section 4.5): a window
    of 30 s, which begins where the lines of the one before ended, without its text as a prompt.

    Args:
        engine: the model.
        mel: (bands, frames) of the whole track.
        clips: what of it is heard.
        language: a code; None for a model of English.
        options: how windows are decoded.
        gates: when a result is doubtful, and when it is silence.

    Returns:
        Segments as openai-whisper describes them, in order of time.
    """
    waiting = deque(clip for clip in clips if clip.end_frame > clip.start_frame)
    batch_size = options.batch_size or choose_batch_size(engine.n_state)
    heard: list[dict[str, Any]] = []
    while waiting:
        batch = [waiting.popleft() for _ in range(min(batch_size, len(waiting)))]
        windows = np.stack([cut_window(mel, clip) for clip in batch])
        decoded = _decode_carefully(engine, windows, language, options, gates)
        for clip, window, made in zip(batch, windows, decoded, strict=True):
            segments, at_frame = _read_window(engine, clip, made, options, gates)
            if options.has_word_times:
                engine.time_words(segments, window, clip.window_frames, language)
            heard += segments
            if at_frame < clip.end_frame:
                waiting.append(replace(clip, start_frame=at_frame))
    heard.sort(key=lambda segment: float(segment["start"]))
    return [{"id": number, **segment} for number, segment in enumerate(heard)]


def choose_batch_size(n_state: int) -> int:
    """How many windows at once, for a model with layers of this width."""
    return next((size for widest, size in _BATCHES if n_state <= widest), _LARGE_BATCH)


def cut_window(mel: Matrix, clip: Clip) -> Matrix:
    """The first 30 s of a clip, silence after its end: (bands, 3000) float32."""
    window = np.zeros((len(mel), WINDOW_FRAMES), np.float32)
    window[:, : clip.window_frames] = mel[:, clip.start_frame :][:, : clip.window_frames]
    return window


def _decode_carefully(
    engine: Engine,
    windows: Matrix,
    language: str | None,
    options: HearOptions,
    gates: GateOptions,
) -> list[Decoded]:
    """Decode windows, and those with a doubtful result again at the next temperature."""
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
    """Whether a result is a loop or a guess; what seems to be silence is not asked again."""
    is_guess = made.avg_logprob < gates.min_avg_logprob
    if is_guess and made.no_speech_prob > gates.max_no_speech_prob:
        return False
    text = engine.read(made.tokens).strip()
    return is_guess or measure_compression(text) > gates.max_compression_ratio


def _read_window(
    engine: Engine, clip: Clip, made: Decoded, options: HearOptions, gates: GateOptions
) -> tuple[list[dict[str, Any]], int]:
    """The lines of a window, and the frame from which its clip is heard on."""
    end_frame = clip.start_frame + clip.window_frames
    if made.no_speech_prob > gates.max_no_speech_prob and made.avg_logprob <= gates.min_avg_logprob:
        return [], end_frame
    tokens = list(made.tokens)
    is_time = [token >= engine.first_time for token in tokens]
    pieces = split_tokens(tokens, is_time)
    if not pieces:
        return [_describe(engine, clip, made, tokens, options)], end_frame
    segments = [_describe(engine, clip, made, piece, options) for piece in pieces]
    # One time at the end says that nothing is sung after it.
    if is_time[-2:] == [False, True]:
        return segments, end_frame
    at_frame = clip.start_frame + (pieces[-1][-1] - engine.first_time) * _FRAMES_A_STEP
    rest = tokens[sum(map(len, pieces)) :]
    is_last = end_frame == clip.end_frame and len(tokens) < options.max_tokens
    if options.keeps_ends and is_last:
        if any(token < engine.text_end for token in rest):
            return [*segments, _describe(engine, clip, made, rest, options)], end_frame
        if end_frame - at_frame < _MIN_REST_FRAMES:
            return segments, end_frame
    # A model that writes no time past the start would hear the same for ever.
    return segments, at_frame if at_frame > clip.start_frame else end_frame


def split_tokens(tokens: Sequence[int], is_time: Sequence[bool]) -> list[list[int]]:
    """Cut tokens between two times that follow each other; what has no end of its own is left out.

    Empty where no two times do.
    """
    cuts = [at for at in range(1, len(tokens)) if is_time[at - 1] and is_time[at]]
    if cuts and list(is_time[-2:]) == [False, True]:
        cuts.append(len(tokens))
    return [list(tokens[start:end]) for start, end in zip([0, *cuts], cuts, strict=False)]


def _describe(
    engine: Engine, clip: Clip, made: Decoded, tokens: Sequence[int], options: HearOptions
) -> dict[str, Any]:
    """A segment in openai-whisper's form; what has no end of its own ends with the window."""
    offset = clip.start_frame / FRAMES_A_SECOND
    steps = [token - engine.first_time for token in tokens if token >= engine.first_time]
    is_open = not steps or tokens[-1] < engine.first_time
    start, end = offset, offset + clip.window_frames / FRAMES_A_SECOND
    if steps and (tokens[0] >= engine.first_time):
        start = offset + steps[0] * _SECONDS_A_STEP
    if steps and not is_open:
        end = offset + steps[-1] * _SECONDS_A_STEP
    text = engine.read(tokens)
    is_empty = start == end or not text.strip()
    return {
        "seek": clip.start_frame,
        "start": start,
        "end": end,
        "text": "" if is_empty else text,
        "tokens": [] if is_empty else list(tokens),
        "temperature": made.temperature,
        "avg_logprob": made.avg_logprob,
        "compression_ratio": measure_compression(engine.read(made.tokens).strip()),
        "no_speech_prob": made.no_speech_prob,
    }
