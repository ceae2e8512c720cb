"""Timbre distance: MFCC sequences compared by dynamic time warping.

The rules:

- A clip is a sequence of 20 MFCCs every 512 samples at 22.05 kHz, by librosa's defaults (2,048
  samples per spectrum, 128 mel bands, 80 dB range). The first coefficient, the loudness, is
  included.
- The distance of two clips is that of dynamic time warping (see `warping`). It is a sum over the
  path, so long clips have larger distances than short ones; `is_per_step` divides it by the length
  of the path.
- The table is symmetric; a pair is measured once, with the first clip as the first sequence.
- For the scale from 0 to 1, the distances of the pairs (each once, without the diagonal) are
  clipped at their mean ± 3 standard deviations (ddof 0); then the minimum is mapped to 0 and the
  maximum to 1. With at most five clips (ten pairs) no value can be clipped.
- If all distances are equal, such as that of a single pair, there is no such scale.
- Two tables of the same clips are compared by Pearson's correlation over the pairs, each once.
  There is no p-value, because pairs that share a clip are not independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.distances.warping import DISTANCES, Distance, warp
from mvsearch.search.metrics.extras import import_extra
from mvsearch.search.metrics.media.files import label_files
from mvsearch.search.metrics.media.onsets import SAMPLE_RATE, check_samples, read_clip
from mvsearch.search.metrics.output.plots import Heatmap
from mvsearch.search.metrics.output.tables import Table
from mvsearch.search.metrics.pair_table import read_table
from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]

N_COEFFICIENTS = 20
CLIP_DEVIATIONS = 3.0
# Two clips are one pair, which has no correlation.
MIN_CORRELATED_CLIPS = 3


@dataclass(frozen=True, slots=True)
class TimbreOptions:
    """The parameters of the comparison.

    Attributes:
        distance: of two vectors of coefficients.
        is_per_step: whether a distance is divided by the length of its path.
        seconds: length of each clip that is used; None for all of it.
    """

    distance: Distance = "euclidean"
    is_per_step: bool = False
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.distance not in DISTANCES:
            raise QueryError(f"a distance is {' or '.join(DISTANCES)}, not {self.distance!r}")
        if self.seconds is not None and not 0.0 < self.seconds < float("inf"):
            raise QueryError(f"so many seconds cannot be measured: {self.seconds:g}")


@dataclass(frozen=True, slots=True, eq=False)
class TimbreResult:
    """The distances of all pairs of clips.

    Attributes:
        clips: their files, in the order of rows and columns.
        distances: (n, n) symmetric, zeros on the diagonal.
        scaled: the same from 0 to 1; None if all distances are equal.
        correlation: Pearson's, with another table; None without one.
    """

    clips: tuple[Path, ...]
    distances: FloatArray
    scaled: FloatArray | None
    correlation: float | None = None
    options: TimbreOptions = field(default_factory=TimbreOptions)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "metric": "timbre",
            "clips": [str(clip) for clip in self.clips],
            "distances": self.distances.tolist(),
            "scaled": None if self.scaled is None else self.scaled.tolist(),
            "correlation": self.correlation,
            # Constant; kept for compatibility.
            "warp": "exact",
            "radius": None,
            "distance": self.options.distance,
            "is_per_step": self.options.is_per_step,
            "seconds": self.options.seconds,
        }

    def to_table(self) -> Table:
        """The scaled distances of all pairs, or the distances if there is no scale."""
        names = label_files(self.clips)
        shown = self.distances if self.scaled is None else self.scaled
        digits = ".1f" if self.scaled is None and not self.options.is_per_step else ".4f"
        rows = tuple(
            (f"{at} {name}", *(f"{value:{digits}}" for value in row))
            for at, (name, row) in enumerate(zip(names, shown.tolist(), strict=True), start=1)
        )
        columns = ("clip", *(str(at) for at in range(1, len(self.clips) + 1)))
        title = "timbre: distance" if self.scaled is None else "timbre: distance from 0 to 1"
        return Table(title, columns, rows, self._list_notes())

    def to_plot(self) -> Heatmap:
        """The values of the table."""
        shown = self.distances if self.scaled is None else self.scaled
        names = label_files(self.clips)
        return Heatmap(self.to_table().title, names, names, shown)

    def _list_notes(self) -> tuple[str, ...]:
        pairs = list_pairs(self.distances)
        scale = f"distances lie from {pairs.min():.1f} to {pairs.max():.1f}"
        if self.options.is_per_step:
            scale = f"distances a step lie from {pairs.min():.3f} to {pairs.max():.3f}"
        if self.scaled is None:
            scale += "; all pairs are equally far, so that there is no scale from 0 to 1"
        else:
            scale += f", clipped at their mean ± {CLIP_DEVIATIONS:g} deviations; the least is 0"
        notes = [scale, f"{N_COEFFICIENTS} MFCCs, warping exact, {self.options.distance}"]
        if self.correlation is not None:
            notes.append(f"Pearson's correlation with the other table: {self.correlation:.4f}")
        return tuple(notes)


def evaluate_timbre(
    clips: Sequence[Path], options: TimbreOptions | None = None, other: Path | None = None
) -> TimbreResult:
    """Compare all pairs of clips, and correlate the distances with another table, if given.

    Args:
        clips: at least two files with sound.
        options: of the comparison.
        other: a CSV table of the same clips, see `pair_table`.

    Raises:
        QueryError: there are fewer than two clips, one cannot be read or is silent, or the other
            table is invalid.
    """
    options = options or TimbreOptions()
    if len(clips) < 2:
        raise QueryError("timbre needs two clips or more")
    wanted = None if other is None else read_table(other, [str(clip) for clip in clips])
    coefficients = [find_coefficients(read_clip(clip, options.seconds)) for clip in clips]
    distances = compare_pairs(coefficients, options)
    scaled = scale_distances(distances) if np.ptp(list_pairs(distances)) > 0 else None
    correlation = None if wanted is None else correlate(distances, wanted)
    return TimbreResult(tuple(clips), distances, scaled, correlation, options)


def find_coefficients(samples: npt.NDArray[np.float32]) -> FloatArray:
    """The mel-frequency cepstral coefficients of a clip.

    Args:
        samples: (n,) mono at 22.05 kHz.

    Returns:
        (1 + n // 512, 20).

    Raises:
        QueryError: the sound is not finite or too short.
    """
    check_samples(samples)
    librosa = import_extra("librosa")
    found = librosa.feature.mfcc(y=samples, sr=SAMPLE_RATE, n_mfcc=N_COEFFICIENTS)
    return np.asarray(found.T, dtype=np.float64)


def compare_pairs(
    sequences: Sequence[FloatArray], options: TimbreOptions | None = None
) -> FloatArray:
    """Compute the distance of every pair of sequences.

    Args:
        sequences: each (frames, dim).
        options: of the comparison.

    Returns:
        (n, n) symmetric distances, zeros on the diagonal.
    """
    options = options or TimbreOptions()
    distances = np.zeros((len(sequences), len(sequences)))
    for first, second in combinations(range(len(sequences)), 2):
        warping = warp(sequences[first], sequences[second], options.distance)
        value = warping.mean_step if options.is_per_step else warping.distance
        distances[first, second] = distances[second, first] = value
    return distances


def list_pairs(table: FloatArray) -> FloatArray:
    """The values above the diagonal of a table, row by row."""
    return table[np.triu_indices(len(table), k=1)]


def scale_distances(distances: FloatArray) -> FloatArray:
    """Clip distances at their mean ± 3 standard deviations, and scale them to 0 to 1.

    Args:
        distances: (n, n) symmetric; the diagonal is ignored.

    Returns:
        (n, n) with zeros on the diagonal.

    Raises:
        QueryError: all distances are equal, or the table is invalid.
    """
    _check_table(distances)
    pairs = list_pairs(distances)
    if len(pairs) == 0 or np.ptp(pairs) == 0:
        raise QueryError("all pairs are equally far: there is no scale from 0 to 1")
    reach = CLIP_DEVIATIONS * pairs.std()
    clipped = np.clip(distances, pairs.mean() - reach, pairs.mean() + reach)
    inner = list_pairs(clipped)
    scaled: FloatArray = (clipped - inner.min()) / np.ptp(inner)
    np.fill_diagonal(scaled, 0.0)
    return scaled


def _check_table(table: FloatArray) -> None:
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise QueryError(f"a table of pairs is square, not {table.shape}")
    if not np.all(np.isfinite(table)):
        raise QueryError("a table holds values that are no numbers")
    if not np.allclose(table, table.T, rtol=1e-9, atol=0.0):
        raise QueryError("a table is not the same both ways")


def correlate(first: FloatArray, second: FloatArray) -> float:
    """Pearson's correlation of two tables of the same clips, over the pairs, each once.

    Args:
        first: (n, n) symmetric; the diagonal is ignored.
        second: (n, n) likewise.

    Returns:
        -1 to 1.

    Raises:
        QueryError: they differ in size, have fewer than three clips, or one is constant.
    """
    _check_table(first)
    _check_table(second)
    if first.shape != second.shape:
        raise QueryError(f"tables of {len(first)} and {len(second)} clips cannot be compared")
    if len(first) < MIN_CORRELATED_CLIPS:
        raise QueryError(f"a correlation needs {MIN_CORRELATED_CLIPS} clips or more")
    pairs, others = list_pairs(first), list_pairs(second)
    if np.ptp(pairs) == 0 or np.ptp(others) == 0:
        raise QueryError("a table whose pairs are all alike has no correlation")
    from scipy.stats import pearsonr

    return float(pearsonr(pairs, others).statistic)
