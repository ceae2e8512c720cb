"""Vectors that were read from a server are kept up to a limit."""

import numpy as np

from mvsearch.store.vectors.remote.kept import KeptVectors, VideoVectors


def make(n: int) -> VideoVectors:
    return VideoVectors.make(np.zeros((n, 4), np.float32), np.zeros(n), np.ones(n))


def test_the_vectors_used_last_are_kept() -> None:
    one = make(2)
    assert one.n_bytes == 64
    assert not one.vectors.flags.writeable
    kept = KeptVectors(max_bytes=130)
    for handle in (1, 2, 2):
        kept.keep(handle, one)
    assert set(kept.find([1, 2, 3])) == {1, 2}
    kept.find([1])
    kept.keep(3, one)
    assert set(kept.find([1, 2, 3])) == {1, 3}
    kept.keep(4, make(20))
    assert set(kept.find([1, 3, 4])) == {1, 3}


def test_halves_are_scaled_to_length_one() -> None:
    halves = np.array([[0.6, 0.7], [0.0, 0.5]], dtype=np.float16)
    made = VideoVectors.widen(halves, np.zeros(2), np.ones(2))
    np.testing.assert_allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-6)
    none = VideoVectors.make_empty(3, 2)
    assert not none.vectors.any()
    assert np.isnan(none.spans.starts).all()
