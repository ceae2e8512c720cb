"""The measures against scipy, numpy and sounds whose answer is known."""

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
import scipy.signal

from mvsearch.indexer.encoders.audio import spectral, spectral_scale

SECONDS = 5
TIMES = np.arange(SECONDS * spectral.SAMPLE_RATE) / spectral.SAMPLE_RATE


def window(sound):
    return np.asarray(sound, np.float32)[None]


def white_noise(seed=0):
    return np.random.default_rng(seed).standard_normal(len(TIMES))


def test_power_is_the_spectrum_of_a_hann_window_in_units_of_white_noise():
    noise = white_noise()
    power = spectral.power_spectra(window(0.01 * noise + 0.3))
    start = 7 * spectral.N_HOP
    standard = (noise - noise.mean()) / noise.std()
    hann = scipy.signal.get_window("hann", spectral.N_FFT)
    spectrum = scipy.fft.rfft(standard[start:][: spectral.N_FFT] * hann)
    np.testing.assert_allclose(
        power[0, 7], np.abs(spectrum) ** 2 / np.sum(hann**2), rtol=2e-3, atol=1e-3
    )
    assert power[0, :, 10:-10].mean() == pytest.approx(1.0, abs=0.02)


def test_dct_is_scipys():
    rows = np.random.default_rng(1).normal(size=(5, 32)).astype(np.float32)
    expected = scipy.fft.dct(rows, norm="ortho", axis=1)[:, 1:13]
    np.testing.assert_allclose(rows @ spectral.dct_matrix(32, 12), expected, atol=1e-5)


def test_mel_filters_peak_at_even_steps_of_mel_and_pass_flat_spectra_unchanged():
    bank = spectral.mel_filterbank()
    np.testing.assert_allclose(np.ones(spectral.N_BINS) @ bank, 1.0, rtol=1e-5)
    # The same scale in natural logarithms: 2595 / ln 10 = 1127.
    lowest, highest = 1127 * np.log(1 + np.array([30, 7600]) / 700)
    step = (highest - lowest) / 33
    centres = 700 * (np.exp((lowest + step * np.arange(1, 33)) / 1127) - 1)
    peaks = bank.argmax(axis=0) * 16000 / 2048
    assert np.abs(peaks - centres).max() <= 16000 / 2048 / 2 + 0.1


@pytest.mark.parametrize("band", [3, 12, 25])
def test_a_tone_sounds_in_its_mel_band(band):
    lowest, highest = 1127 * np.log(1 + np.array([30, 7600]) / 700)
    hertz = 700 * (np.exp((lowest + (highest - lowest) / 33 * (band + 1)) / 1127) - 1)
    mel = spectral.power_spectra(window(np.sin(2 * np.pi * hertz * TIMES)))
    assert (mel @ spectral.mel_filterbank()).mean(axis=(0, 1)).argmax() == band


def test_covariance_is_numpys():
    rng = np.random.default_rng(3)
    frames = 20 * rng.normal(size=(400, 12)) @ rng.normal(size=(12, 12))
    measured = spectral.describe_covariance(frames[None])[0]
    np.testing.assert_allclose(measured[:12], np.log(frames.std(axis=0)), atol=1e-3)
    expected = np.corrcoef(frames.T)[np.triu_indices(12, 1)]
    np.testing.assert_allclose(measured[12:], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("hertz", "pitch_class"),
    [(440.0, 9), (880.0, 9), (261.63, 0), (277.18, 1), (1046.5, 0), (466.16, 10), (493.88, 11)],
)
def test_a_tone_has_its_pitch_and_pitch_class(hertz, pitch_class):
    groups = spectral.describe(window(0.2 * np.sin(2 * np.pi * hertz * TIMES)))
    chroma = groups["chroma"][0, :12]
    assert chroma.argmax() == pitch_class
    assert chroma[pitch_class] > 0.5 * chroma.sum()
    # C3 is note 48 of MIDI, where A4 = 440 Hz is 69.
    note = round(69 + 12 * np.log2(hertz / 440))
    assert groups["pitch"][0, :60].argmax() == note - 48


def test_a_chord_in_noise_keeps_its_three_pitch_classes():
    chord = sum(np.sin(2 * np.pi * hertz * TIMES) for hertz in (261.63, 329.63, 392.0))
    noisy = chord + np.sqrt(1.5) * white_noise()
    chroma = spectral.describe(window(noisy))["chroma"][0, :12]
    assert set(np.argsort(chroma)[-3:]) == {0, 4, 7}


@pytest.mark.parametrize("beats_per_minute", [75, 90, 120, 150])
def test_a_click_track_repeats_at_its_beat(beats_per_minute):
    beat_seconds = 60 / beats_per_minute
    clicks = white_noise() * np.exp(-(TIMES % beat_seconds) * 60)
    rhythm = spectral.describe(window(clicks))["rhythm"][0]
    beat = np.abs(np.log2(spectral.BEAT_SECONDS / beat_seconds)).argmin()
    # The beat, or the bar of two where that falls closer to a whole number of frames.
    bar = np.abs(np.log2(spectral.BEAT_SECONDS / (2 * beat_seconds))).argmin()
    assert rhythm.argmax() in (beat, bar)
    assert rhythm[beat] > rhythm[: beat - 1].max() + 0.3


def test_movement_ignores_when_it_begins_and_the_key():
    rng = np.random.default_rng(4)

    def draw():
        loudness = np.zeros((1, 153, 60), np.float32)
        for _ in range(25):
            start, pitch = rng.integers(10, 80), rng.integers(6, 40)
            loudness[0, start : start + 8, pitch] = 1
        return loudness

    tune, other = draw(), draw()
    moved = np.roll(tune, (30, 5), axis=(1, 2))
    first, same, different = (
        spectral.describe_modulation(each)[0] for each in (tune, moved, other)
    )
    assert np.linalg.norm(first - same) < 0.25 * np.linalg.norm(first - different)


def test_every_group_has_the_size_of_its_constants():
    groups = spectral.describe(window(white_noise()))
    sizes = {name: measures.shape[1] for name, measures in groups.items()}
    assert sizes == spectral.GROUPS
    assert all(measures.dtype == np.float32 for measures in groups.values())
    for table in (spectral_scale.LOCATIONS, spectral_scale.SCALES):
        assert {name: len(text.split()) for name, text in table.items()} == spectral.GROUPS
    assert min(float(x) for text in spectral_scale.SCALES.values() for x in text.split()) > 0
