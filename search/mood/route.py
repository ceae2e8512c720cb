"""Plans a route of songs through a plane, from one point to another, without repeats.

A beam search (Lowerre 1976) over routes: of the songs that may follow, those are kept whose points
stay near the line, which moves on with the time that the songs before take.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Routes that are pursued at the same time.
BEAM = 24
# The cost of a step, of the same size as the cost of being as far from the line all the song long.
STEP_WEIGHT = 0.5
# Of a large library only the songs nearest to the line are tried: at so many times a song that the
# route has room for, so many times the beam each.
N_TIMES, N_NEAR = 2, 2
# Songs of a route in which pairs are exchanged.
MAX_EXCHANGED = 40
# A route may be shorter or longer by this share of its length, and never by less than this time.
TOLERANCE = 0.05
MIN_TOLERANCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Songs that a route may take.

    Attributes:
        points: (n, d), such as valence and arousal.
        seconds: (n,) durations, above zero.
        songs: (n,) numbers; the same number is the same song.
        artists: (n,) numbers; -1 where the artist is unknown.
    """

    points: Floats
    seconds: Floats
    songs: Integers
    artists: Integers


@dataclass(frozen=True, slots=True)
class Line:
    """Where a route leads.

    Attributes:
        start, end: points (d,).
        seconds: how long it takes.
    """

    start: tuple[float, ...]
    end: tuple[float, ...]
    seconds: float

    @property
    def tolerance_seconds(self) -> float:
        """By how much a route may be shorter or longer."""
        return max(MIN_TOLERANCE_SECONDS, TOLERANCE * self.seconds)

    def at(self, seconds: Floats) -> Floats:
        """The points (n, d) of the line at n times; beyond its end, the end."""
        share = np.clip(seconds / self.seconds, 0.0, 1.0)[:, None]
        start, end = np.array(self.start), np.array(self.end)
        points: Floats = start + share * (end - start)
        return points


@dataclass(frozen=True, slots=True)
class Route:
    """Songs in order.

    Attributes:
        chosen: their positions in `Places`.
        seconds: of all of them.
        cost: the sum over the songs of the squared distance from the line, and of the step to the
            song relative to that of the line, each weighted by the song's duration.
    """

    chosen: tuple[int, ...] = ()
    seconds: float = 0.0
    cost: float = 0.0


def plan_route(places: Places, line: Line) -> Route:
    """Choose songs along a line, of its length within its tolerance if that is possible.

    No song is repeated, and no artist while others are left: first no artist is repeated at all,
    then none directly. Where the songs do not suffice, the route is shorter, from the same start
    to the same end.
    """
    near, found = _find_near(places, line), Route()
    every = np.arange(len(places.songs))
    for is_strict in (True, False):
        if is_strict and not _has_artists(places, line):
            continue
        for kept in (near, every) if len(near) < len(every) else (every,):
            found = _search_among(places, kept, line, is_strict)
            if found.seconds >= line.seconds - line.tolerance_seconds:
                return _exchange(places, line, found)
    shorter = replace(line, seconds=max(found.seconds, 1.0))
    return _exchange(places, shorter, _search(places, shorter, is_strict=False))


def _has_artists(places: Places, line: Line) -> bool:
    """Whether a song of each artist, the longest, suffices for a line."""
    known = places.artists >= 0
    longest: dict[int, float] = {}
    for artist, seconds in zip(places.artists[known], places.seconds[known], strict=True):
        longest[artist] = max(seconds, longest.get(artist, 0.0))
    all_seconds = sum(longest.values()) + float(places.seconds[~known].sum())
    return all_seconds >= line.seconds - line.tolerance_seconds


def _search_among(places: Places, kept: Integers, line: Line, is_strict: bool) -> Route:
    """The best route of some of the songs; see `_search`."""
    some = Places(
        places.points[kept], places.seconds[kept], places.songs[kept], places.artists[kept]
    )
    found = _search(some, line, is_strict)
    return replace(found, chosen=tuple(kept[list(found.chosen)].tolist()))


def _find_near(places: Places, line: Line) -> Integers:
    """The positions of the songs nearest to the line, at many times of it, rising."""
    n = len(places.songs)
    n_times = N_TIMES * (int(line.seconds / max(np.median(places.seconds), 1.0)) + 1) if n else 0
    n_near = N_NEAR * BEAM
    if n_times * n_near >= n:
        return np.arange(n)
    from scipy.spatial import cKDTree

    targets = line.at(np.linspace(0, line.seconds, n_times))
    _, positions = cKDTree(places.points).query(targets, n_near)
    near: Integers = np.unique(positions).astype(np.int64)
    return near


def _exchange(places: Places, line: Line, route: Route) -> Route:
    """Exchange pairs of songs of a short route while that lowers its cost.

    A beam leaves songs that are far from the line for its end, where all are needed.
    """
    if len(route.chosen) > MAX_EXCHANGED:
        return route
    best, is_better = replace(route, cost=_cost(places, line, route.chosen)), True
    while is_better:
        is_better = False
        for one, other in combinations(range(len(best.chosen)), 2):
            order = list(best.chosen)
            order[one], order[other] = order[other], order[one]
            cost = _cost(places, line, order)
            if cost < best.cost - 1e-9 and not _repeats_artist(places, order):
                best, is_better = replace(best, chosen=tuple(order), cost=cost), True
    return best


def _cost(places: Places, line: Line, chosen: Sequence[int]) -> float:
    """The cost of songs in an order; see `Route`."""
    seconds, points = places.seconds[list(chosen)], places.points[list(chosen)]
    targets = line.at(np.cumsum(seconds) - seconds / 2)
    costs = ((points - targets) ** 2).sum(axis=1)
    costs[1:] += STEP_WEIGHT * (np.diff(points - targets, axis=0) ** 2).sum(axis=1)
    return float(costs @ seconds)


def _repeats_artist(places: Places, chosen: Sequence[int]) -> bool:
    """Whether two songs in a row are by one artist."""
    artists = places.artists[list(chosen)]
    return bool(np.any((artists[1:] == artists[:-1]) & (artists[1:] >= 0)))


def _search(places: Places, line: Line, is_strict: bool) -> Route:
    """The best route of the right length; else the longest."""
    least = line.seconds - line.tolerance_seconds
    beam, longest = [Route()], Route()
    finished: list[Route] = []
    while beam:
        grown = [one for route in beam for one in _extend(places, line, route, is_strict)]
        finished += [one for one in grown if one.seconds >= least]
        # A song may be the end of one route and the middle of another.
        beam = _choose(one for one in grown if one.seconds < line.seconds)
        longest = max([longest, *beam], key=lambda one: one.seconds)
    if not finished:
        return longest
    return min(finished, key=lambda one: _rate(one) + abs(one.seconds / line.seconds - 1))


def _choose(routes: Iterator[Route]) -> list[Route]:
    """The routes to pursue: of those of the same songs the best order."""
    best: dict[frozenset[int], Route] = {}
    for one in routes:
        key = frozenset(one.chosen)
        if key not in best or one.cost < best[key].cost:
            best[key] = one
    return nsmallest(BEAM, best.values(), key=_rate)


def _rate(route: Route) -> float:
    """The cost a second: routes of the same number of songs are not equally long."""
    return route.cost / max(route.seconds, 1.0)


def _extend(places: Places, line: Line, route: Route, is_strict: bool) -> Iterator[Route]:
    """The route with each of the songs that follow best."""
    seconds = route.seconds + places.seconds
    allowed = _find_allowed(places, route, is_strict)
    allowed &= seconds <= line.seconds + line.tolerance_seconds
    positions = np.flatnonzero(allowed)
    if not len(positions):
        return
    middles = route.seconds + places.seconds[positions] / 2
    targets, points = line.at(middles), places.points[positions]
    costs = ((points - targets) ** 2).sum(axis=1)
    if route.chosen:
        last = route.chosen[-1]
        before = line.at(np.array([route.seconds - places.seconds[last] / 2]))
        steps = points - places.points[last] - (targets - before)
        costs += STEP_WEIGHT * (steps**2).sum(axis=1)
    costs *= places.seconds[positions]
    n = min(BEAM, len(positions))
    for at in np.argpartition(costs, n - 1)[:n].tolist():
        position = int(positions[at])
        cost = route.cost + float(costs[at])
        yield Route((*route.chosen, position), float(seconds[position]), cost)


def _find_allowed(places: Places, route: Route, is_strict: bool) -> npt.NDArray[np.bool_]:
    """Which songs (n,) may follow a route."""
    if not route.chosen:
        return np.ones(len(places.songs), dtype=np.bool_)
    chosen = list(route.chosen)
    played = places.artists[chosen if is_strict else chosen[-1:]]
    taken = np.isin(places.songs, places.songs[chosen])
    taken |= np.isin(places.artists, played[played >= 0])
    return ~taken
