"""Times one refinement of a large library: `python -m benchmarks.retrieval.feedback_speed`.

The mean vectors of so many made videos are judged in all modalities: of each of some lists of ten,
one result is liked and one disliked. Timed is the evidence of all judgements for all videos and
what it adds to their scores; the search itself is timed by `benchmarks.speed`.
"""

import argparse
import time
from typing import Any, cast

import numpy as np

from mvsearch.search.feedback.evidence import gather_evidence
from mvsearch.search.feedback.means import VideoMeans, measure_unrelated
from mvsearch.search.feedback.records import Judgement, Round
from mvsearch.store.records import Matrix, Modality

DIMENSIONS: dict[Modality, int] = {"frames": 1280, "lyrics": 384, "audio": 394}
WEIGHTS: dict[Modality, float] = {"frames": 0.3, "lyrics": 0.4, "audio": 0.3}
N_TIMES = 7


def main() -> None:
    """Print the median of some times, and of the processor time in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--lists", default="1,5")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    ids = tuple(f"{at:08x}" for at in range(given.videos))
    means = {modality: make_means(ids, dim, rng) for modality, dim in DIMENSIONS.items()}
    for n_lists in map(int, given.lists.split(",")):
        rounds = [make_round(ids, rng) for _ in range(n_lists)]
        times = []
        for _ in range(N_TIMES):
            begun = time.perf_counter(), time.process_time()
            evidence = gather_evidence(rounds, means, WEIGHTS, {})
            evidence.weigh(ids).add_to(np.zeros(len(ids)), "calibrated")
            times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        wall, processor = 1000 * np.median(times, axis=0)
        print(
            f"{given.videos} videos, {n_lists} judged lists: {wall:.0f} ms,"
            f" {processor:.0f} ms of processor time"
        )


def make_means(ids: tuple[str, ...], dim: int, rng: np.random.Generator) -> VideoMeans:
    """Random unit vectors in place of the means of an index."""
    vectors: Matrix = rng.normal(size=(len(ids), dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    position = {one: at for at, one in enumerate(ids)}
    levels = measure_unrelated(vectors)
    return VideoMeans(cast(Any, None), ids, position, vectors, *levels)


def make_round(ids: tuple[str, ...], rng: np.random.Generator) -> Round:
    """A list of ten, with one liked and one disliked."""
    shown = tuple(ids[at] for at in rng.choice(len(ids), 10, replace=False))
    return Round(shown, (Judgement(shown[2], True), Judgement(shown[5], False)))


if __name__ == "__main__":
    main()
