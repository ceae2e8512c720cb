"""An encoder by which a library compares frames, and whether it is in use."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FrameEncoderState:
    """An encoder by which the library compares what frames look like.

    Attributes:
        name: of a run, or that of the profile's own encoder.
        is_in_use: whether searches use it.
        is_trained: whether a run has made it.
        n_lacking: videos whose frames it has not encoded yet.
        problem: why it cannot be used; empty if it can.
    """

    name: str
    space: str
    dim: int
    is_in_use: bool
    is_trained: bool
    n_vectors: int
    n_lacking: int
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The encoder as JSON."""
        return asdict(self)
