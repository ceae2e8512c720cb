import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mvsearch.indexer.composing import GENERATORS
from mvsearch.indexer.encoders import ENCODERS
from mvsearch.indexer.encoders.networks.export_cache import load_cached
from mvsearch.indexer.encoders.networks.files.checkpoints import models_folder, recall_sha256
from mvsearch.indexer.encoders.networks.files.downloads import convert_to_safetensors
from mvsearch.indexer.encoders.networks.files.weights import check_models, fetch_model, list_models
from mvsearch.indexer.encoders.toy import ToyFrames
from mvsearch.store.errors import MvsearchError, WeightsMissingError


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def find_status(name: str) -> Any:
    return next(status for status in list_models() if status.name == name)


def test_the_models_folder_is_where_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", "~/weights")
    assert models_folder() == Path.home() / "weights"
    monkeypatch.delenv("MVSEARCH_MODELS")
    assert models_folder().name == "models"


def test_the_list_has_every_encoder_and_says_where_it_is() -> None:
    assert [status.name for status in list_models()] == [
        *(name for name in ENCODERS if not name.startswith("toy-")),
        "ast",
        "yamnet",
        "musicnn",
        "mood",
        *GENERATORS,
    ]
    packaged, signal = find_status("minilm"), find_status("signal")
    assert packaged.is_present
    assert packaged.profiles[:2] == ("embedded", "sound")
    assert packaged.n_bytes > 90_000_000
    assert packaged.folder.is_dir()
    assert (signal.is_present, signal.n_bytes, signal.folder) == (True, 0, None)


def test_the_list_says_what_is_missing(models: Path, checkpoint: Callable[[str], Path]) -> None:
    absent = find_status("bert")
    assert not absent.is_present
    assert absent.folder == models / "bert"
    assert "mvsearch models fetch bert" in absent.problem
    shutil.copytree(checkpoint("bert"), models / "bert")
    present = find_status("bert")
    assert present.is_present
    assert present.problem == ""
    files = ("model.safetensors", "config.json", "tokenizer.json")
    assert present.n_bytes == sum((models / "bert" / name).stat().st_size for name in files)


def test_a_check_tries_what_is_there_and_names_what_is_asked_for() -> None:
    (toy,) = check_models(["toy-frames"])
    assert toy.problem == ""
    (bert,) = check_models(["bert"])
    assert "models fetch bert" in bert.problem
    with pytest.raises(MvsearchError, match="no encoder is called"):
        check_models(["nonsense"])


def test_a_check_finds_weights_that_are_not_what_their_name_says(
    models: Path, checkpoint: Callable[[str], Path]
) -> None:
    shutil.copytree(checkpoint("resnet50"), models / "resnet50")
    (status,) = check_models(["resnet50"])
    assert "is damaged" in status.problem


def test_a_check_finds_a_checkpoint_that_does_not_load(
    models: Path, checkpoint: Callable[[str], Path]
) -> None:
    shutil.copytree(checkpoint("bert"), models / "bert")
    (models / "bert" / "model.safetensors").write_bytes(b"nothing of the kind")
    (status,) = check_models(["bert"])
    assert "has no usable BertModel" in status.problem


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[str]]:
    """Let a folder stand for the hub."""

    def serve(folder: Path) -> list[str]:
        asked: list[str] = []

        def download(repository: str, *, local_dir: Path, allow_patterns: list[str]) -> None:
            asked.append(repository)
            local_dir.mkdir(parents=True, exist_ok=True)
            for name in allow_patterns:
                if (folder / name).exists():
                    shutil.copy(folder / name, local_dir)

        monkeypatch.setattr("huggingface_hub.snapshot_download", download)
        return asked

    return serve


def test_what_is_fetched_is_checked_by_its_checksum(
    models: Path, hub: Callable[[Path], list[str]], checkpoint: Callable[[str], Path]
) -> None:
    asked = hub(checkpoint("bert"))
    assert fetch_model("bert").is_present
    assert fetch_model("bert").is_present
    assert asked == ["google-bert/bert-base-uncased"]
    path = models / "bert" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    (status,) = check_models(["bert"])
    assert "is damaged" in status.problem


def test_a_repository_without_safetensors_is_converted(
    models: Path,
    hub: Callable[[Path], list[str]],
    checkpoint: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    import torch
    from safetensors.torch import load_file

    served = shutil.copytree(checkpoint("bert"), tmp_path / "served")
    tensors = load_file(served / "model.safetensors")
    torch.save(tensors, served / "pytorch_model.bin")
    (served / "model.safetensors").unlink()
    hub(served)
    assert fetch_model("bert").is_present
    assert sorted(load_file(models / "bert" / "model.safetensors")) == sorted(tensors)
    assert not (models / "bert" / "pytorch_model.bin").exists()


class Spy:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("was-run",)


def test_code_inside_weights_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    torch.save({"a": Spy()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsMissingError, match="holds more than tensors"):
        convert_to_safetensors(tmp_path)
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("clip", "huggingface_hub.snapshot_download"),
        ("resnet50", "torch.hub.download_url_to_file"),
    ],
)
def test_a_download_that_fails_says_how_to_do_it_by_hand(
    name: str, target: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("Name or service not known\nmore about it")

    monkeypatch.setattr(target, fail)
    with pytest.raises(WeightsMissingError) as caught:
        fetch_model(name)
    message = str(caught.value)
    assert "(Name or service not known)" in message
    assert "\n" not in message
    assert str(models / name) in message
    assert "by hand" in message


def test_what_needs_no_download_needs_none() -> None:
    assert fetch_model("minilm").is_present
    assert fetch_model("toy-lyrics").is_present
    with pytest.raises(MvsearchError, match="no encoder is called 'whisper-x'"):
        fetch_model("whisper-x")


def test_a_file_that_changed_is_hashed_again(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    first = recall_sha256(path)
    assert recall_sha256(path) == first
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert recall_sha256(path) != first


def test_a_check_reads_what_was_exported_through(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def write_scale(folder: Path) -> None:
        (folder / "scale").write_bytes(b"1.0")

    def encode_scaled(toy: ToyFrames, frames: Any) -> Any:
        scale = load_cached("scale", write_scale, lambda folder: (folder / "scale").read_bytes())
        return tuple(float(scale) * matrix for matrix in encode(toy, frames))

    encode = ToyFrames.encode
    monkeypatch.setattr(ToyFrames, "encode", encode_scaled)
    assert check_models(["toy-frames"])[0].problem == ""
    (path,) = models.rglob("exported/*/scale")
    before = path.stat()
    path.write_bytes(b"3.0")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert check_models(["toy-frames"])[0].problem == ""
    assert caplog.messages == [f"{path} is damaged and is made again"]
