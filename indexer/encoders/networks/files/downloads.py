"""Downloads model weights."""

import json
from collections.abc import Sequence
from pathlib import Path

from mvsearch.indexer.encoders.networks.files.checkpoints import (
    CHECKSUMS,
    DownloadedWeights,
    TorchvisionWeights,
    compute_sha256,
    write_atomically,
)
from mvsearch.store.errors import WeightsMissingError


def download(weights: DownloadedWeights | TorchvisionWeights) -> None:
    """Download weights to their folder; files that exist are kept.

    Raises:
        WeightsMissingError: the download fails. The message says why and how to place the files
            by hand.
    """
    try:
        if isinstance(weights, TorchvisionWeights):
            _download_from_torchvision(weights)
        else:
            _download_from_hub(weights)
    # OSError: no network, no such repository, or a full disk. ValueError and RuntimeError: a name
    # or a checksum that the libraries reject.
    except (OSError, ValueError, RuntimeError) as error:
        line = str(error).strip().partition("\n")[0]
        raise WeightsMissingError(
            f"{weights.name} could not be downloaded ({line}): place "
            f"{', '.join(weights.files[:4])} ({weights.origin}) in {weights.place()} by hand"
        ) from error


def _download_from_torchvision(weights: TorchvisionWeights) -> None:
    import torch
    from torchvision.models import ResNet50_Weights

    path = weights.place() / weights.files[0]
    if path.is_file():
        return
    urls = [member.url for member in ResNet50_Weights if member.url.endswith(path.name)]
    path.parent.mkdir(parents=True, exist_ok=True)
    start = path.stem.rpartition("-")[2]
    torch.hub.download_url_to_file(urls[0], str(path), hash_prefix=start, progress=False)


def _download_from_hub(weights: DownloadedWeights) -> None:
    folder = weights.place()
    if (folder / "pytorch_model.bin").is_file() and not (folder / "model.safetensors").is_file():
        convert_to_safetensors(folder)
    _take_snapshot(weights, weights.files)
    if not (folder / "model.safetensors").is_file():
        _take_snapshot(weights, ("pytorch_model.bin",))
        convert_to_safetensors(folder)
    weights.locate()
    digests = {name: compute_sha256(folder / name) for name in weights.files}
    write_atomically(folder / CHECKSUMS, json.dumps(digests, indent=1).encode())


def _take_snapshot(weights: DownloadedWeights, files: Sequence[str]) -> None:
    import huggingface_hub

    folder = weights.place()
    if not all((folder / name).is_file() for name in files):
        huggingface_hub.snapshot_download(
            weights.repository, local_dir=folder, allow_patterns=list(files)
        )


def convert_to_safetensors(folder: Path) -> None:
    """Convert `pytorch_model.bin`, all that some repositories have, to `model.safetensors`.

    Only tensors are unpickled, never code.

    Raises:
        WeightsMissingError: the file is missing or holds anything but tensors.
    """
    import pickle

    import torch
    from safetensors.torch import save

    path = folder / "pytorch_model.bin"
    if not path.is_file():
        raise WeightsMissingError(f"{folder} has neither model.safetensors nor {path.name}")
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise WeightsMissingError(f"{path} holds more than tensors; delete it") from error
    # safetensors refuses tensors that share memory.
    content = save({name: tensor.clone().contiguous() for name, tensor in tensors.items()})
    write_atomically(folder / "model.safetensors", content)
    path.unlink()
