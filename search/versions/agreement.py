"""Measures how well two videos agree over time in one modality."""

from dataclasses import dataclass, replace

import numpy as np

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.versions.diagonals import Line, Plane, Timeline, find_line, settle_line
from mvsearch.store.records import Matrix

# A part beyond the first must bring so many samples; more parts than this are a collage.
MIN_PART_SAMPLES = 4
MAX_PARTS = 6
# A cut is known no better than to half a frame's interval, a window that barely crosses it counts.
EDGE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class AgreementOptions:
    """When two samples at the same time are taken as the same.

    Attributes:
        level: the cosine that parts the same from the other; samples above it speak for a stretch,
            samples below it against it, each as much as it differs.
        guard_seconds: nearer than this to the line, similarity is no background.
        min_contrast: how far the line must stand out from the background; a picture that never
            changes agrees everywhere, so that it says nothing of time.
        min_contrast_share: the same, as a share of what is left above the background.
    """

    level: float
    guard_seconds: float
    min_contrast: float = 0.04
    min_contrast_share: float = 0.2


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch that two videos share without a cut.

    Attributes:
        first_seconds, second_seconds: where it begins and ends in each.
        example_seconds: of a sample that both have, in the first and in the second.
    """

    first_seconds: tuple[float, float]
    second_seconds: tuple[float, float]
    example_seconds: tuple[float, float]

    def turn(self) -> "Part":
        """The second video first."""
        example = (self.example_seconds[1], self.example_seconds[0])
        return Part(self.second_seconds, self.first_seconds, example)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two videos share in one modality.

    Attributes:
        offset_seconds: what is at `t` in the first is at `speed * t + offset_seconds` in the
            second, on the longest part.
        speed: 1 where both run equally fast.
        similarity: mean cosine along the line.
        background: typical cosine of the shared samples with the rest of the other video; None
            where there is no rest to speak of.
        share: of the samples of the shared stretch, those that agree.
        first_share, second_share: of each video's samples, those that the other has too.
        n_samples: how many agree, of the video that is sampled more coarsely.
        parts: the longest first.
        is_still: whether it agrees as well everywhere else, so that it is no evidence of time.
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
        """Where in the second video a time of the first is, on the longest part."""
        return self.speed * seconds + self.offset_seconds

    def turn(self) -> "Agreement":
        """The same with the second video first."""
        return replace(
            self,
            offset_seconds=-self.offset_seconds / self.speed,
            speed=1 / self.speed,
            first_share=self.second_share,
            second_share=self.first_share,
            parts=tuple(part.turn() for part in self.parts),
        )


def find_agreement(
    similarities: Matrix, first: Timeline, second: Timeline, options: AgreementOptions
) -> Agreement | None:
    """Find the stretches on which two videos agree sample by sample.

    For every offset, the samples at the same time form a diagonal of the matrix; its best stretch
    is the one with the greatest sum of similarity above the level: the local alignment of Smith
    and Waterman (1981) without gaps. The best diagonal is then tried at other speeds, and what it
    covers is taken out before the next part is looked for.

    Args:
        similarities: (n, m) cosines of the first video's samples with the second's.
        first: n samples.
        second: m samples.
        options: what counts as the same.

    Returns:
        None where nothing agrees.
    """
    if not similarities.size or float(similarities.max()) < options.level:
        return None
    if first.interval_seconds < second.interval_seconds:
        # From the coarser to the finer: the nearest sample is then nearer.
        found = find_agreement(similarities.T, second, first, options)
        return None if found is None else found.turn()
    lines: list[Line] = []
    left = Plane(similarities.copy(), first, second, options.level)
    while len(lines) < MAX_PARTS:
        line = find_line(left)
        if line is None or (lines and line.end - line.begin < MIN_PART_SAMPLES):
            break
        lines.append(settle_line(left, line))
        rows, columns = left.follow(lines[-1])
        left.values[rows, :] = -1.0
        left.values[:, columns] = -1.0
    plane = Plane(similarities, first, second, options.level)
    return _describe(lines, plane, options) if lines else None


def measure_line(
    similarities: Matrix,
    first: Timeline,
    second: Timeline,
    options: AgreementOptions,
    offset_seconds: float,
    speed: float = 1.0,
    within_seconds: tuple[float, float] | None = None,
) -> tuple[int, int]:
    """How well two videos agree at a given offset.

    Args:
        similarities: as for `find_agreement`.
        first: n samples.
        second: m samples.
        options: what counts as the same.
        offset_seconds: of the second's time.
        speed: of the second's time.
        within_seconds: only samples of the first that lie in this stretch whole.

    Returns:
        How many samples agree, and how many meet one at all.
    """
    plane = Plane(similarities, first, second, options.level)
    found, is_met = (both[0] for both in plane.read(np.array([offset_seconds]), np.array([speed])))
    if within_seconds is not None:
        start, end = within_seconds
        is_met &= (first.starts >= start - EDGE_SECONDS) & (first.ends <= end + EDGE_SECONDS)
    return int((is_met & (found >= options.level)).sum()), int(is_met.sum())


def _describe(lines: list[Line], plane: Plane, options: AgreementOptions) -> Agreement:
    level = plane.level
    is_shared = [np.zeros(len(timeline.starts), bool) for timeline in (plane.first, plane.second)]
    met: list[Matrix] = []
    for line in lines:
        found, is_met = (both[0] for both in plane.read(*_as_arrays(line)))
        rows, columns = plane.follow(line)
        met.append(found[rows][is_met[rows]])
        is_shared[0][rows] |= (found >= level)[rows] & is_met[rows]
        is_shared[1][columns] = True
    on_lines = np.concatenate(met)
    similarity, background = (
        float(on_lines.mean()),
        _find_background(lines, plane, options.guard_seconds),
    )
    share = float((on_lines >= level).mean())
    return Agreement(
        offset_seconds=lines[0].offset,
        speed=lines[0].speed,
        similarity=similarity,
        background=background,
        share=share,
        first_share=float(is_shared[0].mean()),
        second_share=float(is_shared[1].mean()) * share,
        n_samples=int(is_shared[0].sum()),
        parts=tuple(_bound(line, plane) for line in lines),
        is_still=background is not None and not _stands_out(similarity, background, options),
    )


def _as_arrays(line: Line) -> tuple[FloatArray, FloatArray]:
    return np.array([line.offset]), np.array([line.speed])


def _stands_out(similarity: float, background: float, options: AgreementOptions) -> bool:
    floor = max(options.min_contrast, options.min_contrast_share * (1 - background))
    return similarity - background >= floor


def _find_background(lines: list[Line], plane: Plane, guard_seconds: float) -> float | None:
    """Median similarity of what the lines cover with all that is not near them in time."""
    values: list[Matrix] = []
    first, second = plane.first.starts, plane.second.starts
    for line in lines:
        rows, columns = plane.follow(line)
        lags = second[None, :] - (line.speed * first + line.offset)[:, None]
        is_far = np.abs(lags) > guard_seconds
        values += [plane.values[rows][is_far[rows]], plane.values[:, columns][is_far[:, columns]]]
    found = np.concatenate(values)
    # A handful of pairs at the ends of two short videos is no background.
    return float(np.median(found)) if len(found) >= 2 * max(plane.values.shape) else None


def _bound(line: Line, plane: Plane) -> Part:
    """Where a line begins and ends, its last sample included whole."""
    first = plane.first
    start, end = float(first.starts[line.begin]), float(first.ends[line.end - 1])
    last = float(plane.second.ends[-1])
    there = [min(max(line.speed * time + line.offset, 0.0), last) for time in (start, end)]
    found, is_met = (both[0] for both in plane.read(*_as_arrays(line)))
    rows = np.arange(line.begin, line.end)
    sample = int(rows[np.where(is_met[rows], found[rows], -1.0).argmax()])
    here = float(first.starts[sample])
    return Part((start, end), (there[0], there[1]), (here, line.speed * here + line.offset))
