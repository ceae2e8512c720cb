"""An encoder that a library was encoded by, and whether it is in use."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from mvsearch.store.records.embeddings import Modality


@dataclass(frozen=True, slots=True)
class EncoderState:
    """An encoder by which a library was encoded.

    Attributes:
        name: of an encoder, or of a run.
        is_in_use: whether searches use it.
        is_trained: whether a run has made it.
        n_lacking: videos that it has not encoded yet.
        problem: why it cannot be used; empty if it can.
        modality: what it encodes.
        was_before: whether it was in use before the last switch, and can be gone back to.
    """

    name: str
    space: str
    dim: int
    is_in_use: bool
    is_trained: bool
    n_vectors: int
    n_lacking: int
    problem: str = ""
    modality: Modality = "frames"
    was_before: bool = False

    def mark_before(self) -> "EncoderState":
        """The same, in use before the last switch."""
        return replace(self, was_before=True)

    def to_dict(self) -> dict[str, Any]:
        """The encoder as JSON."""
        return asdict(self)
