"""The options of a training of the projection for MusicGen."""

from dataclasses import asdict, dataclass

from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.task import Setting
from mvsearch.store.errors import TrainingError


@dataclass(frozen=True, slots=True)
class CompositionOptions:
    """What is trained on, and how large the projection is.

    Attributes:
        pieces_a_song: of each video, at most so many, spread evenly over it.
        seconds: of a piece.
        hidden: units of the layer between.
        tokens: vectors that take the place of words.
        validation_share: of the songs, drawn at random, by which the best epoch is chosen.

    Raises:
        TrainingError: one of them is out of its range.
    """

    pieces_a_song: int = 8
    seconds: float = 10.0
    hidden: int = 64
    tokens: int = 8
    validation_share: float = 0.2

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.pieces_a_song <= 1000:
            raise TrainingError(f"take 1 to 1000 pieces of a song, not {self.pieces_a_song}")
        if not 1.0 <= self.seconds <= 30.0:
            raise TrainingError(f"a piece has 1 to 30 seconds, not {self.seconds:g}")
        if not (1 <= self.hidden <= 4096 and 1 <= self.tokens <= 64):
            raise TrainingError("a projection has 1 to 4096 hidden units and 1 to 64 tokens")
        if not 0 < self.validation_share <= 0.5:
            raise TrainingError("a part that is kept aside has more than 0 and at most 0.5")

    def to_settings(self) -> dict[str, Setting]:
        """The settings for the configuration of a run."""
        return asdict(self)


DEFAULTS = (
    CompositionOptions(),
    TrainingOptions(
        epochs=20, batch_size=4, optimiser="adamw", learning_rate=1e-3, schedule="cosine",
        weight_decay=1e-2, patience=3,
    ),
)  # fmt: skip
