"""The protocol of readers of text in frames, and what they read."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Box:
    """Where text stands, in shares of the width and the height of a frame."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Its height, a share of that of the frame."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle, across and down."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap_rows(self, other: "Box") -> float:
        """The height that both share, in shares of the lower one."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, shared) / max(min(self.height, other.height), 1e-6)

    def unite(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A line of text in one frame.

    Attributes:
        probability: by the reader, from 0 to 1.
    """

    text: str
    probability: float
    box: Box


class TextReader(Protocol):
    """Reads text in frames; one thread uses it at a time."""

    @property
    def key(self) -> str:
        """Name and revision; the revision changes whenever the readings do."""

    def shows_text(self, frame: Frame) -> bool:
        """Whether a frame (height, width, 3) RGB shows any text; a fraction of the cost of `read`.

        It may be wrong where letters are small.
        """

    def read(self, frame: Frame) -> tuple[Reading, ...]:
        """Read the lines of a frame (height, width, 3) RGB, from top to bottom.

        Time and number are bounded, whatever the frame shows.
        """
