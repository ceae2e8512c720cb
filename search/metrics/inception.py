"""Inception Score: how confident and how varied a classifier's predictions are.

The rules, which hold for every function here:

- Samples are rows of class posteriors p; IS = exp(mean KL(p ‖ mean p)), natural logarithms
  (Salimans et al. 2016). 0 · log 0 is 0. It lies between 1 and the number of classes.
- With several splits the rows, in their order or in one drawn by a seed, are divided into equal
  parts; the score is the mean over the parts, with its standard deviation (of the population, as in
  published code). Smaller parts score lower, so the number of splits is part of the result.
- A part of one sample would always score 1: a QueryError.
- Without a seed, the order of the files determines the parts.
- The score depends on the classifier: published scores of videos use C3D on UCF-101 (101 classes),
  those of sound PANNs. Neither is used here, so published figures are not comparable.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.classes import (
    ClassifiedFolder,
    ClassOptions,
    check_posteriors,
    classify_folder,
)
from mvsearch.search.metrics.media.folders import list_media
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]
Sample = Literal["frame", "video"]


@dataclass(frozen=True, slots=True)
class InceptionOptions:
    """The parameters of the score.

    Attributes:
        n_splits: number of parts.
        seed: of a random order of the samples; None keeps the order of the files.
        sample: a frame, or a video with the mean posterior of its frames.
        classes: the classifier.
    """

    n_splits: int = 1
    seed: int | None = None
    sample: Sample = "frame"
    classes: ClassOptions = field(default_factory=ClassOptions)

    def __post_init__(self) -> None:
        """Validate the number of splits."""
        if self.n_splits < 1:
            raise QueryError(f"there is one split at least, not {self.n_splits}")


@dataclass(frozen=True, slots=True)
class Score:
    """An Inception Score.

    Attributes:
        mean, deviation: over the splits; the deviation of one split is 0.
        splits: the score of each split.
    """

    mean: float
    deviation: float
    splits: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InceptionResult:
    """The score of a folder, and the parameters that it depends on."""

    score: Score
    n_samples: int
    sample: Sample
    seed: int | None
    videos: ClassifiedFolder

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "metric": "inception-score",
            "mean": self.score.mean,
            "deviation": self.score.deviation,
            "splits": list(self.score.splits),
            "seed": self.seed,
            "sample": self.sample,
            "samples": self.n_samples,
            "classifier": self.videos.classifier.to_dict(),
            "videos": self.videos.to_dict(),
        }

    def to_table(self) -> Table:
        """The score, with notes on the classifier, its rate and N."""
        score, n_splits = self.score, len(self.score.splits)
        order = "in the order of the files" if self.seed is None else f"drawn by seed {self.seed}"
        notes = (
            f"classes {self.videos.classifier.describe()}",
            f"videos {self.videos.describe()}; N = {self.n_samples}, a sample is a {self.sample}",
            f"splits {n_splits}" + (f", {order}" if n_splits > 1 else ""),
            "neither C3D nor PANNs: published figures are of another classifier",
        )
        rows = (("Inception Score", f"{score.mean:.6g}", f"{score.deviation:.6g}"),)
        return Table("Inception Score", ("", "mean", "deviation"), rows, notes)


def score_inception(
    posteriors: FloatArray, n_splits: int = 1, order: npt.NDArray[np.intp] | None = None
) -> Score:
    """The Inception Score of (n, c) posteriors.

    Args:
        posteriors: rows that sum to 1.
        n_splits: number of parts, at most n / 2.
        order: (n,) permutation of the rows; None keeps their order.

    Raises:
        QueryError: rows are not posteriors, or there are too few.
    """
    check_posteriors(posteriors, "the samples")
    n = len(posteriors)
    if n < 2 * n_splits:
        raise QueryError(
            f"an Inception Score of {n_splits} split{'s' * (n_splits > 1)} needs "
            f"{2 * n_splits} samples or more, not {n}"
        )
    rows = posteriors if order is None else posteriors[order]
    cuts = [split * n // n_splits for split in range(n_splits + 1)]
    scores = [_score_part(rows[a:b]) for a, b in pairwise(cuts)]
    return Score(float(np.mean(scores)), float(np.std(scores)), tuple(scores))


def evaluate_inception_score(videos: Path, options: InceptionOptions) -> InceptionResult:
    """The Inception Score of a folder of videos.

    Raises:
        QueryError: the folder or a file cannot be used, or there are too few samples.
        WeightsMissingError: the weights of the classifier are not installed.
    """
    folder = classify_folder(videos, list_media(videos), "pictures", options.classes)
    per_file = [file.posteriors for file in folder.files]
    if options.sample == "video":
        samples = np.stack([rows.mean(axis=0) for rows in per_file])
    else:
        samples = np.concatenate(per_file)
    order = None
    if options.seed is not None:
        order = np.random.default_rng(options.seed).permutation(len(samples))
    score = score_inception(samples, options.n_splits, order)
    return InceptionResult(score, len(samples), options.sample, options.seed, folder)


def _score_part(posteriors: FloatArray) -> float:
    from scipy.special import rel_entr

    divergences = rel_entr(posteriors, posteriors.mean(axis=0)).sum(axis=1)
    return float(np.exp(divergences.mean()))
