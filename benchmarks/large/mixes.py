"""Measures how long mixes of 20,000 made songs take, and how smooth those through videos are.

OMP_NUM_THREADS=1 python -m benchmarks.large.mixes [N]
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from mvsearch.search.mixing.path import Course, Path, Songs, plan_path
from mvsearch.search.mixing.points import measure_limit
from mvsearch.search.mood import route
from mvsearch.search.mood.route import Line, Places, Route, plan_route

STOPS = ((5,), (5, 77, 1234))
MINUTES = (60, 360)
DIM, N_STYLES, N_TRAITS = 600, 200, 40


def spend(work: Callable[[], Route | Path]) -> tuple[float, Route | Path]:
    """Seconds of a processor, and the result."""
    begin = time.process_time()
    made = work()
    return time.process_time() - begin, made


def mix_moods(n: int, rng: np.random.Generator) -> None:
    """Routes from mood to mood: of the songs near the line, and of all of them."""
    for n_artists in (n // 8, 60):
        places = Places(
            rng.beta(4, 4, (n, 2)),
            rng.uniform(120, 300, n),
            np.arange(n),
            rng.integers(0, n_artists, n),
        )
        for minutes in MINUTES:
            line, spent = Line((0.25, 0.25), (0.65, 0.85), 60.0 * minutes), []
            for near in (route.N_NEAR, n):
                route.N_NEAR, kept = near, route.N_NEAR
                seconds, made = spend(lambda line=line, places=places: plan_route(places, line))  # type: ignore[misc]
                route.N_NEAR = kept
                spent.append(f"{seconds:.2f} s, cost {made.cost:.3f}")
            print(f"moods, {n_artists} artists, {minutes} min: {spent[0]}; of all songs {spent[1]}")


def mix_videos(n: int, rng: np.random.Generator) -> None:
    """Paths through videos."""
    styles, traits = rng.normal(size=(N_STYLES, N_TRAITS)), rng.normal(size=(N_TRAITS, DIM))
    drawn = styles[rng.integers(0, N_STYLES, n)] + 0.7 * rng.normal(size=(n, N_TRAITS))
    places = (drawn @ traits).astype(np.float32)
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    begin = time.process_time()
    limit = measure_limit(places)
    print(f"limit {limit:.3f} in {time.process_time() - begin:.2f} s")
    artists, seconds = rng.integers(0, n // 8, n), rng.uniform(120, 300, n)
    unknown, even = np.full(n, -1), np.ones(n)
    songs = Songs(places, seconds, np.arange(n), artists, unknown, None, even)
    for stops in STOPS:
        for minutes in MINUTES:
            course = Course(stops, 60.0 * minutes, limit)
            spent, made = spend(lambda course=course: plan_path(songs, course))  # type: ignore[misc]
            steps = np.linalg.norm(np.diff(places[list(made.chosen)], axis=0), axis=1)
            print(
                f"{len(stops)} videos, {minutes} min: {spent:.2f} s, {len(made.chosen)} songs,"
                f" {made.seconds / 60:.1f} min, steps {steps.mean():.3f} on average,"
                f" {int(np.sum(steps > limit))} beyond the limit"
            )


def main(n: int) -> None:
    """Print the times."""
    rng = np.random.default_rng(1)
    mix_moods(n, rng)
    mix_videos(n, rng)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
