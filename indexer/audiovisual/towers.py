"""Projects pictures and sound into the space that two trained towers share."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Matrix, Side

# Names of the tensors of a tower: its input's centre, and a basis in which it is white.
CENTRE, BASIS, PROJECTION = "centre", "basis", "projection"
PICTURE, SOUND, SEEN = "picture", "sound", "seen"
MAX_DIM = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Tower:
    """A linear map onto unit vectors.

    Attributes:
        centre: (dim,) subtracted first.
        matrix: (dim, k).
    """

    centre: Matrix
    matrix: Matrix

    def __post_init__(self) -> None:
        """Check shapes and values."""
        has_shape = self.matrix.ndim == 2 and self.centre.shape == self.matrix.shape[:1]
        if not has_shape or not 1 <= self.matrix.shape[1] <= MAX_DIM:
            raise TrainingError(f"no tower: {self.centre.shape} and {self.matrix.shape}")
        if not (np.isfinite(self.centre).all() and np.isfinite(self.matrix).all()):
            raise TrainingError("a weight of the towers is not finite")

    def project(self, vectors: Matrix) -> Matrix:
        """Project (n, dim) vectors as (n, k) float32 of length one; of zeros nothing is left."""
        made = (vectors - self.centre) @ self.matrix
        norms = np.linalg.norm(made, axis=1, keepdims=True)
        unit: Matrix = np.divide(made, norms, out=np.zeros_like(made), where=norms > 0)
        return unit.astype(np.float32, copy=False)

    def summarise(self, vectors: Matrix) -> Matrix:
        """One (k,) unit vector of (n, dim) vectors: their mean direction."""
        mean = self.project(vectors).mean(axis=0)
        summary: Matrix = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
        return summary


@dataclass(frozen=True, slots=True, eq=False)
class Towers:
    """Two towers; the cosine of a picture and a sound tells how well they fit.

    Attributes:
        picture: of frame vectors.
        sound: of audio vectors.
        seen: numbers of the videos that they were trained on; see `number_videos`.
    """

    picture: Tower
    sound: Tower
    seen: frozenset[int] = frozenset()

    def choose(self, side: Side) -> Tower:
        """The tower of a side."""
        return self.picture if side == "picture" else self.sound

    def find_unseen(self, video_ids: Iterable[str]) -> frozenset[str]:
        """Those of the videos that nothing was learned from."""
        ids = list(video_ids)
        numbers = number_videos(ids).tolist()
        return frozenset(
            one for one, number in zip(ids, numbers, strict=True) if number not in self.seen
        )


def number_videos(video_ids: Iterable[str]) -> npt.NDArray[np.int64]:
    """A number of 64 bits for each id: by these the weights name what they were trained on."""
    digests = (hashlib.blake2b(one.encode(), digest_size=8).digest() for one in video_ids)
    return np.frombuffer(b"".join(digests), dtype="<i8").astype(np.int64)


def read_towers(tensors: Mapping[str, npt.NDArray[Any]]) -> Towers:
    """Make towers of the tensors of a trained network.

    Raises:
        TrainingError: they are those of another network.
    """

    def read(name: str) -> Tower:
        parts = [tensors[f"{name}_{part}"] for part in (CENTRE, BASIS, PROJECTION)]
        centre, basis, projection = (np.asarray(part, np.float32) for part in parts)
        # A product of two small matrices may be far too large.
        if max(*basis.shape, *projection.shape) > MAX_DIM:
            raise TrainingError(f"no tower: {basis.shape} and {projection.shape}")
        return Tower(centre, basis @ projection)

    try:
        seen = frozenset(tensors[SEEN].astype(np.int64).ravel().tolist())
        return Towers(read(PICTURE), read(SOUND), seen)
    except (KeyError, ValueError) as error:
        raise TrainingError(f"these weights are not of two towers: {error}") from error
