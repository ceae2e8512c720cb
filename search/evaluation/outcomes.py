"""The outcome of one query with a known answer: ranks and moment errors."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FirstResult:
    """The first result of a query.

    Attributes:
        surprisal: the highest of its modalities.
        is_weak: whether it is marked as no better than chance.
    """

    surprisal: float
    is_weak: bool


OutcomeKind = Literal[
    "clip", "image", "lyric", "mix", "in-time", "similar", "own-sound", "quadrant", "feedback"
]
# Asked in each joint space, not by modalities and fusions.
JOINT_KINDS: frozenset[OutcomeKind] = frozenset({"own-sound", "quadrant"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ranks of the right answers to one query, by one system.

    Attributes:
        source: id of the video of the query; intervals resample by it, because queries from one
            video are not independent.
        query: its label, such as `ID@12.3+5`; the same under every distortion and system.
        kind: "clip", "image", "lyric", "mix", "in-time"; "similar" for the report of similar songs;
            "own-sound" for the picture of a video that asks for its sound, "quadrant" for one that
            asks for sound of its quadrant of valence and arousal; "feedback" for a user who
            remembers a tag, a mood or a word of a video.
        distortion: its name; "none" for undistorted queries.
        seconds: length of a clip; None for other kinds.
        system: "frames", "lyrics" or "audio" alone, or the name of a fusion or a joint space.
        n_videos: number of ranked videos.
        n_relevant: number of right answers among them.
        relevant_ranks: ascending ranks, from 1, of the right answers found.
        source_rank: rank of the source; None if it was not found, or is not a right answer.
        moment_error_seconds: error of the first moment in the source, the larger of those of start
            and end; None without a moment or a true moment.
        part_errors_seconds: of a query in time, the same error of its still, and of its line; None
            for one that was given no time. Empty for other kinds.
        is_moment_asked: whether the query has a true moment.
        first: the first result; None where there was none, or nobody asked.
        is_both_first: of a mix, whether the video of its picture and that of its sound are the
            first two; None for other kinds, and where not both are compared.
        is_told_two: whether the result says that picture and sound are from two videos, of a mix
            from these two; None where not both are compared.
        absent: the first result of the same query with its source and all right answers hidden;
            None where there was none, or nobody asked.
        lists: the lists of ten until the source is in one, without feedback and with it; None for
            other kinds.
    """

    source: str
    query: str
    kind: OutcomeKind
    distortion: str
    seconds: float | None
    system: str
    n_videos: int
    n_relevant: int
    relevant_ranks: tuple[int, ...]
    source_rank: int | None = None
    moment_error_seconds: float | None = None
    part_errors_seconds: tuple[float | None, ...] = ()
    is_moment_asked: bool = False
    first: FirstResult | None = None
    absent: FirstResult | None = None
    is_both_first: bool | None = None
    is_told_two: bool | None = None
    lists: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Validate ranks, counts and the error."""
        ranks = self.relevant_ranks
        if list(ranks) != sorted(set(ranks)) or (ranks and ranks[0] < 1):
            raise ValueError(f"ranks rise from 1, without ties: {ranks}")
        if not 0 <= len(ranks) <= self.n_relevant <= self.n_videos:
            raise ValueError(
                f"{len(ranks)} found of {self.n_relevant} relevant of {self.n_videos} videos"
            )
        for error in (self.moment_error_seconds, *self.part_errors_seconds):
            if error is not None and not (math.isfinite(error) and error >= 0):
                raise ValueError(f"an error is finite and not negative: {error}")
