"""Emotion match: the similarity of an image and a track in valence and arousal.

Conventions, after the published pairs of IMEMNet (Zhao et al. 2020), whose code was not found:

- Valence and arousal of images, and of music, are normalised to 0 to 1, separately for each axis:
  by the smallest and largest value, or by the range of the rating scale, if given. An axis with
  equal values cannot be normalised.
- The similarity of a pair is exp(-d / σ), where d is the Euclidean distance of the two points and
  σ the mean distance over all pairs, unless given. It lies between 0 and 1, and is comparable only
  for the same σ: in the published pairs σ is about 0.37.
- Predictions are evaluated by the mean squared error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.files import label_files
from mvsearch.search.metrics.output.plots import Heatmap
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError

Array = npt.NDArray[np.float64]

AXES = ("valence", "arousal")
MAX_COLUMNS = 10


@runtime_checkable
class PredictsEmotion(Protocol):
    """An encoder that predicts valence and arousal."""

    def predict_emotion(self, inputs: npt.NDArray[Any]) -> Array:
        """Predict (n, 2) valence and arousal of n inputs, on the scale of its training data.

        The inputs are those of `encode`: frames, or windows of sound.
        """


@dataclass(frozen=True, slots=True)
class EmotionOptions:
    """The parameters of the comparison.

    Attributes:
        image_range, music_range: range of the rating scale; None takes the smallest and largest
            value of each axis.
        sigma: the distance at which the similarity is 1/e; None takes the mean over the pairs.
    """

    image_range: tuple[float, float] | None = None
    music_range: tuple[float, float] | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EmotionResult:
    """The similarities of images and music.

    Attributes:
        images, musics: the files.
        image_points, music_points: (n, 2) and (m, 2) normalised valence and arousal.
        similarities: (n, m).
        sigma: of the similarities.
        source: of valence and arousal, in words.
        squared_error: mean squared error against given similarities; None without these.
        n_scores: number of given similarities.
    """

    images: tuple[Path, ...]
    musics: tuple[Path, ...]
    image_points: Array
    music_points: Array
    similarities: Array
    sigma: float
    source: str
    squared_error: float | None = None
    n_scores: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "metric": "emotion-match",
            "images": [str(path) for path in self.images],
            "audios": [str(path) for path in self.musics],
            "axes": list(AXES),
            "image_points": self.image_points.tolist(),
            "audio_points": self.music_points.tolist(),
            "similarities": self.similarities.tolist(),
            "sigma": self.sigma,
            "source": self.source,
            "mean_squared_error": self.squared_error,
            "n_scores": self.n_scores,
        }

    def to_table(self) -> Table:
        """One row per image: the similarities of all music files, or of the best if many."""
        images, musics = label_files(self.images), label_files(self.musics)
        if len(musics) <= MAX_COLUMNS:
            columns = musics
            rows = [
                (name, *(f"{value:.4f}" for value in self.similarities[at]))
                for at, name in enumerate(images)
            ]
        else:
            columns = ("best music", "similarity")
            best = self.similarities.argmax(axis=1)
            rows = [
                (name, musics[best[at]], f"{self.similarities[at, best[at]]:.4f}")
                for at, name in enumerate(images)
            ]
        notes = [f"exp(-distance / σ), σ = {self.sigma:.4f}; {self.source}"]
        if self.squared_error is not None:
            notes.append(f"mean squared error {self.squared_error:.6f} over {self.n_scores} pairs")
        return Table("emotion match", ("", *columns), tuple(rows), tuple(notes))

    def to_plot(self) -> Heatmap:
        """The similarities."""
        images, musics = label_files(self.images), label_files(self.musics)
        return Heatmap("emotion match", images, musics, self.similarities)


def normalise_emotions(
    points: npt.NDArray[Any], name: str, ends: tuple[float, float] | None = None
) -> Array:
    """Normalise (n, 2) valence and arousal to 0 to 1, separately for each axis.

    Args:
        points: on one scale.
        name: for messages.
        ends: range of the scale; None takes the smallest and largest value of each axis.

    Raises:
        QueryError: a value is not finite or out of range, or all values of an axis are equal.
    """
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(AXES) or not len(values):
        raise QueryError(f"{name}: valence and arousal are two numbers each")
    if not np.isfinite(values).all():
        raise QueryError(f"{name}: a valence or arousal is not finite")
    if ends is None:
        low, high = values.min(axis=0), values.max(axis=0)
        for axis, is_flat in zip(AXES, low == high, strict=True):
            if is_flat:
                raise QueryError(
                    f"{name}: every {axis} is the same, so that nothing is known of its scale: "
                    "give its ends"
                )
    else:
        low, high = np.full(2, ends[0]), np.full(2, ends[1])
        if not (np.isfinite(ends).all() and ends[0] < ends[1]):
            raise QueryError(f"{name}: a scale goes up, not from {ends[0]:g} to {ends[1]:g}")
        if (values < low).any() or (values > high).any():
            raise QueryError(f"{name}: a value is outside {ends[0]:g} to {ends[1]:g}")
    normalised: Array = (values - low) / (high - low)
    return normalised


def compute_distances(images: Array, musics: Array) -> Array:
    """The (n, m) Euclidean distances of (n, 2) and (m, 2) points."""
    from scipy.spatial.distance import cdist

    distances: Array = cdist(images, musics)
    return distances


def compute_similarities(
    distances: npt.NDArray[Any], sigma: float | None = None
) -> tuple[Array, float]:
    """exp(-d / σ) of an array of distances, and σ, by default their mean.

    Raises:
        QueryError: a distance is invalid, or σ is not above 0.
    """
    given = np.asarray(distances, dtype=np.float64)
    if not given.size or not np.isfinite(given).all() or (given < 0).any():
        raise QueryError("distances are finite and not negative")
    sigma = float(given.mean()) if sigma is None else sigma
    if not (np.isfinite(sigma) and sigma > 0):
        raise QueryError(f"σ is a positive number, not {sigma:g}: are all points the same?")
    similarities: Array = np.exp(-given / sigma)
    return similarities, sigma


def measure_squared_error(predicted: npt.NDArray[Any], target: npt.NDArray[Any]) -> float:
    """The mean squared error of n predictions.

    Raises:
        QueryError: there are none, their numbers differ, or a value is not finite.
    """
    left, right = (np.asarray(given, dtype=np.float64) for given in (predicted, target))
    if left.shape != right.shape or not left.size:
        raise QueryError(f"{left.size} predictions for {right.size} targets")
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise QueryError("a prediction or target is not finite")
    return float(np.square(left - right).mean())


def compare_emotions(
    images: Sequence[Path],
    musics: Sequence[Path],
    points: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    source: str,
    options: EmotionOptions | None = None,
) -> EmotionResult:
    """Compare n images with m music files by valence and arousal.

    Args:
        images: n files.
        musics: m files.
        points: (n, 2) of the images, (m, 2) of the music.
        source: of the points, in words.
        options: ranges and σ.

    Raises:
        QueryError: a value is invalid.
    """
    options = options or EmotionOptions()
    left = normalise_emotions(points[0], "images", options.image_range)
    right = normalise_emotions(points[1], "audios", options.music_range)
    similarities, sigma = compute_similarities(compute_distances(left, right), options.sigma)
    files = tuple(images), tuple(musics)
    return EmotionResult(*files, left, right, similarities, sigma, source)
