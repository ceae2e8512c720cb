"""Measures what feedback spares: `python -m benchmarks.retrieval.feedback LIBRARY`.

Simulated users look for a video of the library. They remember a tag, a mood or a word, and see
lists of ten videos. Without feedback they page on through the ranked list. With feedback they like
the result of each list that is nearest to the video that they look for, and the next list has ten
others. Counted are the lists until the video is in one; queries that have it in the first are left
out, as there is nothing to refine.

How near is told by all vectors of both videos, in all modalities. An unsure user adds noise to it.
The number of lists is tuned on one half of the videos (`--half tune --sigma 1,2`), and reported on
the other.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.feedback.simulated_users import (
    LIST,
    MAX_LISTS,
    Simulation,
    User,
    VagueQuery,
    draw_queries,
)
from mvsearch.search.feedback import update
from mvsearch.store.library import Library

USERS = (
    User("sure"),
    User("sure, look and sound apart", is_apart=True),
    User("a little unsure", noise=0.1),
    User("unsure", noise=0.3),
)
KINDS = ("all", "tag", "mood", "word")
N_RESAMPLES = 1000
Counts = npt.NDArray[np.int64]


def main() -> None:
    """Print one row for each user and kind of query."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--sigma", default="", help="values to compare; default: that in use")
    parser.add_argument("--n", type=int, default=300, help="number of queries")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sigmas = [float(one) for one in given.sigma.split(",") if one] or [update.SIGMA]
    with Library.open(given.library) as library:
        engine = Engine(library, Encoders(library.catalog.profile() or "embedded"))
        simulation = Simulation.open(engine)
        queries = choose_half(draw_queries(library, given.seed), given.half, given.seed)
        paged = {asked: simulation.rank(asked.query).find_page(asked.target) for asked in queries}
        hard = [asked for asked in queries if 1 < paged[asked] <= MAX_LISTS][: given.n]
        print(f"{library.catalog.n_videos()} videos, {len(queries)} queries of half {given.half},")
        print(f"{len(hard)} of them without the video in the first list of {LIST}")
        for sigma in sigmas:
            for user in USERS:
                rng = np.random.default_rng(given.seed)
                with using_sigma(sigma):
                    counted = [simulation.count_lists(asked, user, rng) for asked in hard]
                pairs = np.array([(paged[one], n) for one, n in zip(hard, counted, strict=True)])
                print(f"\n{user.name}, sigma {sigma:g}")
                for kind in KINDS:
                    of_kind = [kind in ("all", asked.kind) for asked in hard]
                    print(f"  {kind:5s} {describe(pairs[of_kind])}", flush=True)


def choose_half(queries: Sequence[VagueQuery], half: str, seed: int) -> list[VagueQuery]:
    """The queries for one half of the videos, in random order."""
    targets = sorted({asked.target for asked in queries})
    random.Random(seed).shuffle(targets)
    middle = len(targets) // 2
    chosen = set(targets[:middle] if half == "tune" else targets[middle:])
    kept = [asked for asked in queries if asked.target in chosen]
    random.Random(seed).shuffle(kept)
    return kept


@contextmanager
def using_sigma(sigma: float) -> Iterator[None]:
    """Updates by another sigma."""
    before = update.SIGMA
    update.SIGMA = sigma
    try:
        yield
    finally:
        update.SIGMA = before


def describe(pairs: Counts) -> str:
    """One row: the medians without and with feedback, the fall with its 95 % interval, means."""
    if not len(pairs):
        return "none"
    rng = np.random.default_rng(0)
    falls = [fall_of(pairs[rng.integers(0, len(pairs), len(pairs))]) for _ in range(N_RESAMPLES)]
    low, high = np.quantile(falls, [0.025, 0.975])
    without, with_feedback = np.median(pairs, axis=0)
    means = pairs.mean(axis=0)
    return (
        f"n {len(pairs):3d}: {without:g} → {with_feedback:g} lists,"
        f" {100 * fall_of(pairs):.0f} % fewer ({100 * low:.0f} to {100 * high:.0f}),"
        f" mean {means[0]:.1f} → {means[1]:.1f}"
    )


def fall_of(pairs: Counts) -> float:
    """By how much the median falls, as a share of the median without feedback."""
    without, with_feedback = np.median(pairs, axis=0)
    return float(1 - with_feedback / without)


if __name__ == "__main__":
    main()
