"""Finds and applies the heads that predict valence and arousal from the vectors of an encoder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from mvsearch.indexer.mood.evidence import prepare_features, weigh_evidence
from mvsearch.indexer.mood.features import Times
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix, Side, Space
from mvsearch.store.tensors import parse_tensors

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
# Of a head whose features have d numbers, with m landmarks, e numbers of evidence, a hidden layer
# of h and a joint space of k numbers.
TENSORS = {
    "features.centre": "(d,) their means",
    "features.scale": "(d,) what each is divided by; 0 leaves it out",
    "landmarks": "(m, d) int8, multiples of their steps",
    "landmarks.step": "(m,)",
    "kernel.weight": "(m, t) what is regressed: see `evidence.make_evidence`",
    "kernel.bias": "(t,)",
    "evidence.centre": "(e,)",
    "evidence.scale": "(e,)",
    "hidden.weight": "(h, e)",
    "hidden.bias": "(h,)",
    "place.weight": "(k, h + e) of hidden layer and evidence",
    "place.bias": "(k,)",
    "mood.weight": "(2, k + e) valence and arousal, of place and evidence",
    "mood.bias": "(2,)",
    "error.weight": "(1, 2 e) expected distance from the true mood, of evidence and squares",
    "error.bias": "(1,)",
    "error.none": "(1,) that distance at which no confidence is left",
}


@dataclass(frozen=True, slots=True, eq=False)
class MoodHead:
    """Predicts moods from the vectors of one encoder.

    Features are compared with those of the training set, the landmarks, by a radial kernel. Sums of
    kernels are the evidence: a first estimate (kernel ridge regression). A small network makes
    the place in the joint space of it, and of that the mood (`mvsearch train mood`).

    Attributes:
        side: what it predicts from.
        revision: changes whenever its predictions do.
        views: of the encoder's spaces whose vectors it reads side by side, the first one first.
        dims: of these spaces.
        tensors: by the names of `TENSORS`.
    """

    side: Side
    revision: str
    views: tuple[str, ...]
    dims: tuple[int, ...]
    tensors: Mapping[str, Matrix] = field(repr=False)

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
        return self._apply(self._prepare(vectors, seconds))[0]

    def summarise(self, vectors: Matrix) -> Matrix:
        """Predict the mood of all vectors together, (3,) as in `predict`."""
        if not len(vectors):
            return np.array(UNKNOWN, np.float32)
        mood: Matrix = self._apply(self._prepare(vectors))[0].mean(axis=0)
        return mood

    def measure(self, vectors: Matrix, seconds: Times) -> tuple[Matrix, Matrix, Matrix]:
        """What `predict`, `summarise` and `project` give, n > 0, with the kernel computed once."""
        points, places = self._apply(self._prepare(vectors, seconds))
        if self.side == "sound":
            whole, where = self._apply(self._prepare(vectors))
        else:
            whole, where = points, places
        return points, whole.mean(axis=0), where.mean(axis=0)

    def project_each(self, vectors: Matrix, seconds: Times) -> Matrix:
        """Place each time in the joint space of pictures and sound, (n, k) float32."""
        return self._apply(self._prepare(vectors, seconds))[1]

    def project(self, vectors: Matrix) -> Matrix:
        """Place all vectors together in the joint space, (k,) float32; zeros without vectors."""
        if not len(vectors):
            return np.zeros(len(self.tensors["place.bias"]), np.float32)
        place: Matrix = self._apply(self._prepare(vectors))[1].mean(axis=0)
        return place

    def _prepare(self, vectors: Matrix, seconds: Times | None = None) -> Matrix:
        """The features of each row, or of all rows of sound together without times."""
        if vectors.ndim != 2 or vectors.shape[1] != sum(self.dims):
            raise ValueError(f"a head for {self.dims} was given vectors {vectors.shape}")
        return prepare_features(vectors, self.side, self.dims, self.tensors, seconds)

    def _apply(self, features: Matrix) -> tuple[Matrix, Matrix]:
        """Moods (n, 3) and places (n, k) of each row."""
        moods = np.zeros((len(features), 3), np.float32)
        places = np.zeros((len(features), len(self.tensors["place.bias"])), np.float32)
        for begin in range(0, len(features), BATCH):
            rows = slice(begin, begin + BATCH)
            moods[rows], places[rows] = self._apply_batch(features[rows])
        return moods, places

    def _apply_batch(self, rows: Matrix) -> tuple[Matrix, Matrix]:
        evidence = weigh_evidence(rows, self.side, self.tensors)
        standard = (evidence - self.tensors["evidence.centre"]) / self.tensors["evidence.scale"]
        hidden = np.tanh(self._map("hidden", standard))
        place = self._map("place", np.concatenate([hidden, standard], axis=1))
        mood = self._map("mood", np.concatenate([place, standard], axis=1))
        error = self._map("error", np.concatenate([standard, standard**2], axis=1))
        confidence = 1 - error / self.tensors["error.none"]
        return np.clip(np.concatenate([mood, confidence], axis=1), 0, 1), place

    def _map(self, name: str, rows: Matrix) -> Matrix:
        mapped: Matrix = rows @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]
        return mapped


def find_head(
    space: Space, own: Mapping[Side, tuple[MoodHead, str]] | None = None
) -> MoodHead | None:
    """Find the head for the vectors of an encoder's first space; None if there is none.

    Args:
        space: of the vectors.
        own: trained heads that take the place of those of the package, as `parse_head` gives them.

    Raises:
        WeightsMissingError: the file of the head is missing or damaged.
    """
    side = ENCODERS.get(space.encoder)
    if space.view:
        return None
    if side is None:
        from mvsearch.indexer.mood.toy import HEADS

        return HEADS.get(space.encoder)
    head, revision = own[side] if own else _load_head(side)
    # Encoders add to the revision what they add to the vectors of other views, and profiles how
    # they sample.
    is_same = f"{space.revision}-".startswith(f"{revision}-")
    return head if is_same and space.dim == head.dims[0] else None


@cache
def _load_head(side: Side) -> tuple[MoodHead, str]:
    """The head of a side, and the revision of the vectors it was trained on."""
    path = FOLDER / f"{side}.safetensors"
    try:
        return parse_head(path.read_bytes(), side)
    except (OSError, ValueError):
        raise WeightsMissingError(f"{path} is missing or damaged: reinstall mvsearch") from None


def parse_head(content: bytes, side: Side) -> tuple[MoodHead, str]:
    """Parse the file of a head, and the revision of the vectors that it is for.

    Raises:
        ValueError: it holds no head.
    """
    try:
        stored, written = parse_tensors(content)
        tensors = {name: array.astype(np.float32) for name, array in stored.items()}
        about = json.loads(written["head"])
        tensors["landmarks"] *= tensors["landmarks.step"][:, np.newaxis]
        views, dims = tuple(about["views"]), tuple(about["dims"])
        vectors_revision = str(about["revision"])
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"it holds no head: {error}") from error
    if set(tensors) != set(TENSORS):
        raise ValueError("it lacks a tensor of a head")
    revision = f"{side}-{hashlib.sha256(content).hexdigest()[:8]}"
    return MoodHead(side, revision, views, dims, tensors), vectors_revision
