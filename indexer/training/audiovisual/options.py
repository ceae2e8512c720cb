"""The options of `train audiovisual`."""

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from mvsearch.indexer.training.options import TrainingOptions, check_number
from mvsearch.indexer.training.task import Setting
from mvsearch.store.errors import TrainingError

Start = Literal["correlation", "random"]

# A run without other wishes; tuned on folds that no reported figure is of.
TRAINING = TrainingOptions(
    epochs=30,
    batch_size=32,
    optimiser="adamw",
    learning_rate=1e-3,
    schedule="cosine",
    weight_decay=0.01,
    patience=10,
)


@dataclass(frozen=True, slots=True)
class AudiovisualOptions:
    """What the two towers are, and how they are trained.

    Attributes:
        dim: of the shared space.
        n_directions: of most variance that are kept of either side.
        shrinkage: of the whitening; see `correlation.whiten`.
        start: the first weights: the most correlated projections of the training part, or random.
        semantic_weight: of the contrast with other videos; 0 leaves it out.
        temporal_weight: of the contrast with other times of the same video; 0 leaves it out.
        windows_a_video: drawn of each video of a batch.
        apart_seconds: between the beginnings of these.
        temperature: the first one; it is learned.
        validated_share: of the sources that choose the best epoch; 0 lets those choose it that are
            trained on, which are more then.
        tested_share: of the sources that are kept for the card; 0 keeps none.

    Raises:
        TrainingError: one of them is out of its range.
    """

    dim: int = 8
    n_directions: int = 64
    shrinkage: float = 0.01
    start: Start = "correlation"
    semantic_weight: float = 1.0
    temporal_weight: float = 1.0
    windows_a_video: int = 3
    apart_seconds: float = 2.0
    temperature: float = 0.3
    validated_share: float = 0.15
    tested_share: float = 0.15

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_number("dimension", self.dim, 1, 1024)
        check_number("number of directions", self.n_directions, 1, 4096)
        check_number("shrinkage", self.shrinkage, 0, 1e3)
        check_number("semantic weight", self.semantic_weight, 0, 1e3)
        check_number("temporal weight", self.temporal_weight, 0, 1e3)
        check_number("number of windows a video", self.windows_a_video, 1, 64)
        check_number("distance of windows in seconds", self.apart_seconds, 0, 3600)
        check_number("temperature", self.temperature, 0.01, 100)
        check_number("validated share", self.validated_share, 0, 0.5)
        check_number("tested share", self.tested_share, 0, 0.5)
        if self.start not in get_args(Start):
            raise TrainingError(f"the start is correlation or random, not {self.start!r}")
        if not self.semantic_weight and not self.temporal_weight:
            raise TrainingError("one of the two terms needs a weight above 0")
        if not self.semantic_weight and self.windows_a_video < 2:
            raise TrainingError("the temporal term alone needs at least two windows a video")

    def to_settings(self) -> dict[str, Setting]:
        """All options by name."""
        return dict(asdict(self))
