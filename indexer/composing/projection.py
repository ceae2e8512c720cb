"""Projects a joint vector of pictures and sound to what MusicGen takes in place of words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

TASK = "compose"
_FIRST, _SECOND = "first", "second"


@dataclass(frozen=True, slots=True)
class ProjectionShape:
    """The sizes of a projection.

    Attributes:
        joint: numbers of a joint vector.
        hidden: units of the layer between.
        tokens: vectors that take the place of words.
        width: numbers of each of them, as MusicGen has it.
    """

    joint: int
    hidden: int
    tokens: int
    width: int

    def __post_init__(self) -> None:
        """Check that a stranger's sizes fit in memory."""
        sizes = (self.joint, self.hidden, self.tokens, self.width)
        if not all(isinstance(size, int) and 0 < size <= 8192 for size in sizes):
            raise TrainingError(f"no projection has the sizes {sizes}")


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A trained projection; `first` and `second` are pairs of a matrix and a bias."""

    shape: ProjectionShape
    first: tuple[Matrix, Matrix]
    second: tuple[Matrix, Matrix]

    def project(self, joint: Matrix) -> Matrix:
        """Project a joint vector (joint,) to (tokens, width) float32."""
        hidden = np.tanh(self.first[0] @ joint + self.first[1])
        made: Matrix = (self.second[0] @ hidden + self.second[1]).astype(np.float32)
        return made.reshape(self.shape.tokens, self.shape.width)


def build_projection(shape: ProjectionShape) -> "torch.nn.Module":
    """A module with random weights: (n, joint) float32 → (n, tokens, width)."""
    import torch

    class Layers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(shape.joint, shape.hidden)
            self.second = torch.nn.Linear(shape.hidden, shape.tokens * shape.width)

        def forward(self, joint: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.second(torch.tanh(self.first(joint)))
            return made.reshape(len(joint), shape.tokens, shape.width)

    return Layers()


def read_projection(settings: Mapping[str, Any], tensors: Mapping[str, Matrix]) -> Projection:
    """The projection of the settings and the weights of a run.

    Raises:
        TrainingError: they do not fit each other.
    """
    names = ("joint", "hidden", "tokens", "width")
    shape = ProjectionShape(*(settings.get(name, 0) for name in names))
    wanted = {
        f"{_FIRST}.weight": (shape.hidden, shape.joint),
        f"{_FIRST}.bias": (shape.hidden,),
        f"{_SECOND}.weight": (shape.tokens * shape.width, shape.hidden),
        f"{_SECOND}.bias": (shape.tokens * shape.width,),
    }
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != wanted or not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise TrainingError("the weights of the projection are not those of its card")
    (first, second) = (
        (tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in (_FIRST, _SECOND)
    )
    return Projection(shape, first, second)
