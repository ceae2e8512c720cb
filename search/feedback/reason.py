"""What of a result's score comes from feedback."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mvsearch.store.records import Modality
from mvsearch.store.unicode import printable

NAMES: Mapping[Modality, str] = {
    "frames": "look",
    "lyrics": "lyrics",
    "audio": "sound",
    "ocr": "text in picture",
}


@dataclass(frozen=True, slots=True)
class Feedback:
    """The points of a result that come from feedback, and the judgement with the most of them.

    Attributes:
        points: by modality, log10 of how much more probable the judgements make the video than an
            indifferent user; their sum is part of the score.
        video_id, title: of the judged video whose judgement has the most points.
        is_liked: whether that one is liked.
    """

    points: dict[Modality, float] = field(default_factory=dict)
    video_id: str = ""
    title: str = ""
    is_liked: bool = True

    @property
    def total(self) -> float:
        """The sum of the points."""
        return sum(self.points.values())

    def describe(self) -> str:
        """In words: `feedback +0.62: look +0.50, sound +0.12; most by liked Paper Moon`."""
        parts = ", ".join(f"{NAMES[m]} {one:+.2f}" for m, one in self.points.items())
        said = f"feedback {self.total:+.2f}"
        if parts:
            said += f": {parts}"
        if self.title:
            said += f"; most by {'liked' if self.is_liked else 'disliked'} {printable(self.title)}"
        return said

    def to_dict(self) -> dict[str, Any]:
        """The reason in the form of the JSON output."""
        return {
            "points": {modality: round(one, 6) for modality, one in self.points.items()},
            "video_id": self.video_id,
            "title": printable(self.title),
            "is_liked": self.is_liked,
        }
