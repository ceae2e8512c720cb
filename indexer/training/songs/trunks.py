"""Networks of pictures whose features a classifier of songs is trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvsearch.indexer.encoders.image.batches import IMAGENET_MEAN, IMAGENET_STD
from mvsearch.store.distribution import explain_absence
from mvsearch.store.errors import TrainingError

if TYPE_CHECKING:
    import torch

HALVES = (0.5, 0.5, 0.5)
LAST_BLOCKS = tuple(f"network._blocks.{place}" for place in range(12, 16))
# A file of weights that is larger is none of these networks.
MAX_WEIGHTS_BYTES = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Trunk:
    """A network of pictures without its layer of classes.

    Attributes:
        n_features: length of its pooled features.
        build: makes it; (n, 3, height, width) standardised float32 → (n, n_features). True as its
            argument loads the weights that a Python package carries.
        last: names of the modules that are trained as its last part.
        mean, std: of each channel, by which pictures are standardised.
        has_weights: whether a Python package carries weights.
        licence: of these weights.
    """

    n_features: int
    build: Callable[[bool], "torch.nn.Module"]
    last: tuple[str, ...]
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    has_weights: bool = False
    licence: str = ""


def _build_efficientnet(is_trained: bool) -> "torch.nn.Module":
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    from mvsearch.indexer.encoders.image.efficientnet import EfficientNetLite0

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = EfficientNet.from_name("efficientnet-lite0")
            if is_trained:
                weights = EfficientNetLite0.weights
                path = weights.prepare() / weights.files[0]
                weights.verify()
                tensors = torch.load(path, map_location="cpu", weights_only=True)
                self.network.load_state_dict(tensors)
            self.network._fc = torch.nn.Identity()

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            features: torch.Tensor = self.network.extract_features(pictures).mean((2, 3))
            return features

    return Pooled()


def _build_torchvision(name: str) -> Callable[[bool], "torch.nn.Module"]:
    def build(_: bool) -> "torch.nn.Module":
        import torch
        import torchvision

        network: torch.nn.Module = getattr(torchvision.models, name)()
        network.fc = torch.nn.Identity()
        return network

    return build


def _build_toy(_: bool) -> "torch.nn.Module":
    """The mean colour of each of 4 × 4 fields, for tests."""
    import torch

    return torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(48, 48)
    )


TRUNKS: dict[str, Trunk] = {
    "efficientnet-lite0": Trunk(
        1280,
        _build_efficientnet,
        (*LAST_BLOCKS, "network._conv_head", "network._bn1"),
        HALVES,
        HALVES,
        has_weights=True,
        licence="Apache-2.0",
    ),
    "resnet50": Trunk(2048, _build_torchvision("resnet50"), ("layer4",)),
    "resnet18": Trunk(512, _build_torchvision("resnet18"), ("layer4",)),
    "toy": Trunk(48, _build_toy, ("2",), HALVES, HALVES),
}


def find_trunk(name: str) -> Trunk:
    """Return a trunk by its name.

    Raises:
        TrainingError: there is none of this name.
    """
    if name not in TRUNKS:
        there = ", ".join(known for known in TRUNKS if known != "toy")
        raise TrainingError(f"no trunk is called {name!r}; there are {there}")
    return TRUNKS[name]


def build_trunk(name: str, weights: Path | None, *, is_filled: bool = True) -> "torch.nn.Module":
    """Make a trunk with its first weights.

    Args:
        name: in `TRUNKS`.
        weights: see `SongOptions.weights`.
        is_filled: whether it gets weights; if not, they are given afterwards.

    Raises:
        TrainingError: the file has no such weights, or a package is missing.
    """
    trunk = find_trunk(name)
    try:
        network = trunk.build(is_filled and trunk.has_weights and weights is None)
    except ModuleNotFoundError as error:
        raise TrainingError(explain_absence(error)) from error
    if is_filled and weights is not None:
        _fill(network, weights, name)
    return network


def _fill(network: "torch.nn.Module", path: Path, name: str) -> None:
    """Give a trunk the tensors of a file; those of its layer of classes are left out."""
    tensors = _read_weights(path)
    wanted = network.state_dict()
    prefixed = {f"network.{key}": value for key, value in tensors.items()}
    chosen = tensors if set(wanted) <= set(tensors) else prefixed
    missing = sorted(set(wanted) - set(chosen))
    if missing:
        raise TrainingError(
            f"{path} has no weights of {name}: {missing[0]} and {len(missing) - 1} more are missing"
        )
    if not all(chosen[key].isfinite().all() for key in wanted):
        raise TrainingError(f"{path} has weights that are not finite")
    try:
        network.load_state_dict({key: chosen[key] for key in wanted})
    except RuntimeError as error:
        what = " ".join(str(error).split())[:160]
        raise TrainingError(f"{path} has no weights of {name}: {what}") from error


def _read_weights(path: Path) -> dict[str, Any]:
    """Read tensors by name; a state dictionary of torch is read without unpickling objects.

    Raises:
        TrainingError: the file cannot be read.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    check_weights_file(path)
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    except (SafetensorError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        # torch's own message advises to run the code in it.
        raise TrainingError(
            f"{path} has no weights that can be read safely: give safetensors, or a state"
            " dictionary of tensors alone"
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(one, torch.Tensor) for one in found.values()
    ):
        raise TrainingError(f"{path} is no table of tensors")
    return found


def check_weights_file(path: Path) -> None:
    """Check that a file of weights can be there, before anything else is read.

    Raises:
        TrainingError: it is no plain file, or too large.
    """
    if not path.is_file():
        raise TrainingError(f"{path} is no file of weights")
    if path.stat().st_size > MAX_WEIGHTS_BYTES:
        raise TrainingError(f"{path} is too large for the weights of a trunk")
