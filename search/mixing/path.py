"""Plans a path of songs from stop to stop, in small steps and without repeats.

A beam search (Lowerre 1976): of all songs that may follow, those are kept that are near the last
one and near the way to the next stop.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np
import numpy.typing as npt

from mvsearch.search.mixing.points import measure_distances
from mvsearch.store.records import Matrix

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

# Paths that are pursued at the same time, and songs with which each is continued.
BEAM = 12
N_NEXT = 16
# Costs of what is avoided, where the square of the longest smooth step is one.
FAR_COST = 25.0
CLASH_COST = 100.0
ARTIST_COST = 200.0
SAME_ARTIST_COST = 800.0
# The cost of being off the way, beside that of a step as long.
WAY_WEIGHT = 3.0
# A path may be shorter or longer by this share of its length, and never by less than this time.
TOLERANCE = 0.05
MIN_TOLERANCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Songs:
    """The songs that a path may take.

    Attributes:
        places: (n, d) float32 points.
        seconds: (n,) durations, above zero.
        songs: (n,) numbers; the same number is the same song.
        artists: (n,) numbers; -1 where the artist is unknown.
        kinds: (n,) the kind of each, such as its key; -1 is unknown.
        follows: (kinds, kinds) whether the kind of a row may follow that of a column; None: each
            song may follow each.
        favour: (n,) factors of the cost of each song.
    """

    places: Matrix
    seconds: Floats
    songs: Integers
    artists: Integers
    kinds: Integers
    follows: Truths | None
    favour: Floats


@dataclass(frozen=True, slots=True)
class Course:
    """Where a path leads.

    Attributes:
        stops: positions in `Songs`, at least one, of different songs.
        seconds: how long it takes.
        limit: the longest smooth step, above zero.
    """

    stops: tuple[int, ...]
    seconds: float
    limit: float

    @property
    def tolerance_seconds(self) -> float:
        """By how much a path may be shorter or longer."""
        return max(MIN_TOLERANCE_SECONDS, TOLERANCE * self.seconds)


@dataclass(frozen=True, slots=True)
class Path:
    """Songs in order.

    Attributes:
        chosen: their positions in `Songs`.
        seconds: of all of them.
        cost: the sum of what the steps cost.
    """

    chosen: tuple[int, ...]
    seconds: float
    cost: float = 0.0

    @property
    def rate(self) -> float:
        """The cost a second: paths of the same number of songs are not equally long."""
        return self.cost / max(self.seconds, 1.0)


def plan_path(songs: Songs, course: Course) -> Path:
    """Choose songs from stop to stop, or away from the only one.

    The stops are visited in this order, at even distances in time. Long steps, repeated artists
    and songs that do not follow each other come only where there is nothing else. Where the songs
    do not suffice, the path is shorter.
    """
    first, *others = course.stops
    paths = [Path((first,), float(songs.seconds[first]))]
    if not others:
        away = _find_way_out(songs, course)
        return min(
            _fill(songs, course, paths, course.seconds, away),
            key=lambda one: one.rate + abs(one.seconds / course.seconds - 1),
        )
    begins = np.linspace(0, course.seconds - songs.seconds[others[-1]], len(others) + 1)
    for at, stop in enumerate(others):
        # There when the stop may be next at the earliest, so that the step to it is a small one.
        ends = begins[at + 1] - course.tolerance_seconds
        way = _Way(songs.places[course.stops[at]], songs.places[stop], begins[at], ends)
        filled = _fill(songs, course, paths, float(begins[at + 1]), way)
        paths = nsmallest(
            BEAM, (_arrive(songs, course, one, stop) for one in filled), key=lambda one: one.rate
        )
    return paths[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """From where to where a path leads between two times; how far from the start if `away`."""

    start: Matrix
    end: Matrix
    begins: float
    ends: float
    away: float = 0.0

    def measure(self, places: Matrix, seconds: Floats) -> Floats:
        """How far (n, d) points are from the way at (n,) times."""
        share = np.clip((seconds - self.begins) / max(self.ends - self.begins, 1.0), 0, 1)
        if self.away:
            far = measure_distances(self.start[None], places)[0]
            short: Floats = np.maximum(self.away * share - far, 0.0).astype(np.float64)
            return short
        targets = self.start + share[:, None].astype(np.float32) * (self.end - self.start)
        distances: Floats = np.linalg.norm(places - targets, axis=1).astype(np.float64)
        return distances


def _find_way_out(songs: Songs, course: Course) -> _Way:
    """The way from the only stop: at the end as far from it as the middle of all songs."""
    start = songs.places[course.stops[0]]
    far = float(np.median(measure_distances(start[None], songs.places)))
    return _Way(start, start, 0.0, course.seconds, max(far, 1e-9))


def _fill(
    songs: Songs, course: Course, paths: Sequence[Path], until_seconds: float, way: _Way
) -> list[Path]:
    """Continue paths until a time, as well as possible; as they are where nothing fits."""
    slack = course.tolerance_seconds
    finished, beam = list[Path](), list(paths)
    while beam:
        going = [one for one in beam if one.seconds < until_seconds - slack]
        finished += [one for one in beam if one.seconds >= until_seconds - slack]
        ends = songs.places[[one.chosen[-1] for one in going]]
        lengths = measure_distances(ends, songs.places).astype(np.float64) / course.limit
        grown = [
            (one, list(_extend(songs, course, one, row, until_seconds + slack, way)))
            for one, row in zip(going, lengths, strict=True)
        ]
        finished += [one for one, found in grown if not found]
        beam = _choose(new for _, found in grown for new in found)
    longest = max(one.seconds for one in finished)
    return [one for one in finished if one.seconds >= min(longest, until_seconds - slack)]


def _choose(paths: Iterator[Path]) -> list[Path]:
    """The paths to pursue: of those of the same songs with the same end the best order."""
    best: dict[tuple[frozenset[int], int], Path] = {}
    for one in paths:
        key = frozenset(one.chosen), one.chosen[-1]
        if key not in best or one.cost < best[key].cost:
            best[key] = one
    return nsmallest(BEAM, best.values(), key=lambda one: one.rate)


def _extend(
    songs: Songs,
    course: Course,
    path: Path,
    lengths: Floats,
    until_seconds: float,
    way: _Way,
) -> Iterator[Path]:
    """The path with each of the songs that follow best.

    Args:
        songs: all of them.
        course: of the path.
        path: so far.
        lengths: (n,) of the steps from its end to each song, by the limit.
        until_seconds: no longer than this.
        way: to keep to.
    """
    seconds = path.seconds + songs.seconds
    # Kept for later: the stops.
    taken = songs.songs[[*path.chosen, *course.stops]]
    is_allowed = ~np.isin(songs.songs, taken) & (seconds <= until_seconds)
    positions = np.flatnonzero(is_allowed)
    if not len(positions):
        return
    steps = _rate_steps(songs, course, path, positions, lengths[positions])
    middles = path.seconds + songs.seconds[positions] / 2
    # Off the way are only those worth looking at, as it takes as long as all the rest.
    near = np.argpartition(steps, min(8 * N_NEXT, len(steps)) - 1)[: 8 * N_NEXT]
    off = way.measure(songs.places[positions[near]], middles[near]) / course.limit
    costs = (steps[near] + WAY_WEIGHT * off**2) * songs.favour[positions[near]]
    for at in np.argsort(costs, kind="stable")[:N_NEXT].tolist():
        position = int(positions[near[at]])
        yield Path((*path.chosen, position), float(seconds[position]), path.cost + float(costs[at]))


def _arrive(songs: Songs, course: Course, path: Path, stop: int) -> Path:
    """The path with a stop at its end."""
    length = np.linalg.norm(songs.places[stop] - songs.places[path.chosen[-1]]) / course.limit
    cost = float(_rate_steps(songs, course, path, np.array([stop]), np.array([length]))[0])
    return Path((*path.chosen, stop), path.seconds + float(songs.seconds[stop]), path.cost + cost)


def _rate_steps(
    songs: Songs, course: Course, path: Path, positions: Integers, lengths: Floats
) -> Floats:
    """What the steps of some lengths from the end of a path to some songs cost."""
    last = path.chosen[-1]
    costs = lengths**2 + FAR_COST * np.maximum(lengths - 1, 0) + FAR_COST * (lengths > 1)
    artists = songs.artists[positions]
    played = songs.artists[[*path.chosen, *course.stops]]
    costs += ARTIST_COST * np.isin(artists, played[played >= 0])
    costs += SAME_ARTIST_COST * ((artists == songs.artists[last]) & (artists >= 0))
    if songs.follows is not None:
        costs += CLASH_COST * ~may_follow(songs, last, positions)
    return costs


def may_follow(songs: Songs, last: int, positions: Integers) -> Truths:
    """Which of some songs may follow one; an unknown kind follows nothing."""
    if songs.follows is None:
        return np.ones(len(positions), dtype=np.bool_)
    kind, kinds = songs.kinds[last], songs.kinds[positions]
    found: Truths = (kind >= 0) & (kinds >= 0) & songs.follows[kinds, kind]
    return found
