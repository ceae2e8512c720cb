"""The options of a training on songs, and the published recipe."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.task import Setting
from mvsearch.store.errors import TrainingError

# What is trained beside the layer of classes: a projection of the features, the last blocks of the
# trunk as well, or all of it.
Part = Literal["projection", "last", "all"]

MAX_PROJECTION = 4096
MAX_FRAMES = 100_000


@dataclass(frozen=True, slots=True)
class SongOptions:
    """What is trained on, and which part of which network.

    Attributes:
        trunk: name in `TRUNKS`.
        weights: a safetensors file, or a state dictionary of torch; None takes those of a Python
            package where there is one, else random ones.
        part: see `Part`.
        projection: length of the vectors; 0 takes the features of the trunk as they are.
        frames_a_song: at most so many, spread evenly over the song.
        validation_share: of the frames, drawn at random, by which the best epoch is chosen.
        last_share: of the time of each song at its end, which is never trained on.

    Raises:
        TrainingError: one of them is out of its range.
    """

    trunk: str = "efficientnet-lite0"
    weights: Path | None = None
    part: Part = "projection"
    projection: int = 256
    frames_a_song: int = 200
    validation_share: float = 0.1
    last_share: float = 0.1

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.part not in get_args(Part):
            raise TrainingError(f"train {', '.join(get_args(Part))}, not {self.part!r}")
        if not 0 <= self.projection <= MAX_PROJECTION:
            raise TrainingError(f"a projection has 0 to {MAX_PROJECTION} numbers")
        if self.part == "projection" and not self.projection:
            raise TrainingError(
                "with the trunk as it is and no projection, the vectors would stay what they are:"
                " take --projection 256 or --part last"
            )
        if not 3 <= self.frames_a_song <= MAX_FRAMES:
            raise TrainingError(f"take 3 to {MAX_FRAMES} frames of a song")
        for share in (self.validation_share, self.last_share):
            if not 0 < share <= 0.5:
                raise TrainingError("a part that is kept aside has more than 0 and at most 0.5")

    def to_settings(self) -> dict[str, Setting]:
        """The settings for the configuration of a run; of weights the name of the file."""
        return asdict(self) | {"weights": self.weights.name if self.weights else ""}


# On two cores: the trunk as it is, a projection of its features and the layer of classes.
SMALL = (
    SongOptions(),
    TrainingOptions(
        epochs=5, optimiser="adamw", learning_rate=1e-3, schedule="cosine", weight_decay=1e-2
    ),
)
# The published system: all of ResNet-50, SGD at 1e-4, batches of 32, five epochs. It states no
# momentum; ours is the usual one.
PUBLISHED = (
    SongOptions(trunk="resnet50", part="all", projection=0),
    TrainingOptions(epochs=5, batch_size=32, optimiser="sgd", learning_rate=1e-4, momentum=0.9),
)
RECIPES: dict[str, tuple[SongOptions, TrainingOptions]] = {"small": SMALL, "published": PUBLISHED}
