"""The options of towers that are trained as whole networks, from frames and spectra on."""

from dataclasses import asdict, dataclass, replace

from mvsearch.indexer.training.audiovisual.options import TRAINING
from mvsearch.indexer.training.options import check_number
from mvsearch.indexer.training.task import Setting
from mvsearch.store.errors import TrainingError

# Those of Diff-Foley's published training code, but for the batch, which is of eight GPUs there.
FULL_TRAINING = replace(
    TRAINING, epochs=300, batch_size=30, learning_rate=8e-4, schedule="cosine", patience=30
)


@dataclass(frozen=True, slots=True)
class FullOptions:
    """The two networks and their input.

    Attributes:
        trunk: of the pictures; see `songs.trunks`.
        channels: of the first layer of the sound network; each of four layers doubles them.
        frame_size: width and height of a frame in pixels.
        frames_per_second: of a window of pictures.
        window_seconds: length of a window.
        step_seconds: from one window that may be drawn to the next.
        longest_seconds: of a video so much is read.

    Raises:
        TrainingError: one of them is out of its range.
    """

    trunk: str = "resnet18"
    channels: int = 64
    frame_size: int = 224
    frames_per_second: float = 4.0
    window_seconds: float = 4.0
    step_seconds: float = 1.0
    longest_seconds: float = 600.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, lowest, highest in (
            ("channels", 1, 512),
            ("frame_size", 16, 1024),
            ("frames_per_second", 0.25, 30),
            ("window_seconds", 0.5, 60),
            ("step_seconds", 0.05, 600),
            ("longest_seconds", 1, 43_200),
        ):
            check_number(name.replace("_", " "), getattr(self, name), lowest, highest)
        if self.n_frames < 1:
            raise TrainingError("a window has no frame: take longer ones, or more frames a second")

    @property
    def n_frames(self) -> int:
        """Frames of a window."""
        return round(self.window_seconds * self.frames_per_second)

    def to_settings(self) -> dict[str, Setting]:
        """All options by name."""
        return dict(asdict(self))
