"""Measures opening a library, and one exact scan of its vectors."""

import sys
import time
from pathlib import Path

import faiss  # noqa: F401  # imported before the clock starts
import numpy as np

from mvsearch.search.query.spaces import own_spaces
from mvsearch.store.library import Library


def open_and_scan(folder: Path) -> tuple[float, float]:
    """Seconds until one search could begin, and seconds that numpy takes to see every vector."""
    began = time.perf_counter()
    with Library.open(folder) as library:
        space = own_spaces(library)["frames"]
        index = library.index(space)
        opened = time.perf_counter() - began
        # Kinder to the scan than the truth: single precision, and from nearby memory.
        block = np.ones((4096, space.dim), dtype=np.float32)
        query = np.ones(space.dim, dtype=np.float32)
        began = time.perf_counter()
        for _ in range(max(1, index.n // len(block))):
            block @ query
        return opened, time.perf_counter() - began


if __name__ == "__main__":
    print(*open_and_scan(Path(sys.argv[1])))
