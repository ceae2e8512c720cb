"""The results of a search: videos, scores, contributions and moments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from mvsearch.store.records import Modality, Video, check_span
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.search.options import SearchOptions
    from mvsearch.search.query.query import Query


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a video that answers a query.

    Attributes:
        start_seconds, end_seconds: None where lyrics have no times, or where a clip is not
            supported to lie at any.
        support: how certain it is that a clip lies here, 0 to 1; None for what is not aligned.
        rate: seconds of the video in a second of the clip; 1.1 where the clip plays faster.
        words: those sung there that the query asks for, or spells alike.
        is_calibrated: whether the encoder can tell a clip's own video from another; otherwise a
            clip is placed in any video, without a support.
    """

    video_id: str
    modality: Modality
    start_seconds: float | None
    end_seconds: float | None
    similarity: float
    text: str = ""
    support: float | None = None
    rate: float = 1.0
    words: tuple[str, ...] = ()
    is_calibrated: bool = True

    def __post_init__(self) -> None:
        """Check the times, and that support is a probability."""
        check_span(self.start_seconds, self.end_seconds)
        if self.support is not None and not 0 <= self.support <= 1:
            raise ValueError(f"support is from 0 to 1: {self.support}")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"a rate is above zero: {self.rate}")

    @property
    def is_unclear(self) -> bool:
        """Whether a clip was looked for and no time is supported."""
        return self.support is not None and self.start_seconds is None

    def to_dict(self) -> dict[str, Any]:
        """The moment as the JSON contract has it."""
        return {
            "modality": self.modality,
            "start_seconds": _round(self.start_seconds, 3),
            "end_seconds": _round(self.end_seconds, 3),
            "similarity": round(self.similarity, 6),
            "text": printable(self.text),
            "support": _round(self.support, 3),
            "rate": round(self.rate, 3),
            "words": [printable(word) for word in self.words],
            "is_calibrated": self.is_calibrated,
        }


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one modality gave to a result.

    Attributes:
        similarity: cosine.
        weight: its share of the score.
        calibrated: the surprisal of the similarity, -log10 of the share of unrelated content that
            reaches it.
        points: what it adds to the score, by the fusion in use. The score is the sum of these and,
            by the calibrated fusion, of the neutral rest for what the video lacks.
    """

    similarity: float
    weight: float
    calibrated: float
    points: float

    def to_dict(self) -> dict[str, float]:
        """The contribution as the JSON contract has it."""
        return {
            "similarity": round(self.similarity, 6),
            "calibrated": round(self.calibrated, 6),
            "weight": round(self.weight, 6),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A video that answers a query, and why.

    Attributes:
        is_weak: whether chance alone would find as good a one among so many videos.
        copies: near-duplicates that rank below it and are not shown for themselves.
    """

    rank: int
    score: float
    video: Video
    contributions: dict[Modality, Contribution] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    is_weak: bool = False
    copies: tuple[Video, ...] = ()

    @property
    def best_moment(self) -> Moment | None:
        """The first moment with a time, which is where to look first; None where there is none."""
        return next((m for m in self.moments if m.start_seconds is not None), None)

    def to_dict(self) -> dict[str, Any]:
        """The result as the JSON contract has it."""
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "is_weak": self.is_weak,
            "video": self.video.to_dict(),
            "contributions": {
                modality: one.to_dict() for modality, one in self.contributions.items()
            },
            "moments": [moment.to_dict() for moment in self.moments],
            "copies": [copy.to_dict() for copy in self.copies],
        }


@dataclass(frozen=True, slots=True)
class SearchResults(Sequence[Result]):
    """The results of a search, best first, with what was asked.

    Attributes:
        options: as they were used; the fusion is never left open.
    """

    query: "Query"
    options: "SearchOptions"
    results: tuple[Result, ...]

    @overload
    def __getitem__(self, at: int) -> Result: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Result, ...]: ...

    def __getitem__(self, at: int | slice) -> Result | tuple[Result, ...]:
        """A result, or some of them."""
        return self.results[at]

    def __len__(self) -> int:
        """How many results there are."""
        return len(self.results)

    def to_dict(self) -> dict[str, Any]:
        """What `mvsearch search --json` prints: what was asked, and the results."""
        asked = {**self.query.to_dict(), **self.options.to_dict()}
        return {"query": asked, "results": [result.to_dict() for result in self.results]}


def _round(number: float | None, n_digits: int) -> float | None:
    return None if number is None else round(number, n_digits)
