"""The result of an evaluation: the outcomes of its queries, and hub counts."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.evaluation.metrics import skewness
from mvsearch.search.evaluation.outcomes import JOINT_KINDS, Outcome
from mvsearch.store.records import MODALITIES

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hubness:
    """The k-occurrence of each video: how often it is among the first k in rankings of the others.

    Attributes:
        k: length of the rankings.
        names: display names of the videos.
        counts: k-occurrence of each, in the order of the names.
        n_rankings: number of rankings.
    """

    k: int
    names: tuple[str, ...]
    counts: tuple[int, ...]
    n_rankings: int

    def __post_init__(self) -> None:
        """Check that every video has its count, and that none exceeds the rankings."""
        if self.k < 1 or len(self.names) != len(self.counts):
            raise ValueError(f"k {self.k}, {len(self.names)} names, {len(self.counts)} counts")
        if any(not 0 <= count <= self.n_rankings for count in self.counts):
            raise ValueError(f"a video occurs once in a ranking at most, of {self.n_rankings}")

    @property
    def skewness(self) -> float:
        """The skewness of the counts; 0 if all are equal."""
        return skewness(self.counts)

    def expect_skewness(self) -> float:
        """The skewness of the counts under random order.

        Each of the n - 1 other rankings contains a video with probability p = k / (n - 1), so its
        count is binomial: (1 - 2p) / sqrt((n - 1) p (1 - p)); 0 if all are in every ranking.
        """
        n_others = max(len(self.names) - 1, 1)
        share = min(self.k / n_others, 1.0)
        spread = math.sqrt(n_others * share * (1.0 - share))
        return (1.0 - 2.0 * share) / spread if spread > 0 else 0.0

    def expect_occurrences(self, n: int) -> FloatArray:
        """The expected number of videos with counts 0, 1 … n - 1 under random order.

        Returns:
            (n,) of the binomial of `expect_skewness`, times the number of videos.
        """
        n_others = max(len(self.names) - 1, 1)
        share = min(self.k / n_others, 1.0)
        counts = range(min(n, n_others + 1))
        chances = [
            math.comb(n_others, c) * share**c * (1 - share) ** (n_others - c) for c in counts
        ]
        return np.pad(np.array(chances), (0, n - len(chances))) * len(self.names)

    @property
    def largest_share(self) -> float:
        """The share of the rankings that contain the most frequent video."""
        return max(self.counts, default=0) / max(self.n_rankings, 1)

    @property
    def mean_share(self) -> float:
        """The mean share of the rankings that contain a video."""
        return sum(self.counts) / max(len(self.counts) * self.n_rankings, 1)

    def list_largest(self, n: int = 5) -> list[tuple[str, int]]:
        """The most frequent videos, ties by name."""
        paired = sorted(zip(self.names, self.counts, strict=True), key=lambda p: (-p[1], p[0]))
        return paired[:n]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcomes of queries with known answers on a library under one profile.

    Attributes:
        library: its name.
        profile: of its encoders.
        seed: of the sample of queries, and of the intervals.
        n_videos: in the library.
        outcomes: of all queries, distortions and systems.
        hubness: of the similar-songs report; None without it.
        notes: remarks, such as the number of failed queries.
        fusion: the main fusion; None uses the first of the outcomes.
    """

    library: str
    profile: str
    seed: int
    n_videos: int
    outcomes: tuple[Outcome, ...]
    hubness: Hubness | None = None
    notes: tuple[str, ...] = ()
    fusion: str | None = None

    def list_systems(self) -> tuple[str, ...]:
        """The systems of the outcomes: modalities in their order, then fusions and joint spaces."""
        asked = dict.fromkeys(outcome.system for outcome in self.outcomes)
        single = [modality for modality in MODALITIES if modality in asked]
        return (*single, *(system for system in asked if system not in MODALITIES))

    def name_fusion(self) -> str | None:
        """The main fusion; None if no fusion was run."""
        asked = [o.system for o in self.outcomes if o.kind not in JOINT_KINDS]
        fusions = dict.fromkeys(system for system in asked if system not in MODALITIES)
        return self.fusion if self.fusion in fusions else next(iter(fusions), None)
