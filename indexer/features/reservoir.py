"""Samples a fixed number of items from a stream of unknown length (Vitter's algorithm R)."""

from random import Random


class Reservoir:
    """Draws `size` places of a stream, each set of them equally likely, and forgets the rest.

    Algorithm R: Vitter, "Random Sampling with a Reservoir" (ACM TOMS 1985). The seed decides the
    draw: the same stream gives the same places on any machine and with any version of Python, as
    `random.Random` promises for `random()`.
    """

    def __init__(self, size: int, seed: str) -> None:
        if size < 1:
            raise ValueError(f"a reservoir holds at least one item, not {size}")
        self._size = size
        self._random = Random(seed)
        self._n_seen = 0

    def offer(self) -> int | None:
        """Decide on the next item of the stream.

        Returns:
            The slot, from 0, that it takes from whatever was there; None where it is passed over.
        """
        self._n_seen += 1
        if self._n_seen <= self._size:
            return self._n_seen - 1
        slot = int(self._random.random() * self._n_seen)
        return slot if slot < self._size else None
