"""The protocol of what the loop trains, and the description of its data."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

# A value of a run's configuration.
Setting = str | int | float | bool | list[str] | list[int] | list[float]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The data of a training, for its configuration and its card.

    Attributes:
        fingerprint: of all items and labels: other data, another fingerprint.
        description: where the data come from, in one line.
        split: how the parts were chosen, in one line.
        licence: of the data.
        counts: items of each part, and whatever else there is to count.
    """

    fingerprint: str
    description: str
    split: str
    licence: str
    counts: Mapping[str, int] = field(default_factory=dict)


class Task(Protocol):
    """What the loop trains.

    The same task gives the same network: it draws at random only from what it is given, or from
    torch's generator, which the loop seeds before `build` and before each epoch.

    Attributes:
        name: of the kind of training, such as "songs".
        settings: everything beside `TrainingOptions` that decides about the weights.
        data: what it trains on.
        watched: name of the figure of `validate` by which the best epoch is chosen.
        is_higher_better: whether a higher watched figure is better.
    """

    name: str
    watched: str
    is_higher_better: bool

    @property
    def settings(self) -> Mapping[str, Setting]:
        """See the attributes."""

    @property
    def data(self) -> TrainingData:
        """See the attributes."""

    def build(self) -> "torch.nn.Module":
        """Make the network with its first weights; its `state_dict` is what is stored."""

    def count_batches(self) -> int:
        """The number of batches of an epoch."""

    def draw_batches(self, generator: np.random.Generator) -> Iterable[Any]:
        """The batches of one epoch in a random order, on the CPU."""

    def compute_losses(
        self, network: "torch.nn.Module", batch: Any, device: str
    ) -> Mapping[str, "torch.Tensor"]:
        """The weighted terms of the loss of a batch, by name; their sum is minimised."""

    def validate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """Figures on the validation part after an epoch; among them the watched one."""

    def evaluate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """Figures of the best weights for the card, also on parts that nothing was chosen by."""

    def make_files(self, network: "torch.nn.Module") -> Mapping[str, bytes]:
        """What else the run folder gets of the best weights before its card, by name of the file.

        `RunFolder.clear` must know the names.
        """


def shuffle_rows(n_items: int, batch_size: int, generator: np.random.Generator) -> Iterator[Rows]:
    """The numbers of items in random order, in batches; the last one may be smaller.

    None has one item alone where there are more, as that has no statistics of a batch.
    """
    order = generator.permutation(n_items)
    begins = list(range(0, n_items, batch_size))
    if batch_size > 2 and n_items % batch_size == 1 and len(begins) > 1:
        begins[-1] -= 1
    yield from np.split(order, begins[1:])
