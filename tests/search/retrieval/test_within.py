"""Retrieval limited to some videos, exact and approximate, against numpy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mvsearch.search.retrieval import retrieve
from mvsearch.search.retrieval.retrieve import IndexQuery, find_candidates
from mvsearch.store.vectors.approximate import inverted_list_files, inverted_lists

N_VIDEOS, N_FRAMES, N_WANTED = 150, 20, 5


def make_frames(seed: int, dim: int) -> np.ndarray:
    """Frames of a few scenes, along few directions."""
    rng = np.random.default_rng(seed)
    basis = np.random.default_rng(0).normal(size=(8, dim))
    scenes = rng.normal(size=(3, 8))[np.arange(N_FRAMES) * 3 // N_FRAMES]
    frames = (scenes + 0.2 * rng.normal(size=scenes.shape)) @ basis
    frames += 0.1 * rng.normal(size=frames.shape)
    return (frames / np.linalg.norm(frames, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module", params=["exact", "approximate"])
def indexed(
    request: pytest.FixtureRequest, plant: Any, spaces: Any, conftest_spans: Any
) -> Iterator[tuple[Any, np.ndarray]]:
    """An index, and its (videos, frames, dim) vectors."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "approximate":
            patch.setattr(inverted_list_files, "MIN_LISTED_ROWS", 1000)
            patch.setattr(inverted_lists, "MIN_PROBES", 24)
            patch.setattr(inverted_lists, "MAX_AXES", 12)
            patch.setattr(retrieve, "NEIGHBOURS", 8)
        frames = np.stack([make_frames(at + 1, spaces["frames"].dim) for at in range(N_VIDEOS)])
        library = plant(
            {
                f"{at:04x}": {spaces["frames"]: (one, conftest_spans(N_FRAMES))}
                for at, one in enumerate(frames)
            }
        )
        index = library.index(spaces["frames"])
        assert index.is_exact == (request.param == "exact")
        patch.setattr(type(index), "is_scoring_cheaper", lambda self, *_: self.is_exact)
        yield index, index.place(frames.reshape(-1, frames.shape[2])).reshape(frames.shape)


@pytest.mark.parametrize("n_passing", [0, 1, 3, 5, 15, 75, 140, N_VIDEOS])
@pytest.mark.parametrize("n_queries", [1, 6])
@pytest.mark.parametrize("are_far", [False, True])
def test_the_best_of_those_that_pass_are_found(
    indexed: tuple[Any, np.ndarray], n_passing: int, n_queries: int, are_far: bool
) -> None:
    index, frames = indexed
    ids = np.array(index.video_ids)
    queries = index.place(make_frames(999 + n_passing, frames.shape[2])[::3][:n_queries])
    truth = np.einsum("qd,vfd->qvf", queries, frames).max(axis=2).mean(axis=0)
    order = np.argsort(truth) if are_far else np.random.default_rng(n_passing).permutation(N_VIDEOS)
    passing = order[:n_passing]
    excluded = ids[passing[:1]].tolist() if n_passing == 15 else []
    open_to = np.setdiff1d(passing, passing[: len(excluded)])
    found = find_candidates(
        [IndexQuery(index, queries)],
        lambda similarities, _: similarities[0],
        N_WANTED,
        excluded,
        within={*ids[passing].tolist(), "of no library"},
    )
    places = np.searchsorted(ids, np.array(found.video_ids, dtype=ids.dtype))
    assert set(places.tolist()) <= set(open_to.tolist())
    assert len(places) >= min(N_WANTED, len(open_to))
    np.testing.assert_allclose(found.similarities[0], truth[places], atol=2e-3)
    best = set(open_to[np.argsort(-truth[open_to])][:N_WANTED].tolist())
    missed = best - set(places.tolist())
    assert len(missed) <= (0 if index.is_exact else 1)
