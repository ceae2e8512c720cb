import librosa
import numpy as np
import pytest

from mvsearch.indexer.encoders.audio.log_mel import (
    HIGHEST_HERTZ,
    LOG_OFFSET,
    LOWEST_HERTZ,
    N_BANDS,
    SAMPLE_RATE,
    compute_log_mel,
    count_samples,
)


def test_as_many_spectra_as_fit() -> None:
    assert count_samples(96) == 15_600
    for n_samples, n_spectra in ((400, 1), (559, 1), (560, 2), (15_600, 96)):
        spectra = compute_log_mel(np.zeros((2, n_samples), np.float32))
        assert spectra.shape == (2, n_spectra, N_BANDS)
        assert spectra == pytest.approx(np.log(LOG_OFFSET))


@pytest.mark.parametrize("hertz", [220.0, 1000.0, 4000.0])
def test_a_tone_lies_in_the_band_around_it(hertz: float) -> None:
    edges = librosa.mel_frequencies(N_BANDS + 2, fmin=LOWEST_HERTZ, fmax=HIGHEST_HERTZ, htk=True)
    seconds = np.arange(8000) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * hertz * seconds).astype(np.float32)[None]
    loudest = int(compute_log_mel(tone)[0].mean(axis=0).argmax())
    assert edges[loudest] < hertz < edges[loudest + 2]


def test_the_spectra_are_those_of_another_implementation() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    others = librosa.feature.melspectrogram(
        y=noise,
        sr=SAMPLE_RATE,
        n_fft=512,
        win_length=400,
        hop_length=160,
        center=False,
        power=1.0,
        n_mels=N_BANDS,
        fmin=LOWEST_HERTZ,
        fmax=HIGHEST_HERTZ,
        htk=True,
        norm=None,
    )
    ours = np.exp(compute_log_mel(noise[None])[0]) - LOG_OFFSET
    # Its windows lie in the middle of 512 samples, and its triangles are linear in hertz.
    assert ours.mean(axis=0) == pytest.approx(others.mean(axis=1), rel=0.15)
