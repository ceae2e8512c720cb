"""The options of `train mood`."""

from dataclasses import asdict, dataclass

from mvsearch.indexer.training.options import TrainingOptions, check_number
from mvsearch.indexer.training.task import Setting
from mvsearch.store.errors import TrainingError

# A run without other wishes.
TRAINING = TrainingOptions(
    epochs=40,
    batch_size=256,
    optimiser="adamw",
    learning_rate=1e-3,
    schedule="cosine",
    weight_decay=0.01,
)
# The six terms of CDCML (Zhao et al. 2020): regression on either side, distances within either
# side, and distances from pictures to sound and from sound to pictures.
TERMS = (
    "regression_picture",
    "regression_sound",
    "within_picture",
    "within_sound",
    "across_picture",
    "across_sound",
)


@dataclass(frozen=True, slots=True)
class MoodOptions:
    """What the heads are, and how they are trained.

    The weights of the terms were chosen by folds of the labelled pictures and clips.

    Attributes:
        regression_picture, regression_sound, within_picture, within_sound, across_picture,
            across_sound: weights of the six terms; 0 leaves one out.
        squares: weight of a seventh term, of squared distances from pictures to sound.
        dim: of the joint space.
        hidden: width of the layer before it.
        ridge_picture, ridge_sound: of the kernel ridge regression that they start from.
        floor: distance below which two moods count as equally far.
        validated_share: of the pictures and of the sounds that choose the best epoch.

    Raises:
        TrainingError: one of them is out of its range.
    """

    regression_picture: float = 20.0
    regression_sound: float = 10.0
    within_picture: float = 0.1
    within_sound: float = 0.1
    across_picture: float = 0.1
    across_sound: float = 0.1
    squares: float = 200.0
    dim: int = 8
    hidden: int = 24
    ridge_picture: float = 0.05
    ridge_sound: float = 0.25
    floor: float = 0.1
    validated_share: float = 0.15

    def __post_init__(self) -> None:
        """Check the ranges."""
        for term in TERMS:
            check_number(f"weight of {term}", getattr(self, term), 0, 1e3)
        check_number("weight of squares", self.squares, 0, 1e3)
        check_number("dimension", self.dim, 1, 64)
        check_number("hidden width", self.hidden, 1, 1024)
        check_number("ridge of pictures", self.ridge_picture, 1e-6, 1e6)
        check_number("ridge of sound", self.ridge_sound, 1e-6, 1e6)
        check_number("floor of distances", self.floor, 1e-3, 1)
        check_number("validated share", self.validated_share, 0.05, 0.5)
        if not (self.squares or any(getattr(self, term) for term in TERMS)):
            raise TrainingError("one of the terms needs a weight above 0")

    def to_settings(self) -> dict[str, Setting]:
        """All options by name."""
        return dict(asdict(self))
