"""Measures tempo and key of sound by its spectral peaks, and how far they can be trusted."""

from collections.abc import Sequence

import numpy as np

from mvsearch.indexer.encoders.audio.musical_key import Floats, find_key
from mvsearch.indexer.encoders.audio.signal import SIGNAL_ENCODERS, recover_group
from mvsearch.indexer.encoders.audio.spectral import N_PITCHES
from mvsearch.indexer.encoders.audio.tempo import LONGEST_SECONDS, WINDOW_SECONDS, find_tempo
from mvsearch.store.records import Embeddings, SoundPeaks, TempoAndKey

# Changes with whatever changes the result: tempo and key of libraries are then measured again.
REVISION = "1"
# Chance repeats too, the less the longer a sound is: repetition times the root of the number of
# windows at which tempos are right half of the time.
EVEN_REPETITION = 0.05
# The lead of a key over the next one at which keys are right half of the time.
EVEN_LEAD = 0.015
# What is less probable than this is not told: talk and noise have no tempo.
LEAST_TEMPO_CONFIDENCE = 0.7
LEAST_KEY_CONFIDENCE = 0.5


def measure_tempo_and_key(embeddings: Sequence[Embeddings]) -> TempoAndKey:
    """The tempo and the key of a video's sound; without either where they are not clear.

    Args:
        embeddings: of the sound. One holds its peaks; the vectors of some encoders tell how loud
            each pitch is as well.
    """
    peaks = next((made.peaks for made in embeddings if made.peaks is not None), None)
    if peaks is None or not len(peaks):
        return TempoAndKey(REVISION)
    bpm, bpm_confidence = _rate_tempo(peaks)
    key, key_confidence = _rate_key(peaks, _find_pitches(embeddings))
    return TempoAndKey(REVISION, bpm, bpm_confidence, key, key_confidence)


def _find_pitches(embeddings: Sequence[Embeddings]) -> Floats | None:
    """The mean loudness of each pitch from C3 on; None if no vectors tell it."""
    for made in embeddings:
        if made.space.encoder in SIGNAL_ENCODERS and not made.space.view and len(made.vectors):
            loudness = recover_group(made.vectors.astype(np.float32), "pitch")[:, :N_PITCHES]
            mean: Floats = loudness.mean(axis=0, dtype=np.float64)
            return mean
    return None


def _rate_tempo(peaks: SoundPeaks) -> tuple[float | None, float]:
    """The tempo with its confidence."""
    found = find_tempo(peaks)
    if found is None:
        return None, 0.0
    bpm, repetition = found
    seconds = float(peaks.seconds[-1] - peaks.seconds[0])
    n_windows = min(seconds, LONGEST_SECONDS) / WINDOW_SECONDS
    squared = repetition**2 * n_windows
    confidence = squared / (squared + EVEN_REPETITION**2)
    return (bpm if confidence >= LEAST_TEMPO_CONFIDENCE else None), confidence


def _rate_key(peaks: SoundPeaks, pitches: Floats | None) -> tuple[str | None, float]:
    """The key with its confidence."""
    found = find_key(peaks, pitches)
    if found is None:
        return None, 0.0
    key, lead = found
    confidence = lead / (lead + EVEN_LEAD)
    return (key if confidence >= LEAST_KEY_CONFIDENCE else None), confidence
