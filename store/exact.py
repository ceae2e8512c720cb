"""Exact nearest neighbours over rows where they lie, in memory or mapped from a file: by FAISS."""

from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from store.errors import LibraryDamagedError
from store.records import Matrix
from store.row_file import HEAD_BYTES, Bytes

Rows = npt.NDArray[np.int64]


class ExactIndex:
    """Float16 rows compared by inner product, which for unit vectors is the cosine.

    FAISS would copy the rows into an index of its own. Instead it is given what a stored index
    looks like: its header is written into the free space before the first row, in memory only, and
    FAISS reads both without a copy. A mapped file is then read as a search needs it, and the memory
    for it belongs to the operating system.

    Args:
        mapped: `HEAD_BYTES` free bytes, then n rows of `dim` float16, little-endian; written to.
        dim: length of a vector.
    """

    def __init__(self, mapped: Bytes, dim: int) -> None:
        self.n = (len(mapped) - HEAD_BYTES) // (2 * dim)
        self.rows: npt.NDArray[np.float16] = mapped[HEAD_BYTES:].view("<f2").reshape(self.n, dim)
        self._mapped = mapped

    @cached_property
    def _index(self) -> Any:
        """What searches; made when it is first asked, as most searches read all rows without it."""
        return _view_as_faiss(self._mapped, self.n, self.rows.shape[1])

    def search(
        self, queries: Matrix, k: int, is_allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Matrix, Rows]:
        """The k nearest rows of each query.

        Args:
            queries: (q, dim) float32.
            k: from 1 to n.
            is_allowed: (n,); None for all.

        Returns:
            (q, k) float32 similarities, best first, and (q, k) int64 rows, -1 where none is left.
        """
        faiss = load_faiss()
        params = None
        if is_allowed is not None:
            bits = np.packbits(is_allowed, bitorder="little")
            params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        similarities, rows = self._index.search(
            np.ascontiguousarray(queries, dtype=np.float32), k, params=params
        )
        return similarities, rows


def _view_as_faiss(mapped: Bytes, n: int, dim: int) -> Any:
    """A FAISS index whose codes are the mapped rows."""
    faiss = load_faiss()
    header = bytearray(_make_header(dim))
    # As FAISS stores an index: type, dimension, number of rows …, number of bytes of the rows.
    header[8:16] = n.to_bytes(8, "little")
    header[-8:] = (n * 2 * dim).to_bytes(8, "little")
    first = HEAD_BYTES - len(header)
    mapped[first:HEAD_BYTES] = np.frombuffer(header, dtype=np.uint8)
    stored = mapped[first:]
    reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(stored), stored.nbytes)
    try:
        index = faiss.read_index(reader)
    except RuntimeError as error:
        raise LibraryDamagedError("FAISS cannot read its own kind of index") from error
    index.referenced_objects = [mapped, reader]
    if (index.ntotal, index.d, index.code_size) != (n, dim, 2 * dim):
        raise LibraryDamagedError("FAISS reads its own kind of index otherwise than it writes it")
    return index


@cache
def _make_header(dim: int) -> bytes:
    """What FAISS writes before the rows of an index of float16 vectors."""
    faiss = load_faiss()
    empty = faiss.IndexScalarQuantizer(
        dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    return bytes(faiss.serialize_index(empty))


def load_faiss() -> Any:
    """FAISS, imported when it is first needed.

    Untyped: its annotations are those of C++, before it replaces methods by ones that take arrays.
    """
    import faiss

    return faiss
