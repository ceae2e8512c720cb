"""Searches codes in inverted lists with FAISS, in memory or memory-mapped."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix
from mvsearch.store.vectors.exact.best_match import multiply
from mvsearch.store.vectors.exact.nearest import load_faiss
from mvsearch.store.vectors.exact.row_file import HEAD_BYTES, Bytes
from mvsearch.store.vectors.exact.row_table import Rows

ID_BYTES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """Converts rows to codes, and assigns them to lists.

    Attributes:
        axes: (d, dim) float32, orthonormal principal axes.
        offset: (d,) float32, added to the projections so that their mean is zero.
        centroids: (lists, d) float32.
        ranges: (2 d,) float32, for each axis the lowest value and the width of the range of codes,
            relative to the centroid.
    """

    axes: Matrix
    offset: Matrix
    centroids: Matrix
    ranges: Matrix

    def __post_init__(self) -> None:
        """Check that the parts are consistent."""
        parts, d = (self.axes, self.offset, self.centroids, self.ranges), len(self.axes)
        shapes = [(d, *self.axes.shape[1:2]), (d,), (*self.centroids.shape[:1], d), (2 * d,)]
        is_float = all(part.dtype == np.float32 for part in parts)
        if not is_float or [part.shape for part in parts] != shapes or not self.axes.size:
            raise ValueError("the parts of a codebook are inconsistent")

    @property
    def code_bytes(self) -> int:
        """The size of the code of one row."""
        return len(self.axes)

    @property
    def row_bytes(self) -> int:
        """The size of the code of one row and of its number."""
        return self.code_bytes + ID_BYTES

    @property
    def n_free(self) -> int:
        """The number of free rows before the first, for the header that FAISS needs."""
        n_numbers = self.centroids.size + len(self.ranges)
        return -(-(4 * n_numbers + 16 * len(self.centroids)) // self.row_bytes)

    def project(self, rows: Matrix) -> Matrix:
        """Project rows (n, dim) on the axes: (n, d) float32."""
        return multiply(rows, self.axes) + self.offset

    def make_index(self) -> Any:
        """An empty FAISS index of projected rows."""
        faiss = load_faiss()
        n_lists, d = self.centroids.shape
        quantizer = faiss.IndexFlatL2(d)
        quantizer.add(self.centroids)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, d, n_lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2
        )
        faiss.copy_array_to_vector(self.ranges, index.sq.trained)
        index.is_trained = True
        return index


@dataclass(frozen=True, slots=True, eq=False)
class ListedCodes:
    """Codes with the numbers of their rows, list by list.

    Attributes:
        book: of the codes.
        bounds: (lists + 1,) int64; list l has the codes `bounds[l]:bounds[l + 1]`.
        stored: free bytes, which are written to; then for each list its codes, and the numbers of
            its rows as little-endian int64, in the format of FAISS.
    """

    book: Codebook
    bounds: Rows
    stored: Bytes

    def __post_init__(self) -> None:
        """Check that the parts are consistent."""
        has_lists = self.bounds.shape == (len(self.book.centroids) + 1,) and len(self.bounds) > 1
        if self.bounds.dtype != np.int64 or not has_lists or self.bounds[0] != 0:
            raise ValueError("lists of codes are inconsistent")
        if np.diff(self.bounds).min() < 0 or self.first < 0:
            raise ValueError("lists cannot end before they begin")

    @classmethod
    def take(cls, book: Codebook, index: Any) -> Self:
        """Copy the codes of an index of `book.make_index`."""
        lists = index.invlists
        sizes = [lists.list_size(number) for number in range(lists.nlist)]
        bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        stored = np.zeros(HEAD_BYTES + (book.n_free + sum(sizes)) * book.row_bytes, np.uint8)
        codes = cls(book, bounds, stored)
        for number, (_, own, rows) in enumerate(codes.iter_lists()):
            if len(rows):
                own[:] = to_array(lists.get_codes(number), own.size).reshape(own.shape)
                rows[:] = to_array(lists.get_ids(number), len(rows))
        return codes

    @property
    def n(self) -> int:
        """The number of codes."""
        return int(self.bounds[-1])

    @property
    def first(self) -> int:
        """The position of the first list in `stored`."""
        return len(self.stored) - self.n * self.book.row_bytes

    def iter_lists(self) -> Iterator[tuple[int, Bytes, Rows]]:
        """Yield the position of each list in `stored`, its codes and its row numbers."""
        width, size = self.book.row_bytes, self.book.code_bytes
        for begin, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            at = self.first + begin * width
            own = self.stored[at : at + (end - begin) * width]
            codes = own[: (end - begin) * size]
            yield at, codes.reshape(-1, size), own[len(codes) :].view("<i8")

    def to_faiss(self) -> Any:
        """A FAISS index over the codes in place, or over a copy if FAISS does not allow that."""
        return self._view() or self.copy_into_faiss()

    def copy_into_faiss(self) -> Any:
        """A FAISS index with a copy of the codes, to which codes can be added."""
        faiss = load_faiss()
        index = self.book.make_index()
        for number, (_, codes, rows) in enumerate(self.iter_lists()):
            if len(rows):
                pointers = faiss.swig_ptr(rows), faiss.swig_ptr(codes)
                index.invlists.add_entries(number, len(rows), *pointers)
        index.ntotal = self.n
        return index

    def _view(self) -> Any | None:
        """A FAISS index over `stored` itself; None if FAISS stores lists differently."""
        faiss = load_faiss()
        index = self.book.make_index()
        index.ntotal = self.n
        header, sizes = bytes(faiss.serialize_index(index)), np.diff(self.bounds)
        # After the type, number and code size of the lists come their sizes, here all zero.
        ending = b"sprs" + bytes(8)
        if not header.endswith(ending):
            return None
        header = header.removesuffix(ending) + b"full" + len(sizes).to_bytes(8, "little")
        header += sizes.astype("<u8").tobytes()
        if len(header) > self.first:
            return None
        begin = self.first - len(header)
        self.stored[begin : self.first] = np.frombuffer(header, dtype=np.uint8)
        seen = self.stored[begin:]
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(seen), seen.nbytes)
        try:
            view = faiss.read_index(reader)
        except RuntimeError:
            return None
        view.referenced_objects = [self.stored, reader]
        return view if self._is_seen(view) else None

    def _is_seen(self, view: Any) -> bool:
        """Whether an index has lists of these sizes and the same last row number."""
        lists = view.invlists
        sizes = np.diff(self.bounds)
        if [lists.list_size(at) for at in range(lists.nlist)] != sizes.tolist() or not self.n:
            return False
        last = int(np.flatnonzero(sizes)[-1])
        rows = to_array(lists.get_ids(last), int(sizes[last]))
        return bool(rows[-1] == self.stored[-ID_BYTES:].view("<i8")[0])


def to_array(pointer: Any, size: int) -> npt.NDArray[Any]:
    """View `size` numbers of FAISS's memory as an array."""
    numbers: npt.NDArray[Any] = load_faiss().rev_swig_ptr(pointer, size)
    return numbers
