"""IMSM, the image–music similarity metric: whether both match the same texts.

Conventions, after the published code of MeLFusion (Chowdhury et al. 2024); the text of the paper
has no formula:

- Both encoders encode N texts. P (n, N) is the softmax, over the texts, of CLIP's scaled cosines
  with n pictures; Q (m, N) that of CLAP's with m sounds. M = P · Qᵀ (n, m) is the agreement of
  picture and sound on the text. The published code prints softmax(M) over the sounds; here both
  are reported.
- M lies between 0 and 1, so its softmax over m sounds is at most e / (e + m - 1): 0.731 for two,
  0.475 for four, 0.232 for ten. Means of it are comparable only for the same m.
- Without the weights of CLIP or CLAP, both are compared by the embedded heads of mood instead (see
  `moods.spaces`), which the result names; M is then no figure to put beside published ones.
- One sound (its softmax is always 1) and one text (M is always 1) are refused.
- The i-th picture, text and sound are a triple. The means of the diagonals of M and of its softmax
  measure how well triples match.
- From a video, a frame is taken every `interval_seconds`, with the sound of `audio_length_seconds`
  from its time on. Sections that the end of the file cuts short are left out, and silent sections
  are left out and listed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.clip_score import compute_cosines, softmax_rows
from mvsearch.search.metrics.media.files import label_files
from mvsearch.search.metrics.media.joint import (
    JointOptions,
    JointSpace,
    embed_pictures,
    embed_sounds,
    embed_texts,
    open_both,
)
from mvsearch.search.metrics.media.moments import MomentOptions, embed_moments
from mvsearch.search.metrics.output.plots import Heatmap
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Matrix

Array = npt.NDArray[np.float64]

# Default texts for a video, which may apply to pictures and to music.
MOODS = (
    "calm and peaceful",
    "energetic and exciting",
    "happy and cheerful",
    "sad and melancholic",
    "angry and aggressive",
    "dark and tense",
    "romantic and tender",
    "dreamy and floating",
)
# With more sounds a table shows each picture only with its own and its best sound.
MAX_COLUMNS = 6
ROW_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class ImsmOptions:
    """The parameters of the comparison.

    Attributes:
        joint: the encoders.
        moments: the sections of a video.
    """

    joint: JointOptions = field(default_factory=JointOptions)
    moments: MomentOptions = field(default_factory=MomentOptions)


@dataclass(frozen=True, slots=True, eq=False)
class ImsmResult:
    """The result of n pictures and n sounds.

    Attributes:
        images, audios: files, or times in a video.
        texts: the N texts.
        matches: (n, n), M.
        normalised: (n, n), the softmax of the rows of M.
        spaces: of pictures and of sounds.
        notes: remarks, such as silent sections.
    """

    images: tuple[str, ...]
    audios: tuple[str, ...]
    texts: tuple[str, ...]
    matches: Array
    normalised: Array
    spaces: tuple[JointSpace, JointSpace]
    notes: tuple[str, ...] = ()

    @property
    def cap(self) -> float:
        """The maximum of the softmax."""
        return find_cap(len(self.audios))

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        pictures, sounds = self.spaces
        return {
            "metric": "imsm",
            "images": list(self.images),
            "audios": list(self.audios),
            "texts": list(self.texts),
            "matches": self.matches.tolist(),
            "normalised": self.normalised.tolist(),
            "mean_diagonal_match": float(np.diag(self.matches).mean()),
            "mean_diagonal_normalised": float(np.diag(self.normalised).mean()),
            "normalised_cap": self.cap,
            "image_encoder": pictures.to_dict(),
            "audio_encoder": sounds.to_dict(),
            "notes": list(self.notes),
        }

    def to_table(self) -> Table:
        """M and its softmax for all pairs, or only for own and best sounds if there are many."""
        n = len(self.audios)
        if n <= MAX_COLUMNS:
            columns = self.audios
            rows = [(name, *self._format_row(at)) for at, name in enumerate(self.images)]
        else:
            columns = ("own sound", "best sound")
            rows = [(name, *self._format_own_and_best(at)) for at, name in enumerate(self.images)]
        return Table(
            "IMSM: M, and the softmax of its rows", ("", *columns), tuple(rows), self._list_notes()
        )

    def _format_cell(self, row: int, column: int) -> str:
        return f"{self.matches[row, column]:.4f} · {self.normalised[row, column]:.4f}"

    def _format_row(self, row: int) -> tuple[str, ...]:
        return tuple(self._format_cell(row, column) for column in range(len(self.audios)))

    def _format_own_and_best(self, row: int) -> tuple[str, ...]:
        best = int(self.matches[row].argmax())
        return self._format_cell(row, row), f"{self._format_cell(row, best)} ({self.audios[best]})"

    def _list_notes(self) -> tuple[str, ...]:
        diagonal = np.diag(self.matches).mean()
        normalised = np.diag(self.normalised).mean()
        return (
            f"mean over the {len(self.images)} that belong together: M {diagonal:.4f}, softmax "
            f"{normalised:.4f}",
            f"softmax over {len(self.audios)} sounds reaches {self.cap:.4f} at most, chance is "
            f"{1 / len(self.audios):.4f}",
            f"texts: {', '.join(self.texts)}",
            *(space.describe() for space in self.spaces),
            *self.notes,
        )

    def to_plot(self) -> Heatmap:
        """M."""
        return Heatmap("IMSM: M = CLIP · CLAPᵀ", self.images, self.audios, self.matches)


def check_shares(shares: npt.NDArray[Any], name: str) -> Array:
    """Validate rows of probabilities over texts, and convert them to (n, N) float64.

    Raises:
        QueryError: rows are not probabilities, or there is only one text.
    """
    rows = np.asarray(shares, dtype=np.float64)
    if rows.ndim != 2 or rows.size == 0 or not np.isfinite(rows).all():
        raise QueryError(f"{name}: shares over texts are a table of finite numbers")
    if rows.shape[1] < 2:
        raise QueryError(f"{name}: with one text every pair fits fully; give two or more")
    if (rows < 0).any() or (np.abs(rows.sum(axis=1) - 1) > ROW_TOLERANCE).any():
        raise QueryError(f"{name}: shares over texts are not negative, and sum to 1")
    return rows


def compute_matches(pictures: npt.NDArray[Any], sounds: npt.NDArray[Any]) -> Array:
    """M = P · Qᵀ, as (n, m).

    Args:
        pictures: (n, N) probabilities of the texts for each picture.
        sounds: (m, N) probabilities of the same texts for each sound.

    Raises:
        QueryError: rows are not probabilities, or the numbers of texts differ.
    """
    left, right = check_shares(pictures, "pictures"), check_shares(sounds, "sounds")
    if left.shape[1] != right.shape[1]:
        raise QueryError(f"pictures have {left.shape[1]} texts, sounds {right.shape[1]}")
    matches: Array = left @ right.T
    return matches


def normalise_matches(matches: npt.NDArray[Any]) -> Array:
    """The softmax of each row of (n, m) matches.

    Raises:
        QueryError: there is only one sound, for which the softmax is always 1.
    """
    if np.ndim(matches) == 2 and np.shape(matches)[1] < 2:
        raise QueryError("IMSM of one sound is 1 whatever it is; give two or more")
    return softmax_rows(matches)


def find_cap(n_sounds: int) -> float:
    """The maximum of the softmax over n sounds: e / (e + n - 1), for a row of 1 and zeros."""
    return math.e / (math.e + n_sounds - 1)


def evaluate_imsm(
    images: Sequence[Path],
    texts: Sequence[str],
    audios: Sequence[Path],
    options: ImsmOptions | None = None,
) -> ImsmResult:
    """Compare n pictures with n sounds through n texts; the i-th of each are a triple.

    Raises:
        QueryError: the numbers differ or are less than two, or a file cannot be used.
        WeightsMissingError: the weights of an encoder are not installed.
    """
    if not len(images) == len(texts) == len(audios):
        raise QueryError(
            f"IMSM compares triples: {len(images)} images, {len(texts)} texts and "
            f"{len(audios)} audios are not equally many"
        )
    if len(images) < 2:
        raise QueryError("IMSM of one triple is 1 whatever it is; give two or more")
    spaces = open_both(None if options is None else options.joint)
    pictures, sounds = embed_pictures(spaces[0], images), embed_sounds(spaces[1], audios)
    names = label_files(images), label_files(audios)
    return _compare(spaces, names, texts, pictures, sounds)


def evaluate_video_imsm(
    video: Path, texts: Sequence[str] | None = None, options: ImsmOptions | None = None
) -> ImsmResult:
    """Compare frames of a video with the sound from their times on.

    Args:
        video: with picture and sound.
        texts: at least two; `MOODS` by default.
        options: the encoders and the sections.

    Raises:
        QueryError: fewer than two sections can be compared, or there are fewer than two texts.
        WeightsMissingError: the weights of an encoder are not installed.
    """
    options = options or ImsmOptions()
    texts = texts or MOODS
    if len(texts) < 2:
        raise QueryError("with one text every pair fits fully; give two or more")
    spaces = open_both(options.joint)
    found = embed_moments(video, *spaces, options.moments)
    if len(found.start_seconds) < 2:
        raise QueryError(
            f"{video.name!r} has {len(found.start_seconds)} stretches of "
            f"{options.moments.audio_length_seconds:g} s that can be compared: two are the least"
        )
    times = tuple(f"{start:g} s" for start in found.start_seconds)
    notes = found.describe()
    return _compare(spaces, (times, times), texts, found.pictures, found.sounds, notes)


def _compare(
    spaces: tuple[JointSpace, JointSpace],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    texts: Sequence[str],
    pictures: Matrix,
    sounds: Matrix,
    notes: tuple[str, ...] = (),
) -> ImsmResult:
    shares = [
        softmax_rows(space.scale * compute_cosines(vectors, embed_texts(space, texts)))
        for space, vectors in zip(spaces, (pictures, sounds), strict=True)
    ]
    matches = compute_matches(*shares)
    normalised = normalise_matches(matches)
    return ImsmResult(*names, tuple(texts), matches, normalised, spaces, notes)
