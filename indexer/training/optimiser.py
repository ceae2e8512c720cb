"""Makes the optimiser of a training."""

from typing import TYPE_CHECKING

from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.store.errors import TrainingError

if TYPE_CHECKING:
    import torch


def make_optimiser(network: "torch.nn.Module", options: TrainingOptions) -> "torch.optim.Optimizer":
    """Make the optimiser of all parameters that are not frozen.

    Raises:
        TrainingError: there is none.
    """
    import torch

    wanted = [one for one in network.parameters() if one.requires_grad]
    if not wanted:
        raise TrainingError("all of the network is frozen: nothing is left to train")
    decay = options.weight_decay
    if options.optimiser == "adamw":
        return torch.optim.AdamW(wanted, lr=options.learning_rate, weight_decay=decay)
    return torch.optim.SGD(
        wanted, lr=options.learning_rate, momentum=options.momentum, weight_decay=decay
    )
