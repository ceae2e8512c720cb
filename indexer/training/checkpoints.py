"""Stores networks and optimisers as safetensors files, each written as a whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvsearch.store.errors import TrainingError
from mvsearch.store.own_files import write_own

if TYPE_CHECKING:
    import torch

# Longer ones are not ours: the largest network here has 0.4 GB, its optimiser twice that.
MAX_BYTES = 8 * 2**30
NETWORK, OPTIMISER = "network.", "optimiser."
STATE = "state"
# What an optimiser of torch keeps of each weight, and cannot do without.
MOMENTS = {"AdamW": frozenset(("step", "exp_avg", "exp_avg_sq"))}


def save_tensors(
    path: Path, tensors: Mapping[str, "torch.Tensor"], state: Mapping[str, Any] | None = None
) -> None:
    """Write tensors, and a state of plain values in the header of the same file.

    Raises:
        TrainingError: the disk refuses; the old file stays.
    """
    from safetensors.torch import save

    # Copies: tied weights share memory, which the format refuses.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    content = save(plain, None if state is None else {STATE: json.dumps(state, allow_nan=False)})
    try:
        write_own(path, content)
    except OSError as error:
        raise TrainingError(
            f"{path} cannot be written: {error.strerror}; what was written before is kept"
        ) from error


def load_tensors(path: Path) -> tuple[dict[str, "torch.Tensor"], dict[str, Any]]:
    """Read tensors and state.

    Raises:
        TrainingError: the file is missing, damaged or too large.
    """
    from safetensors import SafetensorError, safe_open

    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            raise TrainingError(f"{path} is a link or too large: no file of a training")
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {}).get(STATE, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    except (SafetensorError, ValueError, RecursionError) as error:
        raise TrainingError(f"{path} is damaged: {str(error).splitlines()[0]}") from error
    if not isinstance(state, dict):
        raise TrainingError(f"{path} is damaged: its state is no table")
    return tensors, state


def save_checkpoint(
    path: Path,
    network: "torch.nn.Module",
    optimiser: "torch.optim.Optimizer",
    state: Mapping[str, Any],
) -> None:
    """Write all that a training needs to go on after an epoch.

    Raises:
        TrainingError: the disk refuses.
    """
    import torch

    tensors = {f"{NETWORK}{name}": tensor for name, tensor in network.state_dict().items()}
    for place, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{OPTIMISER}{place}.{name}"] = value
    save_tensors(path, tensors, state)


def load_checkpoint(
    path: Path, network: "torch.nn.Module", optimiser: "torch.optim.Optimizer"
) -> dict[str, Any]:
    """Give a network and an optimiser what `save_checkpoint` stored, and return the state.

    Raises:
        TrainingError: the file is damaged, or of another network.
    """
    tensors, state = load_tensors(path)
    load_network(path, network, _select(tensors, NETWORK))
    values: dict[int, dict[str, Any]] = {}
    try:
        for key, tensor in _select(tensors, OPTIMISER).items():
            place, _, name = key.partition(".")
            values.setdefault(int(place), {})[name] = tensor
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": values, "param_groups": groups})
        _check_state(optimiser)
    except (ValueError, KeyError, RuntimeError) as error:
        raise TrainingError(f"{path} has another optimiser: {error}") from error
    return state


def _check_state(optimiser: "torch.optim.Optimizer") -> None:
    """Check that a loaded optimiser can take a step.

    Raises:
        ValueError: it cannot.
    """
    wanted = MOMENTS.get(type(optimiser).__name__, frozenset())
    for parameter, values in optimiser.state.items():
        if not wanted <= set(values):
            raise ValueError("a moment is missing")
        if any(value.shape not in ((), parameter.shape) for value in values.values()):
            raise ValueError("a moment has another shape than its weights")


def load_network(
    path: Path, network: "torch.nn.Module", tensors: Mapping[str, "torch.Tensor"]
) -> None:
    """Give a network its tensors.

    Raises:
        TrainingError: they are those of another network; `path` is for the message.
    """
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        what = " ".join(str(error).split())[:200]
        raise TrainingError(f"{path} has another network: {what}") from error


def _select(tensors: Mapping[str, "torch.Tensor"], prefix: str) -> dict[str, "torch.Tensor"]:
    """The tensors whose names have a prefix, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
