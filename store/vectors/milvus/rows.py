"""Names of collections and numbers of rows in Milvus, and expressions that choose rows.

Expressions hold numbers alone, so that no text of a stranger becomes a part of one.
"""

import hashlib
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix

# Fields of a collection.
ROW, HANDLE, GENERATION, VECTOR = "row", "handle", "generation", "vector"
PREFIX = "mvsearch_"
# A row's number is that of its video's vectors, and behind it the position among these.
SEGMENT_BITS = 20
MAX_SEGMENTS = 1 << SEGMENT_BITS

# A collection's name behind that of its library.
_OWN = re.compile(r"[0-9a-f]{12}_([0-9a-f]{1,16})_[0-9a-f]{8}")

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


def name_library(identity: str) -> str:
    """How the names of all collections of a library begin.

    Args:
        identity: of the library's database; several libraries use one server.
    """
    return f"{PREFIX}{_digest(identity.encode(), 16)}_"


def name_collection(identity: str, space_key: str, placement: int, centre: Matrix) -> str:
    """The collection of one placement.

    The centre is a part of the name, because a restored backup of the catalogue can give the number
    of a placement twice.
    """
    own = f"{placement:x}_{_digest(centre.astype('<f4').tobytes(), 8)}"
    return f"{name_library(identity)}{_digest(space_key.encode(), 12)}_{own}"


def read_placement(identity: str, name: str) -> int | None:
    """The number of the placement of a collection; None if it is not one of the library."""
    own = str(name).removeprefix(name_library(identity))
    found = None if own == name else _OWN.fullmatch(own)
    return None if found is None else int(found[1], 16)


def _digest(content: bytes, n_letters: int) -> str:
    return hashlib.sha256(content).hexdigest()[:n_letters]
