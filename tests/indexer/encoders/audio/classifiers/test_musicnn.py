"""musicnn's graph is what torch computes of the same tensors, and its spectra are librosa's."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from mvsearch.indexer.encoders import SoundClassifier
from mvsearch.indexer.encoders.audio.classifiers.musicnn import Musicnn, compute_spectra
from mvsearch.indexer.encoders.audio.classifiers.musicnn_tags import N_TAGS, NAMES, SAME, TAGS
from mvsearch.store.errors import WeightsMissingError
from tests.indexer.encoders.small_bundle import draw_musicnn, write_musicnn_files
from tests.indexer.encoders.small_yamnet import Folder

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[5] / "../shared/media"))


@pytest.fixture(scope="module")
def musicnn(tmp_path_factory: pytest.TempPathFactory) -> Musicnn:
    folder = tmp_path_factory.mktemp("musicnn")
    write_musicnn_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Musicnn, "weights", Folder(folder))
        return Musicnn()


def run_by_torch(tensors: Mapping[str, np.ndarray], spectra: np.ndarray) -> np.ndarray:
    """The published model in its own layout: (n, time, bands, channels)."""
    given = {name: torch.from_numpy(value) for name, value in tensors.items()}

    def normalise(value: torch.Tensor, number: int) -> torch.Tensor:
        layer = f"batch_normalization_{number}" if number else "batch_normalization"
        beta, gamma, mean, variance = (
            given[f"{layer}/{part}"] for part in ("beta", "gamma", "moving_mean", "moving_variance")
        )
        return (value - mean) / torch.sqrt(variance + 0.001) * gamma + beta

    def convolve(value: torch.Tensor, number: int, before: int, after: int) -> torch.Tensor:
        layer = f"conv2d_{number}" if number else "conv2d"
        padded = functional.pad(value.permute(0, 3, 1, 2), (0, 0, before, after))
        kernel = given[f"{layer}/kernel"].permute(3, 2, 0, 1)
        return functional.conv2d(padded, kernel, given[f"{layer}/bias"]).relu().permute(0, 2, 3, 1)

    first = normalise(torch.from_numpy(spectra)[..., None], 0)
    parts = [
        normalise(convolve(first, n, *pads), n + 1).amax(2)
        for n, pads in enumerate([(3, 3), (3, 3), (63, 64), (31, 32), (15, 16)])
    ]
    layers = [torch.cat(parts, 2)[..., None]]
    for number in (5, 6, 7):
        made = normalise(convolve(layers[-1], number, 3, 3), number + 1).permute(0, 1, 3, 2)
        layers.append(made if number == 5 else made + layers[-1])
    features = torch.cat(layers, 2)
    pooled = torch.cat([features.amax(1), features.mean(1)], 2).flatten(1)
    hidden = normalise(pooled, 9) @ given["dense/kernel"] + given["dense/bias"]
    logits = normalise(hidden.relu(), 10) @ given["dense_1/kernel"] + given["dense_1/bias"]
    return logits.numpy()


def test_the_graph_is_the_published_model(musicnn: Musicnn) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (2, 20_000)).astype(np.float32)
    spectra = compute_spectra(noise)
    expected = np.hstack([run_by_torch(draw_musicnn(seed), spectra) for seed in (1, 2)])
    assert musicnn.compute_logits(noise) == pytest.approx(expected, abs=1e-4)


def test_spectra_are_those_of_librosa() -> None:
    """The numbers are of librosa 0.11: `melspectrogram` without centring, p, log10(10000 p + 1)."""
    seconds = np.arange(2048) / 16_000
    tones = 0.5 * np.sin(2 * np.pi * 440 * seconds) + 0.1 * np.sin(2 * np.pi * 3000 * seconds)
    spectra = compute_spectra(tones[None].astype(np.float32))
    assert spectra.shape == (1, 7, 96)
    bands = [0, 5, 10, 11, 12, 40, 66, 67]
    expected = [0.0005, 0.012, 1.0971, 2.2143, 5.3788, 0.0, 4.0134, 0.0]
    assert spectra[0, 1, bands] == pytest.approx(expected, abs=2e-4)


@pytest.mark.slow
def test_spectra_of_noise_are_those_of_librosa() -> None:
    import librosa

    samples = np.random.default_rng(4).normal(0, 0.1, 9_000).astype(np.float32)
    powers = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96, center=False
    )
    expected = np.log10(10_000 * powers.T + 1)
    assert compute_spectra(samples[None])[0] == pytest.approx(expected, abs=1e-4)


def test_windows_of_any_length_have_probabilities(musicnn: Musicnn) -> None:
    assert isinstance(musicnn, SoundClassifier)
    noise = np.random.default_rng(5).normal(0, 0.1, (2, 40_000)).astype(np.float32)
    for n_samples in (1, 400, 40_000):
        weights, probabilities = musicnn.hear(noise[:, :n_samples])
        assert weights.shape == probabilities.shape == (2, len(NAMES))
        assert weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert 0 <= probabilities.min() <= probabilities.max() <= 1
    assert musicnn.classify(noise[:0]).shape == (0, len(NAMES))
    for wrong in (noise[:, :0], np.zeros((1, 160_001), np.float32), noise[0]):
        with pytest.raises(ValueError, match="windows must be"):
            musicnn.classify(wrong)


def test_words_for_the_same_are_added_and_the_surer_network_counts(
    musicnn: Musicnn, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits = np.full((1, 100), -40.0, np.float32)
    for tag, probability in (("woman", 0.2), ("female", 0.3), ("guitar", 0.6), ("man", 0.7)):
        logits[0, TAGS.index(tag)] = np.log(probability / (1 - probability))
    logits[0, TAGS.index("male vocal")] = 2.0
    logits[0, N_TAGS + TAGS[N_TAGS:].index("guitar")] = np.log(0.7 / 0.3)
    monkeypatch.setattr(musicnn, "compute_logits", lambda windows: logits)
    (heard,) = musicnn.hear(np.zeros((1, 10), np.float32))[1]
    told = dict(zip(NAMES, heard.tolist(), strict=True))
    assert told["female vocal"] == pytest.approx(0.5, abs=1e-4)
    assert told["guitar"] == pytest.approx(0.7, abs=1e-4)
    assert told["male vocal"] == 1.0
    assert set(SAME.values()) <= set(NAMES)
    assert not set(SAME) & set(NAMES)


def test_tensors_that_are_missing_are_one_line(tmp_path: Path, musicnn: Musicnn) -> None:
    (tmp_path / "mtt.index").write_bytes(b"nothing")
    musicnn._folder, whole = tmp_path, musicnn._folder
    with pytest.raises(WeightsMissingError, match="no index of a checkpoint"):
        musicnn._read("mtt")
    musicnn._folder = whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("librosa/442789__lena-orsa__happy-music-pistachio-ice-cream-ragtime.hq.ogg", {"piano"}),
        (
            "librosa/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).hq.ogg",
            {"classical", "violin", "strings"},
        ),
        ("librosa/Karissa_Hobbs_-_Lets_Go_Fishin.hq.ogg", {"female vocal", "guitar", "folk"}),
        ("ultrastar/Jonathan Coulton - Code Monkey/audio.ogg", {"rock", "male vocal", "guitar"}),
    ],
)
def test_the_real_networks_hear_what_is_there(name: str, heard: set[str]) -> None:
    from mvsearch.indexer.media.decoding.audio import read_sound
    from mvsearch.indexer.media.probe import probe_file

    path = MEDIA / "audio" / name
    if not path.exists():
        pytest.skip("the real media are absent")
    try:
        real = Musicnn()
    except WeightsMissingError as error:
        pytest.skip(str(error))
    samples = read_sound(path, probe_file(path), real.sample_rate)[: 60 * real.sample_rate]
    n_windows = len(samples) // real.n_samples
    windows = samples[: n_windows * real.n_samples].reshape(n_windows, real.n_samples)
    means = real.hear(windows)[1].mean(axis=0)
    best = {NAMES[at] for at in np.argsort(-means)[:5]}
    assert heard <= best
