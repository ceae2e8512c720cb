"""Finds audio onsets with librosa's defaults.

The rules:

- Sound is mono at 22.05 kHz. A file is decoded at its own rate, its channels are averaged, and
  librosa resamples it (soxr), as `librosa.load` does.
- Onsets are the peaks of librosa's onset strength (spectral flux of the mel spectrogram, 512
  samples a frame) that `onset_detect` picks by its defaults, without backtracking. The strength is
  scaled to the loudest onset of the same sound: faint noise alone has onsets too.
- A time is that of a frame of 512 samples: multiples of 0.0232 s.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.extras import import_extra
from mvsearch.search.metrics.media.files import reading
from mvsearch.search.metrics.media.signals import Sound, read_whole_sound
from mvsearch.store.errors import MediaError, QueryError

FloatArray = npt.NDArray[np.float64]

SAMPLE_RATE = 22_050
# A spectrum takes 2,048 samples; below that there is none.
MIN_SAMPLES = 2_048
# Spectrograms of longer sound would fill the memory: 1 GB for these.
MAX_SECONDS = 1_800.0


def read_clip(path: Path, seconds: float | None = None) -> npt.NDArray[np.float32]:
    """Read the sound of a file as librosa's measures take it.

    Args:
        path: of the file, with or without pictures.
        seconds: only so much from its start; None is all of it.

    Returns:
        (n,) mono at `SAMPLE_RATE`.

    Raises:
        QueryError: the file cannot be read, or its sound is missing, silent, too short or too long.
    """
    if seconds is not None and not 0.0 < seconds < float("inf"):
        raise QueryError(f"so many seconds cannot be heard: {seconds:g}")
    with reading(path):
        # A second more than may be tells that there is more.
        sound = read_whole_sound(path, min(seconds or float("inf"), MAX_SECONDS + 1.0))
        if sound.duration_seconds > MAX_SECONDS:
            minutes = MAX_SECONDS / 60
            raise MediaError("no_media", f"its sound is longer than {minutes:g} minutes")
        if sound.is_silent:
            raise MediaError("no_media", "its sound is silent")
        samples = _resample(sound)
        if len(samples) < MIN_SAMPLES:
            least = MIN_SAMPLES / SAMPLE_RATE
            raise MediaError("too_short", f"its sound is shorter than {least:.2f} s")
    return samples


def _resample(sound: Sound) -> npt.NDArray[np.float32]:
    """Bring a sound to `SAMPLE_RATE` by librosa's default converter."""
    librosa = import_extra("librosa")
    resampled = librosa.resample(sound.samples, orig_sr=sound.sample_rate, target_sr=SAMPLE_RATE)
    return np.asarray(resampled, dtype=np.float32)


def find_onsets(samples: npt.NDArray[np.float32]) -> FloatArray:
    """The times of the onsets of a sound.

    Args:
        samples: (n,) mono at `SAMPLE_RATE`.

    Returns:
        Seconds, rising; none where nothing begins, as in digital silence.

    Raises:
        QueryError: the sound is no finite row of samples, or too short for a spectrum.
    """
    check_samples(samples)
    librosa = import_extra("librosa")
    strength = librosa.onset.onset_strength(y=samples, sr=SAMPLE_RATE)
    frames = librosa.onset.onset_detect(onset_envelope=strength, sr=SAMPLE_RATE)
    return np.asarray(librosa.frames_to_time(frames, sr=SAMPLE_RATE), dtype=np.float64)


def check_samples(samples: npt.NDArray[np.float32]) -> None:
    """Refuse what has no spectrum.

    Raises:
        QueryError: it is no row of samples, too short, or not finite.
    """
    if samples.ndim != 1 or len(samples) < MIN_SAMPLES:
        raise QueryError(f"a sound needs {MIN_SAMPLES} samples in a row, not {samples.shape}")
    if not np.all(np.isfinite(samples)):
        raise QueryError("the sound holds values that are no numbers")
