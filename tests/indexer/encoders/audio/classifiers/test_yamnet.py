"""YAMNet's reading of its files, with a small network in place of the real one."""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy.special import softmax

from mvsearch.indexer.encoders import SoundClassifier
from mvsearch.indexer.encoders.audio.classifiers.yamnet import Yamnet
from mvsearch.indexer.encoders.audio.classifiers.yamnet_graph import write_yamnet
from mvsearch.store.errors import WeightsMissingError
from tests.indexer.encoders.small_yamnet import N_CLASSES, Folder, write_files, write_rounded

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[5] / "../shared/media"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("yamnet")
    write_files(folder)
    return folder


@pytest.fixture
def yamnet(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Yamnet:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    monkeypatch.setattr(Yamnet, "weights", Folder(folder))
    return Yamnet()


def test_rounding_is_left_out_and_patches_may_be_many(folder: Path, tmp_path: Path) -> None:
    kernel, bias = write_rounded(tmp_path / "model.onnx")
    write_yamnet(folder / "model.onnx", tmp_path / "network.onnx")
    model = onnx.load(tmp_path / "network.onnx", load_external_data=False)
    assert [node.op_type for node in model.graph.node] == ["Conv", "Flatten"]
    onnx.checker.check_model(str(tmp_path / "network.onnx"), full_check=True)
    patches = np.random.default_rng(2).normal(0, 1, (3, 1, 96, 64)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(tmp_path / "network.onnx"))
    (logits,) = session.run(None, {"audio": patches})
    expected = np.einsum("nij,cij->nc", patches[:, 0], kernel) + bias
    assert logits == pytest.approx(expected, abs=1e-3)


def test_posteriors_of_windows_of_any_length(yamnet: Yamnet) -> None:
    assert isinstance(yamnet, SoundClassifier)
    assert yamnet.list_labels()[520] == "class, 520"
    noise = np.random.default_rng(3).normal(0, 0.1, (2, 160_000)).astype(np.float32)
    for n_samples in (1, 400, 15_600, 160_000):
        windows = noise[:, :n_samples]
        posterior, logits = yamnet.classify(windows), yamnet.compute_logits(windows)
        assert posterior.shape == logits.mean(axis=1).shape == (2, N_CLASSES)
        assert posterior.sum(axis=1) == pytest.approx(1, abs=1e-4)
        assert posterior == pytest.approx(softmax(logits.mean(axis=1), axis=1), abs=1e-5)
    assert yamnet.classify(noise[:0]).shape == (0, N_CLASSES)
    for wrong in (noise[:, :0], np.zeros((1, 160_001), np.float32), noise[0]):
        with pytest.raises(ValueError, match="windows must be"):
            yamnet.classify(wrong)
    alone = yamnet.compute_logits(noise[1:])
    assert yamnet.compute_logits(noise)[1:] == pytest.approx(alone, abs=1e-4)


def test_classes_that_are_missing(yamnet: Yamnet, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "yamnet_class_map.csv").write_text("index,mid,display_name\n0,/m/0,Speech\n")
    yamnet._folder = tmp_path
    with pytest.raises(WeightsMissingError, match="has not 521 classes"):
        yamnet.list_labels()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("librosa/sorohanro_-_solo-trumpet-06.hq.ogg", "Trumpet"),
        ("librosa/198-209-0000.hq.ogg", "Speech"),
    ],
)
def test_the_real_network_hears_what_is_there(name: str, heard: str) -> None:
    from mvsearch.indexer.media.decoding.audio import read_sound
    from mvsearch.indexer.media.probe import probe_file

    try:
        yamnet = Yamnet()
    except WeightsMissingError as error:
        pytest.skip(str(error))
    path = MEDIA / "audio" / name
    if not path.exists():
        pytest.skip("the real media are absent")
    samples = read_sound(path, probe_file(path), yamnet.sample_rate)[: 10 * yamnet.sample_rate]
    (probabilities,) = yamnet.hear(samples[None])[1]
    ranked = [yamnet.list_heard()[at] for at in np.argsort(-probabilities)]
    assert heard in ranked[:2]
