"""Exact search where FAISS reads the rows where they lie, and where it does not."""

from typing import Any

import numpy as np
import pytest

import mvsearch.store.vectors.exact.nearest
from mvsearch.store.vectors.exact.nearest import ExactIndex, _make_empty
from mvsearch.store.vectors.exact.row_file import HEAD_BYTES
from tests.store.examples import random_units

N, DIM = 60, 8


def make_rows() -> tuple[np.ndarray, np.ndarray]:
    """The bytes of a file of rows, and the rows."""
    rows = random_units(N, DIM, seed=5).astype("<f2")
    head = np.zeros(HEAD_BYTES, np.uint8)
    return np.concatenate([head, rows.view(np.uint8).ravel()]), rows


def break_nothing(header: bytes) -> bytes:
    return header


def be_another_kind(header: bytes) -> bytes:
    return b"nope" + header[4:]


def grow(header: bytes) -> bytes:
    """As of a FAISS that writes something before the number of bytes."""
    return header[:-8] + bytes(4) + header[-8:]


def be_of_another_type(header: bytes) -> bytes:
    """As of a FAISS that numbers its quantizers otherwise: nothing fits but the sizes."""
    from mvsearch.store.vectors.exact.nearest import load_faiss

    faiss = load_faiss()
    bfloat = faiss.IndexScalarQuantizer(DIM, faiss.ScalarQuantizer.QT_bf16, 0)
    return bytes(faiss.serialize_index(bfloat))


def be_longer_than_the_head(header: bytes) -> bytes:
    return header[:-8] + bytes(HEAD_BYTES) + header[-8:]


@pytest.mark.parametrize("is_limited", [False, True])
@pytest.mark.parametrize(
    ("change", "is_copied"),
    [
        (break_nothing, False),
        (be_another_kind, True),
        (grow, True),
        (be_of_another_type, True),
        (be_longer_than_the_head, True),
    ],
)
def test_a_search_is_exact_however_faiss_stores_an_index(
    monkeypatch: pytest.MonkeyPatch, change: Any, is_copied: bool, is_limited: bool
) -> None:
    header = bytes(
        mvsearch.store.vectors.exact.nearest.load_faiss().serialize_index(_make_empty(DIM))
    )
    monkeypatch.setattr(
        mvsearch.store.vectors.exact.nearest, "_make_header", lambda _: change(header)
    )
    monkeypatch.setattr(mvsearch.store.vectors.exact.nearest, "N_COPIED", 7)
    copied: list[Any] = []
    copy = mvsearch.store.vectors.exact.nearest._copy_into_faiss
    monkeypatch.setattr(
        mvsearch.store.vectors.exact.nearest,
        "_copy_into_faiss",
        lambda r: copied.append(r) or copy(r),
    )
    held, rows = make_rows()
    queries = random_units(3, DIM, seed=6)
    allowed = np.arange(N) % 3 == 0 if is_limited else None
    found, places = ExactIndex(held, DIM).search(queries, 5, allowed)
    assert bool(copied) == is_copied
    expected = queries @ rows.astype(np.float32).T
    if allowed is not None:
        expected[:, ~allowed] = -np.inf
    np.testing.assert_array_equal(places, np.argsort(-expected, axis=1)[:, :5])
    np.testing.assert_allclose(found, -np.sort(-expected, axis=1)[:, :5], atol=1e-5)


def test_no_rows_make_an_index_without_any() -> None:
    assert ExactIndex(np.zeros(HEAD_BYTES, np.uint8), DIM).n == 0
