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
    """How rows become codes, and which list each belongs to.

    Attributes:
        axes: (d, dim) float32 orthonormal, along which rows differ most (principal components).
        offset: (d,) float32 that is added to a row's products with them, so that the mean is zero.
        centroids: (lists, d) float32.
        ranges: (2 d,) float32, for each axis the lowest value of a code and the width of its range,
            as seen from the row's centroid.
    """

    axes: Matrix
    offset: Matrix
    centroids: Matrix
    ranges: Matrix

    def __post_init__(self) -> None:
        """Check that the parts belong together."""
        parts, d = (self.axes, self.offset, self.centroids, self.ranges), len(self.axes)
        shapes = [(d, *self.axes.shape[1:2]), (d,), (*self.centroids.shape[:1], d), (2 * d,)]
        is_float = all(part.dtype == np.float32 for part in parts)
        if not is_float or [part.shape for part in parts] != shapes or not self.axes.size:
            raise ValueError("the parts of a codebook do not fit together")

    @property
    def code_bytes(self) -> int:
        """Of the code of one row."""
        return len(self.axes)

    @property
    def row_bytes(self) -> int:
        """Of the code of one row and its number."""
        return self.code_bytes + ID_BYTES

    @property
    def n_free(self) -> int:
        """Rows left free before the first, where FAISS is shown what it keeps before its lists."""
        n_numbers = self.centroids.size + len(self.ranges)
        return -(-(4 * n_numbers + 16 * len(self.centroids)) // self.row_bytes)

    def project(self, rows: Matrix) -> Matrix:
        """Rows (n, dim) along the axes: (n, d) float32."""
        return multiply(rows, self.axes) + self.offset

    def make_index(self) -> Any:
        """A FAISS index of projected rows, without any."""
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
        book: what made them.
        bounds: (lists + 1,) int64; list l has the codes `bounds[l]:bounds[l + 1]`.
        stored: some free bytes, which are written to; then for each list all codes, and the numbers
            of all rows as int64, little-endian: as FAISS stores them.
    """

    book: Codebook
    bounds: Rows
    stored: Bytes

    def __post_init__(self) -> None:
        """Check that the parts belong together."""
        has_lists = self.bounds.shape == (len(self.book.centroids) + 1,) and len(self.bounds) > 1
        if self.bounds.dtype != np.int64 or not has_lists or self.bounds[0] != 0:
            raise ValueError("lists of codes do not fit together")
        if np.diff(self.bounds).min() < 0 or self.first < 0:
            raise ValueError("lists cannot end before they begin")

    @classmethod
    def take(cls, book: Codebook, index: Any) -> Self:
        """The codes of an index that `book.make_index` made, copied."""
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
        """How many codes there are."""
        return int(self.bounds[-1])

    @property
    def first(self) -> int:
        """The first byte of the first list in `stored`."""
        return len(self.stored) - self.n * self.book.row_bytes

    def iter_lists(self) -> Iterator[tuple[int, Bytes, Rows]]:
        """For each list the place of its first byte in `stored`, its codes and its row numbers."""
        width, size = self.book.row_bytes, self.book.code_bytes
        for begin, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            at = self.first + begin * width
            own = self.stored[at : at + (end - begin) * width]
            codes = own[: (end - begin) * size]
            yield at, codes.reshape(-1, size), own[len(codes) :].view("<i8")

    def to_faiss(self) -> Any:
        """An index of FAISS that searches the codes where they lie, or a copy of them."""
        return self._view() or self.copy_into_faiss()

    def copy_into_faiss(self) -> Any:
        """An index of FAISS with a copy of the codes, to which others can be added."""
        faiss = load_faiss()
        index = self.book.make_index()
        for number, (_, codes, rows) in enumerate(self.iter_lists()):
            if len(rows):
                pointers = faiss.swig_ptr(rows), faiss.swig_ptr(codes)
                index.invlists.add_entries(number, len(rows), *pointers)
        index.ntotal = self.n
        return index

    def _view(self) -> Any | None:
        """An index over `stored` itself; None where FAISS stores lists otherwise."""
        faiss = load_faiss()
        index = self.book.make_index()
        index.ntotal = self.n
        header, sizes = bytes(faiss.serialize_index(index)), np.diff(self.bounds)
        # Behind the lists' kind, number and bytes a code: their sizes, of which none is above zero.
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
        """Whether an index has lists of these sizes, and the last of their row numbers."""
        lists = view.invlists
        sizes = np.diff(self.bounds)
        if [lists.list_size(at) for at in range(lists.nlist)] != sizes.tolist() or not self.n:
            return False
        last = int(np.flatnonzero(sizes)[-1])
        rows = to_array(lists.get_ids(last), int(sizes[last]))
        return bool(rows[-1] == self.stored[-ID_BYTES:].view("<i8")[0])


def to_array(pointer: Any, size: int) -> npt.NDArray[Any]:
    """So many numbers of FAISS's memory, not copied."""
    numbers: npt.NDArray[Any] = load_faiss().rev_swig_ptr(pointer, size)
    return numbers
