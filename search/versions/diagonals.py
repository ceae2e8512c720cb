"""Finds the best diagonal of a similarity matrix."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

# Films run at 24 or 25 frames a second, records at whatever the copyist liked.
MAX_SPEED_CHANGE = 0.05
SPEED_STEP = 0.0025
# Among forty speeds one always fits a little better; another speed must pay this much.
SPEED_GAIN = 1.05
# So many samples give a speed, and a parabola, that can be trusted.
MIN_SETTLED = 4
# Similarities read at once: a few MB.
MAX_READ = 1 << 18
TIE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The samples of one video in one modality.

    Attributes:
        starts: (n,) seconds, not falling.
        ends: (n,) seconds.
    """

    starts: FloatArray
    ends: FloatArray

    @property
    def interval_seconds(self) -> float:
        """The typical distance of samples; one second for a single sample."""
        return float(np.median(np.diff(self.starts))) if len(self.starts) > 1 else 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """The samples at the same time under one offset and speed, from one sample to another.

    Attributes:
        score: sum over the samples of the first of how far they are above the level.
        begin, end: places in the first, `end` exclusive.
    """

    offset: float
    speed: float
    score: float
    begin: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The similarities with the times of their rows and columns.

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
        """The coarser of the two samplings, in seconds."""
        return max(self.first.interval_seconds, self.second.interval_seconds)

    @property
    def reach(self) -> float:
        """Samples this far apart in time still meet; a little more than half the interval."""
        return 0.51 * self.interval + 1e-3

    def read(self, offsets: FloatArray, speeds: FloatArray) -> tuple[Matrix, Mask]:
        """What each sample of the first meets on each line: (lines, n) cosines, and whether."""
        times = speeds[:, None] * self.first.starts[None, :] + offsets[:, None]
        places, is_met = _find_nearest(times, self.second.starts, self.reach)
        return self.values[np.arange(len(self.first.starts))[None, :], places], is_met

    def follow(self, line: Line) -> tuple[Places, Places]:
        """The places of a line in the first, and those in the second, gaps included."""
        starts, slack = self.second.starts, 0.5 * self.second.interval_seconds + 1e-3
        span = line.speed * self.first.starts[[line.begin, line.end - 1]] + line.offset
        inside = (starts >= span[0] - slack) & (starts <= span[1] + slack)
        return np.arange(line.begin, line.end), np.flatnonzero(inside)


def find_line(plane: Plane) -> Line | None:
    """The stretch of a diagonal with the greatest sum above the level, at the best speed."""
    interval = plane.interval
    starts = plane.first.starts
    lags = np.arange(-starts[-1], plane.second.starts[-1] + interval, interval / 2)
    line = _choose_line(plane, lags, np.ones(len(lags)))
    if line is None or line.end - line.begin < MIN_SETTLED:
        return line
    middle = starts[(line.begin + line.end - 1) // 2]
    shifts = interval * np.arange(-4, 5) / 8
    near = _choose_line(plane, line.offset + shifts, np.ones(len(shifts))) or line
    n_speeds = round(MAX_SPEED_CHANGE / SPEED_STEP)
    speeds = np.repeat(1 + SPEED_STEP * np.arange(-n_speeds, n_speeds + 1), len(shifts))
    offsets = middle * (1 - speeds) + near.offset + np.tile(shifts, 2 * n_speeds + 1)
    faster = _choose_line(plane, offsets, speeds) or near
    return faster if faster.score > SPEED_GAIN * near.score else near


def settle_line(plane: Plane, line: Line) -> Line:
    """The same line through the middle of what it meets.

    Samples lie on a grid, so that many offsets meet the same ones; and the true offset lies
    between two steps of the grid, where a parabola through three has its top.
    """
    rows = slice(line.begin, line.end)
    times = line.speed * plane.first.starts[rows] + line.offset
    starts = plane.second.starts
    places, is_met = _find_nearest(times, starts, plane.reach)
    offset = line.offset + float(np.median((starts[places] - times)[is_met]))
    steps = plane.second.interval_seconds * np.array([-1.0, 0.0, 1.0])
    found, is_near = plane.read(offset + steps, np.full(3, line.speed))
    is_whole = is_near[:, rows].all(axis=0)
    if is_whole.sum() >= MIN_SETTLED:
        before, here, after = found[:, rows][:, is_whole].mean(axis=1, dtype=np.float64)
        bend = before - 2 * here + after
        shift = 0.5 * (before - after) / bend if bend < -TIE else 0.0
        offset += float(np.clip(shift, -0.45, 0.45)) * plane.second.interval_seconds
    return replace(line, offset=offset)


def _choose_line(plane: Plane, offsets: FloatArray, speeds: FloatArray) -> Line | None:
    """The best stretch over these offsets and speeds; of equals, the least change."""
    best: Line | None = None
    order = np.lexsort((np.abs(offsets), np.abs(speeds - 1)))
    n_blocks = max(1, len(order) * len(plane.first.starts) // MAX_READ)
    for at in np.array_split(order, n_blocks):
        found, is_met = plane.read(offsets[at], speeds[at])
        gains = np.where(is_met, found - plane.level, 0.0)
        totals = np.pad(np.cumsum(gains, axis=1), ((0, 0), (1, 0)))
        lowest = np.minimum.accumulate(totals, axis=1)
        rises = totals - lowest
        scores = rises.max(axis=1)
        top = int(np.argmax(scores >= scores.max() - TIE))
        if scores[top] > (best.score + TIE if best else 0.0):
            end = int(rises[top].argmax())
            # The last of equal lows: a stretch begins with a sample that agrees.
            begin = int(np.flatnonzero(totals[top, :end] <= lowest[top, end] + TIE)[-1])
            line = at[top]
            best = Line(float(offsets[line]), float(speeds[line]), float(scores[top]), begin, end)
    return best


def _find_nearest(times: FloatArray, among: FloatArray, reach: float) -> tuple[Places, Mask]:
    """For each time the nearest of `among`, and whether it is within reach."""
    last = len(among) - 1
    after = np.clip(np.searchsorted(among, times), 0, last)
    before = np.maximum(after - 1, 0)
    nearest = np.where(times - among[before] <= np.abs(among[after] - times), before, after)
    return nearest, np.abs(among[nearest] - times) <= reach
