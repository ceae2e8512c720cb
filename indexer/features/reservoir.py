"""Samples a fixed number of items from a stream of unknown length (Vitter's algorithm R)."""

from random import Random


class Reservoir:
    """Draws a uniform random sample of `size` items of a stream, without replacement.

    Algorithm R (Vitter, "Random Sampling with a Reservoir", ACM TOMS 1985). A seed gives the same
    sample on all machines and versions of Python, which `random.Random` guarantees for `random()`.

    Raises:
        ValueError: `size` is less than 1.
    """

    def __init__(self, size: int, seed: str) -> None:
        if size < 1:
            raise ValueError(f"a reservoir holds at least one item, not {size}")
        self._size = size
        self._random = Random(seed)
        self._n_seen = 0

    def offer(self) -> int | None:
        """Decide whether the next item of the stream is in the sample.

        Returns:
            The slot, 0 to size - 1, in which it replaces the item before; None if it is not.
        """
        self._n_seen += 1
        if self._n_seen <= self._size:
            return self._n_seen - 1
        slot = int(self._random.random() * self._n_seen)
        return slot if slot < self._size else None
