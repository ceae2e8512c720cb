"""The options of a search: fusion method, weights and number of results."""

from dataclasses import dataclass
from typing import Any, cast, get_args

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.weights import Weights, check_weights
from mvsearch.search.scoring.fusion import Fusion
from mvsearch.store.errors import QueryError


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How results are scored and how many are given.

    Attributes:
        weights: of the modalities; None for the library's default.
        fusion: "calibrated" mean of surprisals, "weighted" mean of cosines, or "rrf", reciprocal
            rank fusion.
        n_moments: at most so many of each modality in a result.
        has_collapse: whether near-duplicates come under the best of them and count once.
        per_artist: at most so many results of one artist; None for any number.
    """

    weights: Weights | None = None
    fusion: Fusion = "calibrated"
    top: int = 10
    n_moments: int = 3
    has_collapse: bool = False
    per_artist: int | None = None

    def __post_init__(self) -> None:
        """Refuse what has no answer."""
        if self.fusion not in get_args(Fusion):
            raise QueryError(f"fusion is {' or '.join(get_args(Fusion))}, not {self.fusion!r}")
        if self.top < 1:
            raise QueryError(f"the number of results is at least 1, not {self.top}")
        if self.per_artist is not None and self.per_artist < 1:
            raise QueryError(f"an artist has at least 1 result, not {self.per_artist}")
        if self.weights is not None:
            check_weights(self.weights)

    def to_dict(self) -> dict[str, Any]:
        """How was asked, as the JSON contract echoes it; weights are None where none were given."""
        weights = None if self.weights is None else dict(self.weights)
        return {"weights": weights, "fusion": self.fusion}

    @property
    def is_picky(self) -> bool:
        """Whether some videos are passed over, so that nobody knows how far down results reach."""
        return self.has_collapse or self.per_artist is not None


def choose_fusion(encoders: Encoders, asked: Fusion | None = None) -> Fusion:
    """The fusion asked for, else the profile's own, else the one that serves best.

    Raises:
        QueryError: the profile names none that there is.
    """
    own = SearchOptions().fusion if encoders.profile.fusion is None else encoders.profile.fusion
    chosen = own if asked is None else asked
    if chosen not in get_args(Fusion):
        raise QueryError(f"fusion is {' or '.join(get_args(Fusion))}, not {chosen!r}")
    return cast(Fusion, chosen)
