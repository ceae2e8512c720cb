"""Codes that FAISS compares where they lie, against numpy."""

import numpy as np
import pytest

from mvsearch.store.vectors.code_scan import scan_lists

CODES = np.random.default_rng(0).integers(0, 256, (500, 12), dtype=np.uint8)
WEIGHTS = np.random.default_rng(1).normal(size=12).astype(np.float32)


@pytest.mark.parametrize("k", [1, 7, 150, 1000])
def test_the_best_codes_of_some_lists_are_found(k: int) -> None:
    spans = [(300, 400), (40, 41), (120, 120), (0, 30), (450, 500)]
    places, near = scan_lists(CODES, spans, WEIGHTS, k)
    every = np.concatenate([np.arange(*span) for span in spans])
    sums = CODES[every].astype(np.float64) @ WEIGHTS
    order = np.argsort(-sums)[:k]
    assert sorted(places.tolist()) == sorted(every[order].tolist())
    # All are off by the same, half a step in every direction.
    off = near - CODES[places].astype(np.float64) @ WEIGHTS
    np.testing.assert_allclose(off, WEIGHTS.sum() / 2, atol=2e-3)


def test_codes_that_are_not_in_order_in_memory_are_compared_as_well() -> None:
    view = CODES[:, ::-1]
    expected = scan_lists(np.ascontiguousarray(view), [(0, 500)], WEIGHTS, 20)
    for ours, theirs in zip(scan_lists(view, [(0, 500)], WEIGHTS, 20), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_lists_of_nothing_hold_nothing() -> None:
    places, near = scan_lists(CODES, [(5, 5)], WEIGHTS, 3)
    assert (len(places), len(near)) == (0, 0)
