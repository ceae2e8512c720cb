"""The encoder of sound: what must not change a vector, and whether a tune is found again."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.signal

from mvsearch.indexer.encoders import AudioEncoder, load_encoder
from mvsearch.indexer.encoders.audio.signal import WEIGHTS
from mvsearch.indexer.encoders.audio.spectral import GROUPS

SAMPLE_RATE = 16_000
N_WINDOW = 5 * SAMPLE_RATE


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("signal")


def play_tune(seed, *, semitones=0, speed=1.0, seconds=10):
    """Notes of a tune of its own, four a second, each with three overtones."""
    rng = np.random.default_rng(seed)
    scale = rng.permutation(12)[:6]
    notes = 48 + rng.choice(scale, 4 * seconds) + 12 * rng.integers(0, 3, 4 * seconds)
    is_rest = rng.random(4 * seconds) < 0.2
    times = np.arange(int(SAMPLE_RATE * 0.25 / speed)) / SAMPLE_RATE
    sounds = []
    for note, rest in zip(notes, is_rest, strict=True):
        hertz = 440 * 2 ** ((note + semitones - 69) / 12)
        tone = sum(np.sin(2 * np.pi * k * hertz * times) / k for k in (1, 2, 3, 4))
        sounds.append(tone * np.exp(-5 * times) * (0 if rest else 0.2))
    return np.concatenate(sounds).astype(np.float32)


def add_noise(sound, decibels):
    noise = np.random.default_rng(99).standard_normal(len(sound))
    gain = np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
    return (sound + gain * noise).astype(np.float32)


def low_pass(sound):
    filtered = scipy.signal.sosfilt(
        scipy.signal.butter(4, 2000, fs=SAMPLE_RATE, output="sos"), sound
    )
    return np.asarray(filtered, np.float32)


def cut(sound, start_seconds=0.0):
    return sound[round(start_seconds * SAMPLE_RATE) :][:N_WINDOW]


def test_it_meets_the_interface(encoder):
    assert isinstance(encoder, AudioEncoder)
    (space,) = encoder.spaces
    assert (space.modality, space.encoder, space.dim) == ("audio", "signal", sum(GROUPS.values()))
    assert space.dim <= 400
    assert set(WEIGHTS) == set(GROUPS)
    assert encoder.window_seconds * encoder.sample_rate == N_WINDOW


def test_vectors_are_unit_rows(encoder):
    windows = np.stack([cut(play_tune(seed)) for seed in range(3)])
    (vectors,) = encoder.encode(windows)
    assert vectors.shape == (3, encoder.spaces[0].dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_windows_give_no_vectors(encoder):
    (vectors,) = encoder.encode(np.zeros((0, N_WINDOW), np.float32))
    assert vectors.shape == (0, encoder.spaces[0].dim)


@pytest.mark.parametrize(
    "window",
    [
        np.zeros(N_WINDOW),
        np.full(N_WINDOW, 0.5),
        np.sign(np.sin(np.arange(N_WINDOW) / 9)),
        np.eye(1, N_WINDOW, 100)[0],
        np.full(N_WINDOW, 1e-30),
        np.where(np.arange(N_WINDOW) % 1000 == 0, np.nan, 0.1),
        np.where(np.arange(N_WINDOW) % 1000 == 0, np.inf, 0.1),
        np.zeros(3),
        np.ones(5000),
    ],
    ids=["silent", "constant", "clipped", "click", "tiny", "nan", "inf", "three", "short"],
)
@pytest.mark.filterwarnings("error")
def test_odd_windows_give_finite_unit_vectors(encoder, window):
    (vectors,) = encoder.encode(window[None].astype(np.float32))
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("gain", [0.1, 0.003])
def test_loudness_does_not_change_a_vector(encoder, gain):
    window = cut(play_tune(1))[None]
    (loud,), (quiet,) = encoder.encode(window), encoder.encode(window * np.float32(gain))
    np.testing.assert_allclose(loud, quiet, atol=1e-3)


def test_a_constant_offset_does_not_change_a_vector(encoder):
    window = cut(play_tune(1))[None]
    (plain,), (shifted,) = encoder.encode(window), encoder.encode(window + np.float32(0.1))
    np.testing.assert_allclose(plain, shifted, atol=1e-3)


def test_a_batch_gives_what_single_windows_give(encoder):
    windows = np.stack([cut(play_tune(seed)) for seed in range(11)])
    windows[3, N_WINDOW // 2 :] = 0
    windows[7, N_WINDOW // 3 :] = 0
    (together,) = encoder.encode(windows)
    alone = np.concatenate([encoder.encode(window[None])[0] for window in windows])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_padding_does_not_count(encoder):
    sound = cut(play_tune(2))[: 3 * SAMPLE_RATE]
    padded = np.pad(sound, (0, N_WINDOW - len(sound)))
    (expected,), (measured,) = encoder.encode(sound[None]), encoder.encode(padded[None])
    assert float(expected[0] @ measured[0]) > 0.99


N_TUNES = 12


@pytest.fixture(scope="module")
def tune_library(encoder):
    return encoder.encode(np.stack([cut(play_tune(seed), 1.0) for seed in range(N_TUNES)]))[0]


@pytest.mark.parametrize(
    ("change", "n_needed"),
    [
        (lambda seed: play_tune(seed), N_TUNES),
        (lambda seed: add_noise(play_tune(seed), 10), N_TUNES),
        (lambda seed: add_noise(play_tune(seed), 0), N_TUNES - 1),
        (lambda seed: low_pass(play_tune(seed)), N_TUNES),
        (lambda seed: np.tanh(5 * play_tune(seed)), N_TUNES),
        (lambda seed: play_tune(seed, speed=1.1), N_TUNES - 1),
        # Tunes of one timbre and one tempo, in another key: only their intervals tell them apart.
        (lambda seed: play_tune(seed, semitones=1), N_TUNES - 3),
        (lambda seed: play_tune(seed, semitones=-1), N_TUNES - 3),
    ],
    ids=["plain", "10 dB", "0 dB", "low-pass", "overdriven", "faster", "up", "down"],
)
def test_a_tune_is_found_among_others_of_the_same_sound(encoder, tune_library, change, n_needed):
    (queries,) = encoder.encode(np.stack([cut(change(seed), 1.6) for seed in range(N_TUNES)]))
    nearest = (queries @ tune_library.T).argmax(axis=1)
    assert int((nearest == np.arange(N_TUNES)).sum()) >= n_needed


def test_it_loads_no_heavy_library():
    code = (
        "import sys, numpy as np; from mvsearch.indexer.encoders import load_encoder;"
        "load_encoder('signal').encode(np.ones((1, 80000), np.float32));"
        "print(sorted({'torch', 'onnxruntime', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
