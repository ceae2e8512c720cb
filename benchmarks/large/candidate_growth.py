"""Measures how the pairs that `versions` holds grow.

`python -m benchmarks.large.candidate_growth 200 3200`

Made videos (seeded) of 120 vectors of 64 numbers, in 40 styles, each of scenes of 7 similar
vectors. Printed for each number of videos are the pairs held between two tables, those kept as
candidates, and the processor time; at the end the power of the number of videos by which the pairs
held have grown from the first to the last.
"""

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from mvsearch.search.versions.candidates import (
    KEPT_PER_PARTNER,
    CandidateOptions,
    Votes,
    find_candidates,
)
from mvsearch.store.catalog.reading.vectors import Snapshot
from mvsearch.store.database.blobs import StoredVectors
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.update import build_in_memory

SPACE = Space("frames", "made", "1", 64)
N_VECTORS, N_STYLES, N_ALIKE = 120, 40, 7


@dataclass(frozen=True, slots=True)
class MadeVectors:
    """The vectors of made videos, as an index reads them from a catalogue."""

    vectors: dict[str, Matrix]
    generation: int = 1

    @property
    def versions(self) -> dict[str, int]:
        """One for all."""
        return dict.fromkeys(self.vectors, 1)

    def read(self, video_ids: Sequence[str]) -> Iterator[StoredVectors]:
        """Those of some videos."""
        times = np.arange(N_VECTORS) / 2.0
        for one in video_ids:
            half = self.vectors[one].astype(np.float16)
            yield StoredVectors(one, half, times, times + 0.5, 1)


def make_vectors(n_videos: int) -> MadeVectors:
    """Unit vectors of every video."""
    rng = np.random.default_rng(1)
    styles = rng.normal(size=(N_STYLES, SPACE.dim))
    made = {}
    for number in range(n_videos):
        look = styles[number % N_STYLES] * 0.7 + rng.normal(size=SPACE.dim)
        scenes = look + 0.8 * rng.normal(size=(N_VECTORS // N_ALIKE + 1, SPACE.dim))
        shown = np.repeat(scenes, N_ALIKE, axis=0)[:N_VECTORS]
        shown = shown + 0.3 * rng.normal(size=shown.shape)
        norms = np.linalg.norm(shown, axis=1, keepdims=True)
        made[f"{number:06d}"] = (shown / norms).astype(np.float32)
    return MadeVectors(made)


def measure(n_videos: int) -> int:
    """Print a line for so many videos; returns the most pairs held between two tables."""
    index = build_in_memory(SPACE, cast(Snapshot, make_vectors(n_videos)))
    held: list[int] = []
    keep_best = Votes.keep_best
    n_kept = KEPT_PER_PARTNER * CandidateOptions().max_partners

    def note(votes: Votes, n_partners: int) -> Votes:
        kept = keep_best(votes, n_partners)
        if n_partners == n_kept:
            held.append(len(kept.keys))
        return kept

    Votes.keep_best = note  # type: ignore[method-assign,assignment]
    start = time.process_time()
    found = find_candidates(index)
    seconds = time.process_time() - start
    Votes.keep_best = keep_best  # type: ignore[method-assign]
    each = max(held) / n_videos
    print(f"{n_videos:6} videos: {max(held):8} pairs held, {each:5.1f} a video,", end=" ")
    print(f"{len(found):7} kept, {seconds:6.1f} s")
    return max(held)


def main() -> None:
    """Print a line for each number of videos, and the growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", metavar="N")
    sizes = parser.parse_args().sizes
    held = [measure(n_videos) for n_videos in sizes]
    power = math.log(held[-1] / held[0]) / math.log(sizes[-1] / sizes[0])
    print(f"pairs held grow with the number of videos to the power {power:.2f}")


if __name__ == "__main__":
    main()
