"""Numbers as they are stored, against numpy's own."""

import numpy as np
import pytest

from mvsearch.store.database.blobs import normalise, widen


def test_every_finite_half_is_the_same_number_when_it_is_widened() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)].reshape(-1, 16)
    expected = finite.astype(np.float32)
    np.testing.assert_array_equal(widen(finite).view(np.uint32), expected.view(np.uint32))
    out = np.full(expected.shape, np.nan, dtype=np.float32)
    assert widen(finite, out) is out
    np.testing.assert_array_equal(out, expected)


def test_rows_come_back_with_length_one_and_zeros_stay() -> None:
    rows = np.random.default_rng(1).normal(size=(20, 48)).astype(np.float16)
    rows[3] = 0
    wide = normalise(rows)
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    expected = rows.astype(np.float64) / np.where(lengths > 0, lengths, 1)
    assert wide == pytest.approx(expected, abs=1e-6)
