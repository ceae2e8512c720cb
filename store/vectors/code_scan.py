"""Compares a query with short vector codes, in memory or memory-mapped."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix
from mvsearch.store.vectors.exact import load_faiss
from mvsearch.store.vectors.row_table import Rows

Codes = npt.NDArray[np.uint8]

# FAISS says where it found something as the number of a list, and the place in it in so many bits.
PLACE_BITS = 32


def scan_lists(
    codes: Codes, spans: Sequence[tuple[int, int]], weights: Matrix, k: int
) -> tuple[Rows, Matrix]:
    """The k codes of some lists with the greatest inner product with a query.

    Args:
        codes: (n, d), each row in one piece.
        spans: first code of each list and the one behind its last, the likeliest list first.
        weights: (d,) float32, what a step of each number of a code is worth.
        k: at most so many.

    Returns:
        (m,) int64 places in `codes` and (m,) float32 sums of code · weight, but for a constant that
        is the same for all; in no order, m <= k.
    """
    faiss = load_faiss()
    near = np.full(k, -np.inf, dtype=np.float32)
    found = np.full(k, -1, dtype=np.int64)
    scanner = _make_scanner(codes.shape[1])
    query = np.ascontiguousarray(weights)
    scanner.set_query(faiss.swig_ptr(query))
    places, heap = faiss.swig_ptr(found), faiss.swig_ptr(near)
    for number, (first, end) in enumerate(spans):
        if end > first:
            scanner.set_list(number, 0.0)
            own = codes[first:end].reshape(-1)  # kept by its name until it was read
            scanner.scan_codes(end - first, faiss.swig_ptr(own), None, heap, places, k)
    is_there = found >= 0
    found, near = found[is_there], near[is_there]
    firsts = np.array([first for first, _ in spans], dtype=np.int64)
    within = found & ((1 << PLACE_BITS) - 1)
    return firsts[found >> PLACE_BITS] + within, near


def _make_scanner(dim: int) -> Any:
    """What compares codes of `dim` bytes, each of which stands for itself and a half."""
    faiss = load_faiss()
    quantizer = faiss.ScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit)
    lows, widths = np.zeros(dim), np.full(dim, 255.0)
    faiss.copy_array_to_vector(np.concatenate([lows, widths]).astype("f4"), quantizer.trained)
    scanner = quantizer.select_InvertedListScanner(
        faiss.METRIC_INNER_PRODUCT, None, True, None, False
    )
    scanner.referenced_objects = [quantizer]
    return scanner
