"""Rows are read once, in blocks."""

import numpy as np
import pytest

import mvsearch.store.vectors.exact.best_match
from mvsearch.store.vectors.exact.best_match import RowReader
from tests.store.examples import random_units

DIM = 32
SPANS = {"a": (0, 40), "b": (40, 41), "d": (41, 341)}


@pytest.mark.parametrize("block_values", [1, 32 * 7, 32 * 64, 1 << 20])
@pytest.mark.parametrize("names", ["abd", "db", "da", ""])
def test_rows_are_read_in_blocks_whatever_their_size(
    monkeypatch: pytest.MonkeyPatch, names: str, block_values: int
) -> None:
    monkeypatch.setattr(mvsearch.store.vectors.exact.best_match, "BLOCK_VALUES", block_values)
    rows = random_units(341, DIM, seed=1).astype(np.float16)
    spans = [SPANS[name] for name in names]
    blocks = [b / lengths[:, None] for b, lengths in RowReader(rows).iter_blocks(spans)]
    assert all(block.size <= max(block_values, DIM) for block in blocks)
    read = np.concatenate([np.zeros((0, DIM)), *blocks])
    wide = rows.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    expected = np.concatenate([np.zeros((0, DIM)), *(wide[first:end] for first, end in spans)])
    np.testing.assert_allclose(read, expected, atol=1e-6)
