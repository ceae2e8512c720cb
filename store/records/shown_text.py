"""Lines of text that the picture of a video shows."""

from dataclasses import dataclass
from typing import Any

from mvsearch.store.records.times import check_span
from mvsearch.store.unicode import printable

MAX_LINE_LETTERS = 300


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of text in the picture, from when it is first seen until it is gone.

    Attributes:
        text: not empty, at most `MAX_LINE_LETTERS` letters.
        probability: that it was read right, by the reader, from 0 to 1.
        is_moving: whether it rolls or crawls, as credits and tickers do.
    """

    text: str
    start_seconds: float
    end_seconds: float
    probability: float
    is_moving: bool = False

    def __post_init__(self) -> None:
        """Check text, times and probability."""
        check_span(self.start_seconds, self.end_seconds)
        if not 0 < len(self.text) <= MAX_LINE_LETTERS:
            raise ValueError(f"a shown line has 1 to {MAX_LINE_LETTERS} letters")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability is from 0 to 1: {self.probability}")

    def to_dict(self) -> dict[str, Any]:
        """The line in the form of the JSON output."""
        return {
            "start_seconds": self.start_seconds,
            "end_seconds": self.end_seconds,
            "text": printable(self.text),
            "probability": round(self.probability, 3),
            "is_moving": self.is_moving,
        }
