"""Builds the indexes and null distributions of a generated library."""

import sys
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.scoring.null_distribution import measure_distributions
from mvsearch.store.library import Library


def settle(folder: Path) -> None:
    """Measure what the library lacks, and keep it beside its indexes."""
    with Library.open(folder) as library, library.writing():
        measure_distributions(library, Encoders(library.catalog.profile() or "embedded"))


if __name__ == "__main__":
    settle(Path(sys.argv[1]))
