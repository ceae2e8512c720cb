"""CLIPSIM: the mean similarity of the frames of a video with a text.

Conventions:

- CLIPSIM is the mean, over the frames of a video, of the cosine with the text, from -1 to 1
  (Wu et al. 2021, GODIVA). Every frame counts, black ones too, unless a frame rate is asked for.
- The relative score divides it by that of a reference video of the same text: 1 is as similar as
  the reference. It is undefined if the reference is not above 0.
- Published figures use different conventions: some are 100 times the mean cosine, some CLIPScore's
  2.5 · max(cosine, 0), and some compare the mean of the frames' embeddings, which is much higher.
  The result has all of them under separate names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.clip_score import compute_cosines, weigh_cosines
from mvsearch.search.metrics.media.files import label_files, reading
from mvsearch.search.metrics.media.joint import (
    JointOptions,
    JointSpace,
    embed_frames,
    embed_texts,
    open_joint,
)
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Matrix

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClipsimOptions:
    """The parameters of the comparison.

    Attributes:
        joint: the encoder.
        frame_rate: frames per second; None takes every frame.
    """

    joint: JointOptions = field(default_factory=JointOptions)
    frame_rate: float | None = None

    def __post_init__(self) -> None:
        """Validate the frame rate."""
        rate = self.frame_rate
        if rate is not None and not (np.isfinite(rate) and rate > 0):
            raise QueryError(f"the frame rate is a positive number, not {rate:g}")


@dataclass(frozen=True, slots=True)
class Similarity:
    """The similarity of a video with its text.

    Attributes:
        n_frames: number of frames.
        mean_cosine: CLIPSIM.
        deviation: standard deviation of the frames' cosines (ddof 0).
        clip_score: mean of 2.5 · max(cosine, 0).
        pooled_cosine: of the mean of the frames' unit vectors.
    """

    n_frames: int
    mean_cosine: float
    deviation: float
    clip_score: float
    pooled_cosine: float


@dataclass(frozen=True, slots=True)
class ClipsimRow:
    """The result of one video; without a reference, `reference` and `relative` are None."""

    video: Path
    text: str
    similarity: Similarity
    reference: Similarity | None = None
    relative: float | None = None


@dataclass(frozen=True, slots=True)
class ClipsimResult:
    """The similarities of videos with their texts.

    Attributes:
        rows: one per video.
        space: of the embeddings.
        frame_rate: frames per second; None for every frame.
    """

    rows: tuple[ClipsimRow, ...]
    space: JointSpace
    frame_rate: float | None

    @property
    def mean(self) -> float:
        """CLIPSIM of the set: the mean over its videos."""
        return float(np.mean([row.similarity.mean_cosine for row in self.rows]))

    @property
    def mean_relative(self) -> float | None:
        """The mean relative score of the set; None without references."""
        known = [row.relative for row in self.rows if row.relative is not None]
        return float(np.mean(known)) if known else None

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "metric": "clipsim",
            "mean_cosine": self.mean,
            "mean_relative": self.mean_relative,
            "frame_rate": self.frame_rate,
            "videos": [_row_to_dict(row) for row in self.rows],
            "encoder": self.space.to_dict(),
        }

    def to_table(self) -> Table:
        """One row per video."""
        has_reference = self.mean_relative is not None
        columns: tuple[str, ...] = (
            "",
            "frames",
            "CLIPSIM",
            "deviation",
            "2.5·max(cos, 0)",
            "of mean frame",
        )
        rows = []
        names = label_files([row.video for row in self.rows])
        for name, row in zip(names, self.rows, strict=True):
            s = row.similarity
            figures = (s.mean_cosine, s.deviation, s.clip_score, s.pooled_cosine)
            cells = [f"{name}: {row.text}", str(s.n_frames), *(f"{f:.4f}" for f in figures)]
            rows.append((*cells, f"{row.relative:.4f}") if has_reference else tuple(cells))
        rate = "every frame" if self.frame_rate is None else f"{self.frame_rate:g} frames a second"
        notes = [
            f"mean over {len(self.rows)}: CLIPSIM {self.mean:.4f}",
            rate,
            self.space.describe(),
        ]
        if has_reference:
            notes[0] += f", relative {self.mean_relative:.4f}"
        columns = (*columns, "relative") if has_reference else columns
        return Table("CLIPSIM: mean cosine of frames and text", columns, tuple(rows), tuple(notes))


def _row_to_dict(row: ClipsimRow) -> dict[str, Any]:
    reference = None if row.reference is None else _similarity_to_dict(row.reference)
    return {
        "video": str(row.video),
        "text": row.text,
        **_similarity_to_dict(row.similarity),
        "reference": reference,
        "relative": row.relative,
    }


def _similarity_to_dict(similarity: Similarity) -> dict[str, Any]:
    return {
        "n_frames": similarity.n_frames,
        "mean_cosine": similarity.mean_cosine,
        "deviation": similarity.deviation,
        "clip_score_2.5": similarity.clip_score,
        "pooled_cosine": similarity.pooled_cosine,
    }


def compute_clipsim(frames: npt.NDArray[Any], text: npt.NDArray[Any]) -> Similarity:
    """Compare (n, d) frames with a text (d,); vectors may have any length.

    Raises:
        QueryError: there are fewer than two frames, or an embedding is invalid.
    """
    if np.ndim(frames) != 2 or len(frames) < 2:
        raise QueryError("CLIPSIM needs at least two frames")
    words = np.asarray(text, dtype=np.float64)[None]
    cosines = compute_cosines(frames, words)[:, 0]
    units = frames / np.linalg.norm(frames, axis=1, keepdims=True)
    pooled = compute_cosines(units.mean(axis=0, dtype=np.float64)[None], words)
    return Similarity(
        n_frames=len(cosines),
        mean_cosine=float(cosines.mean()),
        deviation=float(cosines.std()),
        clip_score=weigh_cosines(cosines),
        pooled_cosine=float(pooled[0, 0]),
    )


def compute_relative(mean_cosine: float, reference: float) -> float:
    """The relative score: CLIPSIM divided by that of the reference.

    Raises:
        QueryError: the reference is not above 0.
    """
    if not reference > 0:
        raise QueryError(
            f"the relative form is undefined: CLIPSIM of the reference is {reference:.4f}"
        )
    return mean_cosine / reference


def evaluate_clipsim(
    videos: Sequence[Path],
    texts: Sequence[str],
    references: Sequence[Path] = (),
    options: ClipsimOptions | None = None,
) -> ClipsimResult:
    """Compare each video with its text and, if given, with its reference.

    Args:
        videos: n files.
        texts: n texts, or one for all.
        references: n videos that the texts describe, or none.
        options: encoder and frame rate.

    Raises:
        QueryError: the numbers differ, or a video cannot be used or has one frame.
        WeightsMissingError: the weights of the encoder are not installed.
    """
    options = options or ClipsimOptions()
    texts = _match_numbers(videos, texts, references)
    space = open_joint("frames", options.joint)
    words = embed_texts(space, texts)
    rows = []
    for at, (video, text) in enumerate(zip(videos, texts, strict=True)):
        similarity = _compare(space, video, words[at], options)
        reference = _compare(space, references[at], words[at], options) if references else None
        relative = (
            None
            if reference is None
            else compute_relative(similarity.mean_cosine, reference.mean_cosine)
        )
        rows.append(ClipsimRow(video, text, similarity, reference, relative))
    return ClipsimResult(tuple(rows), space, options.frame_rate)


def _match_numbers(
    videos: Sequence[Path], texts: Sequence[str], references: Sequence[Path]
) -> Sequence[str]:
    """The text of each video."""
    if not videos:
        raise QueryError("name at least one video")
    if len(texts) == 1:
        texts = list(texts) * len(videos)
    if len(texts) != len(videos):
        raise QueryError(f"{len(videos)} videos and {len(texts)} texts: each has one")
    if references and len(references) != len(videos):
        raise QueryError(f"{len(videos)} videos and {len(references)} references: each has one")
    return texts


def _compare(space: JointSpace, video: Path, words: Matrix, options: ClipsimOptions) -> Similarity:
    from mvsearch.search.metrics.media.excerpts import Excerpt, ExcerptOptions, read_excerpts

    wanted = ExcerptOptions(frame_size=space.encoder.frame_size, frame_rate=options.frame_rate)
    with reading(video):
        frames = [
            embed_frames(space, piece.frames)
            for piece in read_excerpts(video, wanted)
            if not isinstance(piece, Excerpt)
        ]
    if sum(map(len, frames)) < 2:
        raise QueryError(f"{video.name!r} has a single frame: compare it as a picture instead")
    return compute_clipsim(np.concatenate(frames), words)
