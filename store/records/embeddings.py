"""Vector spaces, and the vectors of videos in them."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.store.records.peaks import SoundPeaks
from mvsearch.store.records.times import check_span

# Sampled frames, lyric lines, windows of sound, and lines of text in the picture.
Modality = Literal["frames", "lyrics", "audio", "ocr"]
# The view of the vectors that tell whether two pictures are the same shot.
COPIES = "copies"
# The view of the vectors of a trained encoder, which tell what looks alike instead of its own.
LOOK = "look"
MODALITIES: tuple[Modality, ...] = get_args(Modality)
# Only libraries have it for which text in pictures is read; no videos are compared by it.
OPTIONAL: Modality = "ocr"
# Their vectors are of lines of words.
LINES: frozenset[Modality] = frozenset({"lyrics", OPTIONAL})

Matrix = npt.NDArray[np.float32]

# Maximum length of a vector.
MAX_DIM = 1 << 16
# Maximum deviation of a norm from one: vectors are stored as float16, with eleven significant bits.
UNIT_TOLERANCE = 5e-3


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space; vectors can be compared only within a space.

    Attributes:
        encoder: name in the table of encoders.
        revision: changes whenever the vectors change: weights, preprocessing, window length.
        dim: length of a vector.
        view: empty for the encoder's own space; "words" for its second space, for text; COPIES
            for one that compares pictures by shot and not by content; LOOK for that of a trained
            encoder.
    """

    modality: Modality
    encoder: str
    revision: str
    dim: int
    view: str = ""

    def __post_init__(self) -> None:
        """Validate the parts of the key."""
        if self.modality not in MODALITIES:
            raise ValueError(f"unknown modality {self.modality!r}")
        if not 1 <= self.dim <= MAX_DIM or not self.encoder or not self.revision:
            raise ValueError(f"incomplete space {self}")
        if any(mark in self.encoder + self.view for mark in ":@/"):
            raise ValueError(f"a name must not contain ':', '@' or '/': {self.encoder} {self.view}")

    @property
    def key(self) -> str:
        """The name under which it is stored, such as `efficientnet-lite0:words@57934424-1`."""
        view = f":{self.view}" if self.view else ""
        return f"{self.encoder}{view}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A frame (from its own time to the next frame's), an audio window or a lyric line.

    Times are None for lyrics without time stamps.
    """

    start_seconds: float | None
    end_seconds: float | None
    text: str = ""

    def __post_init__(self) -> None:
        """Check the times."""
        check_span(self.start_seconds, self.end_seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The vectors of one encoder for one video.

    Attributes:
        segments: n of them, in time order.
        vectors: (n, space.dim) float32, each row of length one.
        peaks: the spectral peaks of the same sound; None if they were not searched.
    """

    space: Space
    segments: tuple[Segment, ...]
    vectors: Matrix
    peaks: SoundPeaks | None = None

    def __post_init__(self) -> None:
        """Check shape, type and length of the vectors."""
        if self.vectors.shape != (len(self.segments), self.space.dim):
            raise ValueError(
                f"{self.space.key}: {len(self.segments)} segments, vectors {self.vectors.shape}"
            )
        if self.vectors.dtype != np.float32:
            raise ValueError(f"{self.space.key}: vectors are {self.vectors.dtype}, not float32")
        norms = np.linalg.norm(self.vectors, axis=1)
        if not np.all(np.abs(norms - 1.0) <= UNIT_TOLERANCE):  # NaN fails too
            raise ValueError(f"{self.space.key}: vectors are not of length one")
