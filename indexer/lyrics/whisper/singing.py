"""Detects a voice, sung or spoken, by YAMNet's classes."""

from functools import cache

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.audio.classifiers.yamnet import PATCH_HOP, PATCH_SPECTRA, Yamnet
from mvsearch.indexer.encoders.audio.log_mel import HOP_SAMPLES, count_samples
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix

_CLASSES = frozenset(
    {
        *("Speech", "Child speech, kid speaking", "Conversation", "Narration, monologue"),
        *("Singing", "Choir", "Yodeling", "Chant", "Mantra", "Child singing", "Rapping"),
        *("Synthetic singing", "Humming", "Vocal music", "A capella"),
    }
)
# A band makes every voice improbable to YAMNet. With this added to the logits the thresholds of
# `VoiceOptions` hold: four songs have a voice in 0.29 to 0.50 of the time, ten instrumental pieces
# in at most 0.14.
_LOGIT_SHIFT = 2.0
# Samples from patch to patch, and of the first patch alone.
_HOP_SAMPLES = PATCH_HOP * HOP_SAMPLES
_PATCH_SAMPLES = count_samples(PATCH_SPECTRA)
# So many patches fit into one window of YAMNet's; so many windows are classified at once.
_WINDOW_PATCHES = 19
_N_WINDOWS = 8


@cache
def find_yamnet() -> Yamnet | None:
    """YAMNet, if its weights are there."""
    try:
        return Yamnet()
    except MvsearchError:
        return None


def measure_singing(yamnet: Yamnet, samples: Matrix, chunk_samples: int) -> npt.NDArray[np.float64]:
    """The probability of a voice in each chunk, that of the likeliest class.

    Args:
        yamnet: the classifier.
        samples: (n,) float32 in [-1, 1] at 16 kHz, YAMNet's rate.
        chunk_samples: length of a chunk; the last one may be shorter.
    """
    voices = [at for at, label in enumerate(yamnet.list_labels()) if label in _CLASSES]
    step = _WINDOW_PATCHES * _HOP_SAMPLES
    length = step - _HOP_SAMPLES + _PATCH_SAMPLES
    found: list[Matrix] = []
    for start in range(0, max(len(samples), 1), step * _N_WINDOWS):
        part = samples[start : start + step * _N_WINDOWS + length - step]
        n_windows = min(_N_WINDOWS, -(-len(part) // step)) or 1
        padded = np.zeros((n_windows - 1) * step + length, np.float32)
        padded[: len(part)] = part[: len(padded)]
        windows = np.lib.stride_tricks.sliding_window_view(padded, length)[::step]
        logits = yamnet.compute_logits(np.ascontiguousarray(windows))[:, :, voices]
        found.append(logits.max(axis=2).reshape(-1))
    odds = np.concatenate(found).astype(np.float64) + _LOGIT_SHIFT
    n_chunks = -(-len(samples) // chunk_samples)
    middles = (np.arange(n_chunks) + 0.5) * chunk_samples - _PATCH_SAMPLES / 2
    nearest = np.clip(np.rint(middles / _HOP_SAMPLES).astype(int), 0, len(odds) - 1)
    return np.asarray(np.exp(-np.logaddexp(0.0, -odds[nearest])))
