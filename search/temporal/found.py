"""Where in a result each part of a query in time was found."""

from dataclasses import dataclass
from typing import Any

from mvsearch.store.records import Modality, check_span
from mvsearch.store.unicode import printable


@dataclass(frozen=True, slots=True)
class FoundPart:
    """The place of one part of a query in a result.

    Attributes:
        part: its position in the parts of the query.
        name: the part, such as `lyric "take me home"`.
        modality: in which it was found best; None if the video holds nothing to compare it with.
        start_seconds, end_seconds: None without a time, such as for lyrics without times.
        similarity: cosine, raised by words or landmarks; None if there is nothing to compare.
        evidence: -log10 of the share of unrelated videos that have such a moment.
        points: its part of the score, below zero for what is not wanted.
        is_against: whether it is not wanted.
        is_found: whether it is better than chance; one that is not wanted is then in the video.
        text: the lyric line, or the text shown.
    """

    part: int
    name: str
    modality: Modality | None
    start_seconds: float | None
    end_seconds: float | None
    similarity: float | None
    evidence: float
    points: float
    is_against: bool = False
    is_found: bool = True
    text: str = ""

    def __post_init__(self) -> None:
        """Check the times."""
        check_span(self.start_seconds, self.end_seconds)

    def to_dict(self) -> dict[str, Any]:
        """The place in the form of the JSON output."""
        return {
            "part": self.part,
            "name": printable(self.name),
            "modality": self.modality,
            "start_seconds": _round(self.start_seconds, 3),
            "end_seconds": _round(self.end_seconds, 3),
            "similarity": _round(self.similarity, 6),
            "evidence": round(self.evidence, 6),
            "points": round(self.points, 6),
            "is_against": self.is_against,
            "is_found": self.is_found,
            "text": printable(self.text),
        }


def _round(number: float | None, n_digits: int) -> float | None:
    return None if number is None else round(number, n_digits)
