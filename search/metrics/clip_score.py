"""CLIP score and CLAP score: the similarity of images or audio with texts.

- The score of a pair is the cosine of its two embeddings (Radford et al. 2021, section 3.1.2;
  Wu et al. 2023), from -1 to 1. CLIPScore (Hessel et al. 2021) is 2.5 times its positive part.
- The zero-shot table is the softmax, over the texts of one picture, of the cosines times the
  learned scale of the encoder. It depends on the other texts; for one text it would always be 1,
  and is left out.
- Cosines of different encoders are not comparable, so the encoder, its revision and its scale are
  part of every result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.files import label_files
from mvsearch.search.metrics.media.joint import (
    JointModality,
    JointOptions,
    JointSpace,
    embed_pictures,
    embed_sounds,
    embed_texts,
    open_joint,
)
from mvsearch.search.metrics.output.plots import Heatmap
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError

Array = npt.NDArray[np.float64]

CLIP_SCORE_WEIGHT = 2.5
METRICS: dict[JointModality, str] = {"frames": "clip-score", "audio": "clap-score"}
TITLES: dict[JointModality, str] = {"frames": "CLIP score", "audio": "CLAP score"}


@dataclass(frozen=True, slots=True, eq=False)
class ScoreResult:
    """The scores of files and texts.

    Attributes:
        files: the n pictures or sounds.
        texts: the m texts.
        cosines: (n, m).
        probabilities: (n, m), rows sum to 1; None for one text.
        space: of the embeddings.
    """

    files: tuple[Path, ...]
    texts: tuple[str, ...]
    cosines: Array
    probabilities: Array | None
    space: JointSpace

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        probabilities = None if self.probabilities is None else self.probabilities.tolist()
        return {
            "metric": METRICS[self.space.modality],
            "files": [str(path) for path in self.files],
            "texts": list(self.texts),
            "cosines": self.cosines.tolist(),
            "probabilities": probabilities,
            "encoder": self.space.to_dict(),
        }

    def to_table(self) -> Table:
        """One row per file, one column per text: cosine and probability."""
        rows = tuple(
            (name, *(self._format_cell(at, column) for column in range(len(self.texts))))
            for at, name in enumerate(label_files(self.files))
        )
        told = "cosine of each pair"
        if self.probabilities is not None:
            told += ", and the softmax of the scaled cosines over the texts"
        return Table(
            TITLES[self.space.modality], ("", *self.texts), rows, (told, self.space.describe())
        )

    def _format_cell(self, row: int, column: int) -> str:
        cosine = f"{self.cosines[row, column]:.4f}"
        if self.probabilities is None:
            return cosine
        return f"{cosine} · {self.probabilities[row, column]:.1%}"

    def to_plot(self) -> Heatmap:
        """The cosines."""
        title = f"{TITLES[self.space.modality]} (cosine)"
        return Heatmap(title, label_files(self.files), self.texts, self.cosines)


def check_embeddings(embeddings: npt.NDArray[Any], name: str) -> Array:
    """Validate embeddings, and convert them to (n, d) float64.

    Raises:
        QueryError: there are none, a value is not finite, or one is all zeros.
    """
    rows = np.asarray(embeddings, dtype=np.float64)
    if rows.ndim != 2 or rows.size == 0:
        raise QueryError(f"{name}: embeddings are a table of numbers, not {rows.shape}")
    if not np.isfinite(rows).all():
        raise QueryError(f"{name}: an embedding is not finite")
    if not np.linalg.norm(rows, axis=1).all():
        raise QueryError(f"{name}: an embedding is all zeros, which has no direction")
    return rows


def compute_cosines(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> Array:
    """The (n, m) cosines of (n, d) and (m, d) embeddings of any length.

    Raises:
        QueryError: the dimensions differ, or an embedding is invalid.
    """
    rows, columns = check_embeddings(left, "left"), check_embeddings(right, "right")
    if rows.shape[1] != columns.shape[1]:
        raise QueryError(f"embeddings of {rows.shape[1]} and {columns.shape[1]} numbers")
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    columns = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    cosines: Array = np.clip(rows @ columns.T, -1.0, 1.0)
    return cosines


def softmax_rows(logits: npt.NDArray[Any]) -> Array:
    """The softmax of each row of (n, m) numbers.

    Raises:
        QueryError: a number is not finite.
    """
    from scipy.special import softmax

    given = np.asarray(logits, dtype=np.float64)
    if given.ndim != 2 or given.size == 0 or not np.isfinite(given).all():
        raise QueryError("a softmax is of a table of finite numbers")
    shares: Array = softmax(given, axis=1)
    return shares


def weigh_cosines(cosines: npt.NDArray[Any], weight: float = CLIP_SCORE_WEIGHT) -> float:
    """CLIPScore of n pairs: the mean of weight · max(cosine, 0) (Hessel et al. 2021, eq. 1)."""
    return float(np.mean(weight * np.maximum(np.asarray(cosines, dtype=np.float64), 0.0)))


def evaluate_clip_score(
    images: Sequence[Path], texts: Sequence[str], options: JointOptions | None = None
) -> ScoreResult:
    """Score every picture with every text.

    Raises:
        QueryError: a file cannot be read, or a text is empty.
        WeightsMissingError: the weights of the encoder are not installed.
    """
    space = open_joint("frames", options or JointOptions())
    return _score(space, images, texts)


def evaluate_clap_score(
    audios: Sequence[Path], texts: Sequence[str], options: JointOptions | None = None
) -> ScoreResult:
    """Score every sound with every text.

    Raises:
        QueryError: a file cannot be read or is silent, or a text is empty.
        WeightsMissingError: the weights of the encoder are not installed.
    """
    space = open_joint("audio", options or JointOptions())
    return _score(space, audios, texts)


def _score(space: JointSpace, paths: Sequence[Path], texts: Sequence[str]) -> ScoreResult:
    # Texts first, because they are validated quickly.
    words = embed_texts(space, texts)
    embed = embed_pictures if space.modality == "frames" else embed_sounds
    cosines = compute_cosines(embed(space, paths), words)
    probabilities = softmax_rows(space.scale * cosines) if len(texts) > 1 else None
    return ScoreResult(tuple(paths), tuple(texts), cosines, probabilities, space)
