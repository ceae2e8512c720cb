"""Compares an index in memory or in files with the vectors of the catalogue."""

from collections.abc import Iterator

import numpy as np

from mvsearch.store.catalog.reading.vectors import Snapshot
from mvsearch.store.database.blobs import normalise
from mvsearch.store.vectors.index import VectorIndex

# Videos whose vectors are compared number by number, and what float16 may round.
N_COMPARED, TOLERANCE = 200, 2e-3


def compare_index(index: VectorIndex, now: Snapshot) -> Iterator[str]:
    """What is wrong with an index, a line each; nothing if it is right.

    Args:
        index: of the generation of the state.
        now: the state of the space.
    """
    held, known = set(index.video_ids), set(now.versions)
    if known - held:
        yield f"the index lacks the vectors of {len(known - held)} videos"
    if held - known:
        yield f"the index has vectors of {len(held - known)} videos that the catalogue has not"
    shared = sorted(held & known)
    n_other = 0
    for one in now.read(shared[:: max(1, len(shared) // N_COMPARED)]):
        found, wanted = index.vectors(one.video_id), index.place(normalise(one.vectors))
        n_other += found.shape != wanted.shape or not np.allclose(found, wanted, atol=TOLERANCE)
    if n_other:
        yield f"the vectors of {n_other} videos are not those of the catalogue"
