"""The options of a search: fusion method, weights and number of results."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast, get_args

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.spaces import By
from mvsearch.search.query.weights import Weights, check_weights
from mvsearch.search.scoring.fusion import Fusion, choose_weights
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Modality


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How results are scored and how many are returned.

    Attributes:
        weights: of the modalities; None for the library's default.
        fusion: "calibrated" mean of surprisals, "weighted" mean of cosines, or "rrf", reciprocal
            rank fusion.
        n_moments: maximum number of moments per modality in a result.
        has_collapse: whether near-duplicates are listed under the best of them.
        per_artist: maximum number of results per artist; None for no limit.
        by: whether pictures are searched for the same shot, "copy", or for similar content,
            "look"; None chooses by the part of the query.
        has_misheard: whether lyric lines are also found by how they sound.
    """

    weights: Weights | None = None
    fusion: Fusion = "calibrated"
    top: int = 10
    n_moments: int = 3
    has_collapse: bool = False
    per_artist: int | None = None
    by: By | None = None
    has_misheard: bool = True

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.fusion not in get_args(Fusion):
            raise QueryError(f"fusion is {' or '.join(get_args(Fusion))}, not {self.fusion!r}")
        if self.by not in (None, *get_args(By)):
            raise QueryError(f"pictures are compared by copy or look, not by {self.by!r}")
        if self.top < 1:
            raise QueryError(f"the number of results is at least 1, not {self.top}")
        if self.per_artist is not None and self.per_artist < 1:
            raise QueryError(f"an artist has at least 1 result, not {self.per_artist}")
        if self.weights is not None:
            check_weights(self.weights)

    def to_dict(self) -> dict[str, Any]:
        """The options in the form of the JSON output; weights are None if not given."""
        weights = None if self.weights is None else dict(self.weights)
        spelled = {} if self.has_misheard else {"misheard": False}
        return {"weights": weights, "fusion": self.fusion, "by": self.by, **spelled}

    def choose_weights(self, modalities: Collection[Modality]) -> Weights:
        """The given weights, else the default for a library with these modalities."""
        return self.weights or choose_weights(modalities, self.fusion)

    @property
    def is_picky(self) -> bool:
        """Whether some videos are skipped, so that results may come from far down the ranking."""
        return self.has_collapse or self.per_artist is not None


def choose_fusion(encoders: Encoders | None, asked: Fusion | None = None) -> Fusion:
    """The given fusion, else that of the profile, else the default.

    Raises:
        QueryError: the fusion is unknown.
    """
    own = None if encoders is None else encoders.profile.fusion
    chosen = own if asked is None else asked
    return (
        SearchOptions() if chosen is None else SearchOptions(fusion=cast(Fusion, chosen))
    ).fusion
