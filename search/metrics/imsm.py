"""IMSM, the image–music similarity metric: whether both match the same texts.

Conventions, after the published code of MeLFusion (Chowdhury et al. 2024); the formula was not
found in the text of the paper:

- N texts are put to both encoders. P (n, N) is the softmax, over the texts, of CLIP's scaled
  cosines with n pictures; Q (m, N) likewise by CLAP with m sounds. M = P · Qᵀ is (n, m): how much
  picture and sound agree about which text it is. The published code prints softmax(M) over the
  sounds; here both are reported.
- M is from 0 to 1, so that its softmax over m sounds reaches e / (e + m - 1) at most: 0.731 for
  two, 0.475 for four, 0.232 for ten. Means of it are therefore only comparable for the same m.
- With one sound the last softmax is 1, and with one text all of M is: both are refused.
- Of pictures, texts and sounds that belong together, the i-th of each make a triple, and the
  diagonals say how well these fit; means of both are given.
- Of a video, a frame is taken every `interval_seconds`, with the sound of `audio_length_seconds`
  from there. What the end cuts short is left out, and so are silent stretches, which are named.
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
    open_joint,
)
from mvsearch.search.metrics.media.moments import MomentOptions, embed_moments
from mvsearch.search.metrics.output.plots import Heatmap
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Matrix

Array = npt.NDArray[np.float64]

# What a video is asked where no texts are given; words that pictures and music both may fit.
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
# Above so many sounds a table shows each picture with its own sound alone.
MAX_COLUMNS = 6
ROW_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class ImsmOptions:
    """How pictures and sounds are compared.

    Attributes:
        joint: by the encoders of which profile.
        moments: where a video is looked at and listened to.
    """

    joint: JointOptions = field(default_factory=JointOptions)
    moments: MomentOptions = field(default_factory=MomentOptions)


@dataclass(frozen=True, slots=True, eq=False)
class ImsmResult:
    """Pictures against sounds.

    Attributes:
        images, audios: the n pictures and n sounds that belong together: files, or times.
        texts: the N texts.
        matches: (n, n), M.
        normalised: (n, n), the softmax of its rows.
        spaces: where pictures, and where sounds, were compared with the texts.
        notes: what was left out.
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
        """The most that the softmax can reach."""
        return find_cap(len(self.audios))

    def to_dict(self) -> dict[str, Any]:
        """All of it, for programs."""
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
        """M and its softmax: all pairs where there are few, else each picture's own sound."""
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
    """Rows of shares over texts, as (n, N) float64.

    Raises:
        QueryError: they are no shares, or are of one text, of which each has all.
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
        pictures: (n, N) shares of the texts for each picture.
        sounds: (m, N) shares of the same texts for each sound.

    Raises:
        QueryError: they are no shares, or not over the same texts.
    """
    left, right = check_shares(pictures, "pictures"), check_shares(sounds, "sounds")
    if left.shape[1] != right.shape[1]:
        raise QueryError(f"pictures have {left.shape[1]} texts, sounds {right.shape[1]}")
    matches: Array = left @ right.T
    return matches


def normalise_matches(matches: npt.NDArray[Any]) -> Array:
    """The softmax of each row of (n, m) matches.

    Raises:
        QueryError: there is one sound, of which the softmax is 1 whatever it is.
    """
    if np.ndim(matches) == 2 and np.shape(matches)[1] < 2:
        raise QueryError("IMSM of one sound is 1 whatever it is; give two or more")
    return softmax_rows(matches)


def find_cap(n_sounds: int) -> float:
    """The most that the softmax over n sounds reaches: e / (e + n - 1), for a row of 1 and 0s."""
    return math.e / (math.e + n_sounds - 1)


def evaluate_imsm(
    images: Sequence[Path],
    texts: Sequence[str],
    audios: Sequence[Path],
    options: ImsmOptions | None = None,
) -> ImsmResult:
    """Compare n pictures with n sounds through n texts, the i-th of each belonging together.

    Raises:
        QueryError: they are not equally many, fewer than two, or one cannot be used.
        WeightsMissingError: the weights of an encoder are not there.
    """
    if not len(images) == len(texts) == len(audios):
        raise QueryError(
            f"IMSM compares triples: {len(images)} images, {len(texts)} texts and "
            f"{len(audios)} audios are not equally many"
        )
    if len(images) < 2:
        raise QueryError("IMSM of one triple is 1 whatever it is; give two or more")
    spaces = _open_both(options)
    pictures, sounds = embed_pictures(spaces[0], images), embed_sounds(spaces[1], audios)
    names = label_files(images), label_files(audios)
    return _compare(spaces, names, texts, pictures, sounds)


def evaluate_video_imsm(
    video: Path, texts: Sequence[str] | None = None, options: ImsmOptions | None = None
) -> ImsmResult:
    """Compare the frames of a video with the sound that begins there.

    Args:
        video: with picture and sound.
        texts: put to both; `MOODS` where there are none.
        options: the encoders, and where the video is looked at.

    Raises:
        QueryError: fewer than two stretches of it can be compared, or fewer than two texts.
        WeightsMissingError: the weights of an encoder are not there.
    """
    options = options or ImsmOptions()
    texts = texts or MOODS
    if len(texts) < 2:
        raise QueryError("with one text every pair fits fully; give two or more")
    spaces = _open_both(options)
    found = embed_moments(video, *spaces, options.moments)
    if len(found.start_seconds) < 2:
        raise QueryError(
            f"{video.name!r} has {len(found.start_seconds)} stretches of "
            f"{options.moments.audio_length_seconds:g} s that can be compared: two are the least"
        )
    times = tuple(f"{start:g} s" for start in found.start_seconds)
    notes = found.describe()
    return _compare(spaces, (times, times), texts, found.pictures, found.sounds, notes)


def _open_both(options: ImsmOptions | None) -> tuple[JointSpace, JointSpace]:
    joint = (options or ImsmOptions()).joint
    return open_joint("frames", joint), open_joint("audio", joint)


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
