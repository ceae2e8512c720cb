"""Measures how well two videos agree over time in one modality."""

from dataclasses import dataclass, replace

import numpy as np

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.versions.diagonals import (
    Diagonal,
    TimedSimilarities,
    Timeline,
    find_diagonal,
    refine_diagonal,
)
from mvsearch.store.records import Matrix

# Minimum samples of a further part, and maximum number of parts.
MIN_PART_SAMPLES = 4
MAX_PARTS = 6
# The time of a cut is known to half a frame interval; a window may cross it by this much.
EDGE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class AgreementOptions:
    """When two samples count as the same.

    Attributes:
        level: cosine threshold; a sample adds its distance to the level to the score.
        guard_seconds: similarities nearer to the diagonal than this are not background.
        min_contrast: minimum difference of diagonal and background; a still picture agrees
            everywhere and gives no time.
        min_contrast_share: the same, as a share of the distance from the background to 1.
    """

    level: float
    guard_seconds: float
    min_contrast: float = 0.04
    min_contrast_share: float = 0.2


@dataclass(frozen=True, slots=True)
class Part:
    """A time range that two videos share without a cut.

    Attributes:
        first_seconds, second_seconds: start and end in each video.
        example_seconds: the time of one shared sample in each video.
    """

    first_seconds: tuple[float, float]
    second_seconds: tuple[float, float]
    example_seconds: tuple[float, float]

    def swap(self) -> "Part":
        """The same with the second video first."""
        example = (self.example_seconds[1], self.example_seconds[0])
        return Part(self.second_seconds, self.first_seconds, example)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of two videos in one modality.

    Attributes:
        offset_seconds: time `t` of the first is `speed * t + offset_seconds` of the second, in the
            longest part.
        speed: 1 if both have the same speed.
        similarity: mean cosine along the diagonals.
        background: median cosine of the shared samples with the rest of the other video; None
            if there is too little of it.
        share: of the samples of the shared parts, those that agree.
        first_share, second_share: of each video's samples, those that are shared.
        n_samples: number of agreeing samples of the video with the lower sampling rate.
        parts: the longest first.
        is_still: whether other offsets agree as well, so that it is no evidence of time.
    """

    offset_seconds: float
    speed: float
    similarity: float
    background: float | None
    share: float
    first_share: float
    second_share: float
    n_samples: int
    parts: tuple[Part, ...]
    is_still: bool

    def locate(self, seconds: float) -> float:
        """The time in the second video for a time of the first, in the longest part."""
        return self.speed * seconds + self.offset_seconds

    def swap(self) -> "Agreement":
        """The same with the second video first."""
        return replace(
            self,
            offset_seconds=-self.offset_seconds / self.speed,
            speed=1 / self.speed,
            first_share=self.second_share,
            second_share=self.first_share,
            parts=tuple(part.swap() for part in self.parts),
        )


def find_agreement(
    similarities: Matrix, first: Timeline, second: Timeline, options: AgreementOptions
) -> Agreement | None:
    """Find the time ranges in which two videos agree sample by sample.

    For each offset, the samples at the same time form a diagonal of the matrix. Its best range has
    the greatest sum of similarity above the level: the local alignment of Smith and Waterman (1981)
    without gaps. The best diagonal is then tried at other speeds, and its rows and columns are
    removed before the next part is searched.

    Args:
        similarities: (n, m) cosines of the first video's samples with the second's.
        first: n samples.
        second: m samples.
        options: when samples count as the same.

    Returns:
        None if nothing agrees.
    """
    if not similarities.size or float(similarities.max()) < options.level:
        return None
    if first.interval_seconds < second.interval_seconds:
        # From the coarser to the finer sampling: the nearest sample is then nearer.
        found = find_agreement(similarities.T, second, first, options)
        return None if found is None else found.swap()
    diagonals: list[Diagonal] = []
    left = TimedSimilarities(similarities.copy(), first, second, options.level)
    while len(diagonals) < MAX_PARTS:
        diagonal = find_diagonal(left)
        if diagonal is None or (diagonals and diagonal.end - diagonal.begin < MIN_PART_SAMPLES):
            break
        diagonals.append(refine_diagonal(left, diagonal))
        rows, columns = left.follow(diagonals[-1])
        left.values[rows, :] = -1.0
        left.values[:, columns] = -1.0
    timed = TimedSimilarities(similarities, first, second, options.level)
    return _describe(diagonals, timed, options) if diagonals else None


def measure_diagonal(
    similarities: Matrix,
    first: Timeline,
    second: Timeline,
    options: AgreementOptions,
    offset_seconds: float,
    speed: float = 1.0,
    within_seconds: tuple[float, float] | None = None,
) -> tuple[int, int]:
    """Measure how well two videos agree at a given offset.

    Args:
        similarities: as for `find_agreement`.
        first: n samples.
        second: m samples.
        options: when samples count as the same.
        offset_seconds: of the second video.
        speed: of the second video.
        within_seconds: only samples of the first that lie completely in this range.

    Returns:
        The number of agreeing samples, and of samples with a counterpart.
    """
    timed = TimedSimilarities(similarities, first, second, options.level)
    found, is_met = (both[0] for both in timed.read(np.array([offset_seconds]), np.array([speed])))
    if within_seconds is not None:
        start, end = within_seconds
        is_met &= (first.starts >= start - EDGE_SECONDS) & (first.ends <= end + EDGE_SECONDS)
    return int((is_met & (found >= options.level)).sum()), int(is_met.sum())


def _describe(
    diagonals: list[Diagonal], timed: TimedSimilarities, options: AgreementOptions
) -> Agreement:
    level = timed.level
    is_shared = [np.zeros(len(timeline.starts), bool) for timeline in (timed.first, timed.second)]
    met: list[Matrix] = []
    for diagonal in diagonals:
        found, is_met = (both[0] for both in timed.read(*_as_arrays(diagonal)))
        rows, columns = timed.follow(diagonal)
        met.append(found[rows][is_met[rows]])
        is_shared[0][rows] |= (found >= level)[rows] & is_met[rows]
        is_shared[1][columns] = True
    on_diagonals = np.concatenate(met)
    similarity, background = (
        float(on_diagonals.mean()),
        _find_background(diagonals, timed, options.guard_seconds),
    )
    share = float((on_diagonals >= level).mean())
    return Agreement(
        offset_seconds=diagonals[0].offset,
        speed=diagonals[0].speed,
        similarity=similarity,
        background=background,
        share=share,
        first_share=float(is_shared[0].mean()),
        second_share=float(is_shared[1].mean()) * share,
        n_samples=int(is_shared[0].sum()),
        parts=tuple(_locate_part(diagonal, timed) for diagonal in diagonals),
        is_still=background is not None and not _stands_out(similarity, background, options),
    )


def _as_arrays(diagonal: Diagonal) -> tuple[FloatArray, FloatArray]:
    return np.array([diagonal.offset]), np.array([diagonal.speed])


def _stands_out(similarity: float, background: float, options: AgreementOptions) -> bool:
    floor = max(options.min_contrast, options.min_contrast_share * (1 - background))
    return similarity - background >= floor


def _find_background(
    diagonals: list[Diagonal], timed: TimedSimilarities, guard_seconds: float
) -> float | None:
    """Median similarity of the shared samples with samples that are far in time."""
    values: list[Matrix] = []
    first, second = timed.first.starts, timed.second.starts
    for diagonal in diagonals:
        rows, columns = timed.follow(diagonal)
        lags = second[None, :] - (diagonal.speed * first + diagonal.offset)[:, None]
        is_far = np.abs(lags) > guard_seconds
        values += [timed.values[rows][is_far[rows]], timed.values[:, columns][is_far[:, columns]]]
    found = np.concatenate(values)
    # A few pairs at the ends of two short videos are no background.
    return float(np.median(found)) if len(found) >= 2 * max(timed.values.shape) else None


def _locate_part(diagonal: Diagonal, timed: TimedSimilarities) -> Part:
    """The time range of a diagonal, its last sample included completely."""
    first = timed.first
    start, end = float(first.starts[diagonal.begin]), float(first.ends[diagonal.end - 1])
    last = float(timed.second.ends[-1])
    there = [min(max(diagonal.speed * time + diagonal.offset, 0.0), last) for time in (start, end)]
    found, is_met = (both[0] for both in timed.read(*_as_arrays(diagonal)))
    rows = np.arange(diagonal.begin, diagonal.end)
    sample = int(rows[np.where(is_met[rows], found[rows], -1.0).argmax()])
    here = float(first.starts[sample])
    return Part((start, end), (there[0], there[1]), (here, diagonal.speed * here + diagonal.offset))
