"""Divides sequences into lists that fit into one SQL statement."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

# Databases limit the number of values in one statement; SQLite's own builds began at 999.
N_VALUES = 500

Item = TypeVar("Item")


def in_batches(items: Iterable[Item], n_at_once: int = N_VALUES) -> Iterator[list[Item]]:
    """Divide items into lists of `n_at_once`; the last may be shorter."""
    waiting = iter(items)
    while batch := list(islice(waiting, n_at_once)):
        yield batch
