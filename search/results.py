"""The results of a search: videos, scores, contributions and moments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from mvsearch.search.feedback.reason import Feedback
from mvsearch.search.temporal.found import FoundPart
from mvsearch.store.records import Modality, Mood, Video, check_span
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.search.feedback.records import FeedbackSession
    from mvsearch.search.options import SearchOptions
    from mvsearch.search.query.query import Query


@dataclass(frozen=True, slots=True)
class Moment:
    """A time range of a video that matches a query.

    Attributes:
        start_seconds, end_seconds: None for lyrics without times, or if the position of a clip is
            uncertain.
        support: probability that the clip lies here, 0 to 1; None without alignment.
        rate: seconds of video per second of clip; 1.1 if the clip plays faster.
        words: of the lyrics that match words of the query, allowing for typing errors.
        sounds_like: the part of the lyrics that sounds like the query, where that tells more than
            the words; else empty.
        is_calibrated: whether the encoder has operating points; otherwise every video gets a
            position without support.
        peaks: of a moment by landmarks, how many spectral peaks agree, and of how many.
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
    peaks: tuple[int, int] | None = None
    sounds_like: str = ""

    def __post_init__(self) -> None:
        """Check the times, and that support is a probability."""
        check_span(self.start_seconds, self.end_seconds)
        if self.support is not None and not 0 <= self.support <= 1:
            raise ValueError(f"support is from 0 to 1: {self.support}")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"a rate is above zero: {self.rate}")

    @property
    def is_unclear(self) -> bool:
        """Whether a clip was aligned and its position is uncertain."""
        return self.support is not None and self.start_seconds is None

    def to_dict(self) -> dict[str, Any]:
        """The moment in the form of the JSON output."""
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
            **({} if self.peaks is None else {"peaks": list(self.peaks)}),
            **({"sounds_like": printable(self.sounds_like)} if self.sounds_like else {}),
        }


@dataclass(frozen=True, slots=True)
class Contribution:
    """The contribution of one modality to a result.

    Attributes:
        similarity: cosine.
        weight: its share of the score.
        calibrated: the surprisal of the similarity, -log10 of the share of unrelated content that
            reaches it.
        points: its part of the score. With calibrated fusion the score also contains a neutral part
            for missing modalities.
    """

    similarity: float
    weight: float
    calibrated: float
    points: float

    def to_dict(self) -> dict[str, float]:
        """The contribution in the form of the JSON output."""
        return {
            "similarity": round(self.similarity, 6),
            "calibrated": round(self.calibrated, 6),
            "weight": round(self.weight, 6),
            "points": round(self.points, 6),
        }


@dataclass(frozen=True, slots=True)
class MoodFit:
    """Why a video is a result by mood.

    Attributes:
        asked: the mood of the query.
        found: the mood of the video: of its sound for a picture, of its picture for a sound.
        similarity: of both in their joint space, 0 to 1.
    """

    asked: Mood
    found: Mood
    similarity: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names that both moods have."""
        return tuple(name for name in self.asked.names if name in self.found.names)

    def describe(self) -> str:
        """Both in words and numbers: `both calm: valence .78 and .74, arousal .21 and .30`."""
        one, other = self.asked, self.found
        apart = f"{' and '.join(one.names)} beside {' and '.join(other.names)}"
        said = f"both {' and '.join(self.names)}" if self.names else apart
        valence = f"valence {_write_share(one.valence)} and {_write_share(other.valence)}"
        arousal = f"arousal {_write_share(one.arousal)} and {_write_share(other.arousal)}"
        trust = f"confidence {_write_share(one.confidence)} and {_write_share(other.confidence)}"
        return f"{said}: {valence}, {arousal} ({trust})"

    def to_dict(self) -> dict[str, Any]:
        """The reason in the form of the JSON output."""
        return {
            "asked": self.asked.to_dict(),
            "found": self.found.to_dict(),
            "similarity": round(self.similarity, 6),
            "names": list(self.names),
            "text": self.describe(),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A video found by a query, with the reasons.

    Attributes:
        is_weak: whether it is no better than chance among so many videos.
        copies: near-duplicates that rank below it and have no result of their own.
        source_of: "frames" or "audio" where picture and sound of the query are from two videos, and
            this is the one that the picture or the sound is from; both come first.
        mood: why it fits by mood; None for a result by anything else.
        parts: where each part of a query in time was found, in the query's order.
        feedback: what of the score comes from likes and dislikes; None in a search without.
    """

    rank: int
    score: float
    video: Video
    contributions: dict[Modality, Contribution] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    is_weak: bool = False
    copies: tuple[Video, ...] = ()
    source_of: Modality | None = None
    mood: MoodFit | None = None
    parts: tuple[FoundPart, ...] = ()
    feedback: Feedback | None = None

    @property
    def best_moment(self) -> Moment | None:
        """The first moment with a time, which is where to look first; None where there is none."""
        return next((m for m in self.moments if m.start_seconds is not None), None)

    def to_dict(self) -> dict[str, Any]:
        """The result in the form of the JSON output."""
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
            **({} if self.source_of is None else {"source_of": self.source_of}),
            **({} if self.mood is None else {"mood": self.mood.to_dict()}),
            **({"parts": [part.to_dict() for part in self.parts]} if self.parts else {}),
            **({} if self.feedback is None else {"feedback": self.feedback.to_dict()}),
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """A piece of a query beside the piece of a video that matches it best.

    Attributes:
        part: position of the part of the query.
        asked_video_id: the video that the part names; None for words and media.
        asked_start_seconds, asked_end_seconds: of the piece in its video or file; None for words,
            pictures and lyrics without times.
        asked_text: words, or the lyric line.
        start_seconds, end_seconds: in the video; None for lyrics without times.
        text: the lyric line.
        similarity: cosine, raised by words of lyrics that are the same.
        words: of the text that match words of the query.
        sounds_like: see `Moment`.
    """

    part: int
    modality: Modality
    asked_video_id: str | None
    asked_start_seconds: float | None
    asked_end_seconds: float | None
    asked_text: str
    start_seconds: float | None
    end_seconds: float | None
    text: str
    similarity: float
    words: tuple[str, ...] = ()
    sounds_like: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The pair in the form of the JSON output."""
        return {
            "part": self.part,
            "modality": self.modality,
            "asked": {
                "video_id": self.asked_video_id,
                "start_seconds": _round(self.asked_start_seconds, 3),
                "end_seconds": _round(self.asked_end_seconds, 3),
                "text": printable(self.asked_text),
            },
            "start_seconds": _round(self.start_seconds, 3),
            "end_seconds": _round(self.end_seconds, 3),
            "text": printable(self.text),
            "similarity": round(self.similarity, 6),
            "words": [printable(word) for word in self.words],
            **({"sounds_like": printable(self.sounds_like)} if self.sounds_like else {}),
        }


@dataclass(frozen=True, slots=True)
class SearchResults(Sequence[Result]):
    """The results of a search, best first, with the query.

    Attributes:
        options: of the search, including the chosen fusion.
        notes: lines for the user on what the query cannot find.
        session: that they are the last list of; None for a search without feedback.
    """

    query: "Query"
    options: "SearchOptions"
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    session: "FeedbackSession | None" = None

    @overload
    def __getitem__(self, at: int) -> Result: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Result, ...]: ...

    def __getitem__(self, at: int | slice) -> Result | tuple[Result, ...]:
        """A result, or a slice of the results."""
        return self.results[at]

    def __len__(self) -> int:
        """The number of results."""
        return len(self.results)

    def to_dict(self) -> dict[str, Any]:
        """The output of `mvsearch search --json`: the query and the results."""
        asked = {**self.query.to_dict(), **self.options.to_dict()}
        return {
            "query": asked,
            "results": [result.to_dict() for result in self.results],
            "notes": list(self.notes),
            **({} if self.session is None else {"session": self.session.to_dict()}),
        }


def _write_share(number: float) -> str:
    """A number from 0 to 1 with two digits: `.78`, `1.0`."""
    text = f"{number:.2f}"
    return text[1:] if number < 0.995 else "1.0"


def _round(number: float | None, n_digits: int) -> float | None:
    return None if number is None else round(number, n_digits)
