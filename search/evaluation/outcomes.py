"""The outcome of one query with a known answer: ranks and moment errors."""

import math
from dataclasses import dataclass
from typing import Literal

OutcomeKind = Literal["clip", "image", "lyric", "similar"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ranks of the right answers to one query, by one system.

    Attributes:
        source: id of the video that the query was made from; intervals are drawn over these, as
            queries from one video are not independent.
        query: its label, such as `ID@12.3+5`; the same under every distortion and system.
        kind: "clip", "image", "lyric", or "similar" for the report of similar songs.
        distortion: what was done to it, "none" where nothing was.
        seconds: length of a clip; None for other kinds.
        system: "frames", "lyrics" or "audio" alone, or the name of a fusion.
        n_videos: how many videos were ranked against each other.
        n_relevant: how many of these are a right answer.
        relevant_ranks: ranks, from 1 and rising, of the right answers that were found.
        source_rank: rank of the source itself; None where it was not found, or is no answer.
        moment_error_seconds: how far the first moment given in the source lies from the true one,
            the larger of the errors of start and end; None where no time was given or asked for.
        is_moment_asked: whether the query has a true moment.
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
    is_moment_asked: bool = False

    def __post_init__(self) -> None:
        """Check that the ranks are ranks."""
        ranks = self.relevant_ranks
        if list(ranks) != sorted(set(ranks)) or (ranks and ranks[0] < 1):
            raise ValueError(f"ranks rise from 1, without ties: {ranks}")
        if not 0 <= len(ranks) <= self.n_relevant <= self.n_videos:
            raise ValueError(
                f"{len(ranks)} found of {self.n_relevant} relevant of {self.n_videos} videos"
            )
        error = self.moment_error_seconds
        if error is not None and not (math.isfinite(error) and error >= 0):
            raise ValueError(f"an error is finite and not negative: {error}")
