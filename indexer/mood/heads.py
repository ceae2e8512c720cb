"""Finds and applies the heads that predict valence and arousal from the vectors of an encoder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mvsearch.indexer.mood.features import Times, pool_sound, prepare_pictures
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix, Side, Space

FOLDER = Path(__file__).parent
# The encoders whose first space holds the same vectors as the one that a head was trained on.
ENCODERS: Mapping[str, Side] = {
    "efficientnet-lite0": "picture",
    "signal": "sound",
    "signal-yamnet": "sound",
    "signal-musicnn": "sound",
}
# Rows that are computed at once: they bound the memory for a long video.
BATCH = 1024
# Without any vector nothing is known.
UNKNOWN = (0.5, 0.5, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class MoodHead:
    """Predicts moods from the vectors of one encoder.

    Attributes:
        side: what it predicts from.
        revision: changes whenever its predictions do.
        views: of the encoder's spaces whose vectors it reads side by side, the first one first.
        dims: of these spaces.
        tensors: "centre" (d,) and "scale" (d,) of the features; "projection" (d, p) and
            "landmarks" (m, p) of the kernel with its "gamma" (1,); "weight" (m, 3 + k) and
            "bias" (3 + k,) of valence, arousal, confidence and the joint space.
    """

    side: Side
    revision: str
    views: tuple[str, ...]
    dims: tuple[int, ...]
    tensors: Mapping[str, Matrix]

    def join(self, vectors: Mapping[str, Matrix]) -> Matrix:
        """Put the (n, dim) vectors of the views side by side, as (n, d) float32.

        Raises:
            KeyError: one is missing.
        """
        return np.concatenate([vectors[view] for view in self.views], axis=1, dtype=np.float32)

    def predict(self, vectors: Matrix, seconds: Times) -> Matrix:
        """Predict the mood at each time.

        Args:
            vectors: (n, d) of frames or windows, as `join` gives them.
            seconds: (n,) their times, rising.

        Returns:
            (n, 3) float32 from 0 to 1: valence, arousal, confidence.
        """
        moods: Matrix = np.clip(self._apply(self._prepare(vectors, seconds))[:, :3], 0, 1)
        return moods

    def summarise(self, vectors: Matrix) -> Matrix:
        """Predict the mood of all vectors together, (3,) as in `predict`."""
        if not len(vectors):
            return np.array(UNKNOWN, np.float32)
        mood: Matrix = np.clip(self._apply(self._prepare(vectors)).mean(axis=0)[:3], 0, 1)
        return mood

    def project_each(self, vectors: Matrix, seconds: Times) -> Matrix:
        """Place each time in the joint space of pictures and sound, (n, k) float32."""
        return self._apply(self._prepare(vectors, seconds))[:, 3:]

    def project(self, vectors: Matrix) -> Matrix:
        """Place all vectors together in the joint space, (k,) float32; zeros without vectors."""
        if not len(vectors):
            return np.zeros(len(self.tensors["bias"]) - 3, np.float32)
        place: Matrix = self._apply(self._prepare(vectors)).mean(axis=0)[3:]
        return place

    def _prepare(self, vectors: Matrix, seconds: Times | None = None) -> Matrix:
        """The features of each row, or of all rows of sound together without times."""
        if vectors.ndim != 2 or vectors.shape[1] != sum(self.dims):
            raise ValueError(f"a head for {self.dims} was given vectors {vectors.shape}")
        if not len(vectors):
            return np.zeros((0, len(self.tensors["centre"])), np.float32)
        if self.side == "picture":
            return prepare_pictures(vectors, self.dims, self.tensors["centre"])
        pooled = pool_sound(vectors, seconds)
        scaled: Matrix = (pooled - self.tensors["centre"]) / self.tensors["scale"]
        return scaled

    def _apply(self, features: Matrix) -> Matrix:
        """Valence, arousal, confidence and joint vector of each row, (n, 3 + k) float32."""
        made = np.zeros((len(features), len(self.tensors["bias"])), np.float32)
        for begin in range(0, len(features), BATCH):
            rows = features[begin : begin + BATCH]
            made[begin : begin + BATCH] = self._apply_batch(rows)
        return made

    def _apply_batch(self, rows: Matrix) -> Matrix:
        places, landmarks = rows @ self.tensors["projection"], self.tensors["landmarks"]
        squares = np.square(places).sum(axis=1)[:, np.newaxis] + np.square(landmarks).sum(axis=1)
        distances = np.maximum(squares - 2 * places @ landmarks.T, 0)
        kernel = np.exp(-self.tensors["gamma"] * distances)
        made: Matrix = kernel @ self.tensors["weight"] + self.tensors["bias"]
        return made


def find_head(space: Space) -> MoodHead | None:
    """Find the head for the vectors of an encoder's first space; None if there is none.

    Raises:
        WeightsMissingError: the file of the head is missing or damaged.
    """
    side = ENCODERS.get(space.encoder)
    if space.view:
        return None
    if side is None:
        from mvsearch.indexer.mood.toy import HEADS

        return HEADS.get(space.encoder)
    head, revision = _load_head(side)
    # Encoders add to the revision what they add to the vectors of other views, and profiles how
    # they sample.
    is_same = f"{space.revision}-".startswith(f"{revision}-")
    return head if is_same and space.dim == head.dims[0] else None


@cache
def _load_head(side: Side) -> tuple[MoodHead, str]:
    """The head of a side, and the revision of the vectors it was trained on."""
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load

    path = FOLDER / f"{side}.safetensors"
    try:
        content = path.read_bytes()
        tensors = {name: array.astype(np.float32) for name, array in load(content).items()}
        with safe_open(path, "numpy") as opened:
            about = json.loads(opened.metadata()["head"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        raise WeightsMissingError(f"{path} is missing or damaged: reinstall mvsearch") from None
    revision = f"{side}-{hashlib.sha256(content).hexdigest()[:8]}"
    head = MoodHead(side, revision, tuple(about["views"]), tuple(about["dims"]), tensors)
    return head, about["revision"]
