"""Batches through a network that several threads may run at once."""

import threading

import numpy as np
import pytest

from mvsearch.indexer.encoders.image.batches import run_in_batches
from tests.limits import HANG_SECONDS


class Sums:
    """Gives the sum of each row; where it must, only with another batch beside it."""

    def __init__(self, n_side_by_side):
        self.n_side_by_side = n_side_by_side
        self.together = threading.Barrier(n_side_by_side, timeout=HANG_SECONDS)

    def run(self, rows):
        self.together.wait()
        return rows.sum(axis=1, keepdims=True), -rows[:, :2]


@pytest.mark.parametrize("n_side_by_side", [1, 2])
def test_rows_keep_their_order_however_many_batches_run_at_once(n_side_by_side):
    rows = np.arange(8 * 3, dtype=np.float32).reshape(8, 3)
    sums, negatives = run_in_batches(Sums(n_side_by_side), rows, (1, 2), batch_size=2)
    np.testing.assert_array_equal(sums[:, 0], rows.sum(axis=1))
    np.testing.assert_array_equal(negatives, -rows[:, :2])
