"""Names of collections and numbers of rows in Milvus, and expressions that choose rows.

Expressions hold numbers alone, so that no text of a stranger becomes a part of one.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Space

# Fields of a collection.
ROW, HANDLE, GENERATION, VECTOR = "row", "handle", "generation", "vector"
PREFIX = "mvsearch_"
# A row's number is that of its video's vectors, and behind it the position among these.
SEGMENT_BITS = 20
MAX_SEGMENTS = 1 << SEGMENT_BITS

Numbers = npt.NDArray[np.int64]


def number_rows(handle: int, n: int) -> Numbers:
    """The numbers of the rows of a video's n vectors.

    Args:
        handle: of the vectors, see `VectorIndex.handles`; less than 2^43.
        n: less than `MAX_SEGMENTS`.
    """
    if not (0 <= handle < 1 << 63 - SEGMENT_BITS and n <= MAX_SEGMENTS):
        raise ValueError(f"{n} vectors of {handle} cannot be numbered")
    return (handle << SEGMENT_BITS) + np.arange(n, dtype=np.int64)


def split_rows(rows: Numbers) -> tuple[Numbers, Numbers]:
    """The handles and segments of rows."""
    return rows >> SEGMENT_BITS, rows & (MAX_SEGMENTS - 1)


def choose_handles(handles: Iterable[int], *, are_left_out: bool = False) -> str:
    """The expression that is true for rows with these handles, or for all others."""
    listed = ", ".join(str(int(handle)) for handle in handles)
    return f"{HANDLE} {'not in' if are_left_out else 'in'} [{listed}]"


def name_space(library_id: str, space: Space) -> str:
    """How the names of the collections of a space of a library begin."""
    digest = hashlib.sha256(f"{library_id}\n{space.key}".encode()).hexdigest()[:24]
    return f"{PREFIX}{digest}_"


def name_collection(library_id: str, space: Space, placement: int, generation: int) -> str:
    """The collection of one placement.

    The generation at which it was built makes the name unique, also where a restored backup of the
    catalogue gives the number of a placement twice.
    """
    return f"{name_space(library_id, space)}{placement:x}_{generation:x}"
