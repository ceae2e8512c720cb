"""Finds the best diagonal of a similarity matrix."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix

Mask = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.intp]

# Films run at 24 or 25 frames a second, copies at any speed.
MAX_SPEED_CHANGE = 0.05
SPEED_STEP = 0.0025
# Of forty speeds one always fits a little better; another speed needs this gain.
SPEED_GAIN = 1.05
# Minimum samples for a reliable speed, and for a parabola.
MIN_REFINED = 4
# Similarities read at once: a few MB.
MAX_READ = 1 << 18
TIE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The samples of one video in one modality.

    Attributes:
        starts: (n,) seconds, ascending.
        ends: (n,) seconds.
    """

    starts: FloatArray
    ends: FloatArray

    @property
    def interval_seconds(self) -> float:
        """The median distance of samples in seconds; 1 for a single sample."""
        return float(np.median(np.diff(self.starts))) if len(self.starts) > 1 else 1.0


@dataclass(frozen=True, slots=True)
class Diagonal:
    """The samples at the same time for one offset and speed, in a range of samples.

    Attributes:
        score: sum over the samples of the first of their similarity above the level.
        begin, end: range of samples in the first, `end` exclusive.
    """

    offset: float
    speed: float
    score: float
    begin: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class TimedSimilarities:
    """The similarities of two videos, with the times of rows and columns.

    Attributes:
        values: (n, m) cosines.
        level: see `AgreementOptions`.
    """

    values: Matrix
    first: Timeline
    second: Timeline
    level: float

    @property
    def interval(self) -> float:
        """The longer of the two sampling intervals, in seconds."""
        return max(self.first.interval_seconds, self.second.interval_seconds)

    @property
    def reach(self) -> float:
        """Maximum time difference of counterparts; a little more than half the interval."""
        return 0.51 * self.interval + 1e-3

    def read(self, offsets: FloatArray, speeds: FloatArray) -> tuple[Matrix, Mask]:
        """(diagonals, n) cosines of the first's samples with their counterparts, and a mask."""
        times = speeds[:, None] * self.first.starts[None, :] + offsets[:, None]
        nearest_indexes, is_met = _find_nearest(times, self.second.starts, self.reach)
        return self.values[np.arange(len(self.first.starts))[None, :], nearest_indexes], is_met

    def follow(self, diagonal: Diagonal) -> tuple[Indexes, Indexes]:
        """The samples of a diagonal in the first and in the second, gaps included."""
        starts, slack = self.second.starts, 0.5 * self.second.interval_seconds + 1e-3
        bounds = self.first.starts[[diagonal.begin, diagonal.end - 1]]
        span = diagonal.speed * bounds + diagonal.offset
        inside = (starts >= span[0] - slack) & (starts <= span[1] + slack)
        return np.arange(diagonal.begin, diagonal.end), np.flatnonzero(inside)


def find_diagonal(timed: TimedSimilarities) -> Diagonal | None:
    """Find the range of a diagonal with the greatest sum above the level, at the best speed."""
    interval = timed.interval
    starts = timed.first.starts
    lags = np.arange(-starts[-1], timed.second.starts[-1] + interval, interval / 2)
    diagonal = _choose_diagonal(timed, lags, np.ones(len(lags)))
    if diagonal is None or diagonal.end - diagonal.begin < MIN_REFINED:
        return diagonal
    middle = starts[(diagonal.begin + diagonal.end - 1) // 2]
    shifts = interval * np.arange(-4, 5) / 8
    near = _choose_diagonal(timed, diagonal.offset + shifts, np.ones(len(shifts))) or diagonal
    n_speeds = round(MAX_SPEED_CHANGE / SPEED_STEP)
    speeds = np.repeat(1 + SPEED_STEP * np.arange(-n_speeds, n_speeds + 1), len(shifts))
    offsets = middle * (1 - speeds) + near.offset + np.tile(shifts, 2 * n_speeds + 1)
    faster = _choose_diagonal(timed, offsets, speeds) or near
    return faster if faster.score > SPEED_GAIN * near.score else near


def refine_diagonal(timed: TimedSimilarities, diagonal: Diagonal) -> Diagonal:
    """Refine the offset of a diagonal below the sampling interval.

    Many offsets have the same counterparts, so the offset is first centred on them. The true offset
    lies between two samples, at the maximum of a parabola through three.
    """
    rows = slice(diagonal.begin, diagonal.end)
    times = diagonal.speed * timed.first.starts[rows] + diagonal.offset
    starts = timed.second.starts
    nearest_indexes, is_met = _find_nearest(times, starts, timed.reach)
    offset = diagonal.offset + float(np.median((starts[nearest_indexes] - times)[is_met]))
    steps = timed.second.interval_seconds * np.array([-1.0, 0.0, 1.0])
    found, is_near = timed.read(offset + steps, np.full(3, diagonal.speed))
    is_whole = is_near[:, rows].all(axis=0)
    if is_whole.sum() >= MIN_REFINED:
        before, here, after = found[:, rows][:, is_whole].mean(axis=1, dtype=np.float64)
        bend = before - 2 * here + after
        shift = 0.5 * (before - after) / bend if bend < -TIE else 0.0
        offset += float(np.clip(shift, -0.45, 0.45)) * timed.second.interval_seconds
    return replace(diagonal, offset=offset)


def _choose_diagonal(
    timed: TimedSimilarities, offsets: FloatArray, speeds: FloatArray
) -> Diagonal | None:
    """The best range over these offsets and speeds; of equals, the smallest change."""
    best: Diagonal | None = None
    order = np.lexsort((np.abs(offsets), np.abs(speeds - 1)))
    n_blocks = max(1, len(order) * len(timed.first.starts) // MAX_READ)
    for at in np.array_split(order, n_blocks):
        found, is_met = timed.read(offsets[at], speeds[at])
        gains = np.where(is_met, found - timed.level, 0.0)
        totals = np.pad(np.cumsum(gains, axis=1), ((0, 0), (1, 0)))
        lowest = np.minimum.accumulate(totals, axis=1)
        rises = totals - lowest
        scores = rises.max(axis=1)
        top = int(np.argmax(scores >= scores.max() - TIE))
        if scores[top] > (best.score + TIE if best else 0.0):
            end = int(rises[top].argmax())
            # The last of equal minima: a range begins with a sample that agrees.
            begin = int(np.flatnonzero(totals[top, :end] <= lowest[top, end] + TIE)[-1])
            diagonal = at[top]
            best = Diagonal(
                float(offsets[diagonal]), float(speeds[diagonal]), float(scores[top]), begin, end
            )
    return best


def _find_nearest(times: FloatArray, among: FloatArray, reach: float) -> tuple[Indexes, Mask]:
    """For each time the nearest of `among`, and whether it is within reach."""
    last = len(among) - 1
    after = np.clip(np.searchsorted(among, times), 0, last)
    before = np.maximum(after - 1, 0)
    nearest = np.where(times - among[before] <= np.abs(among[after] - times), before, after)
    return nearest, np.abs(among[nearest] - times) <= reach
