"""How processor time grows with the size of an input."""

import time
from collections.abc import Callable
from typing import Any

# Below this, what is measured is the machine. A linear step over a megabyte takes about as much.
FLOOR_SECONDS = 0.2


def assert_linear(
    function: Callable[[Any], object], make: Callable[[int], Any], size: int, doublings: int = 4
) -> None:
    """Check that up to a size, each doubling costs at most three times as much.

    Small sizes come first: a quadratic step is told before it could hang.
    """
    before = FLOOR_SECONDS
    for n in (size >> at for at in range(doublings, -1, -1)):
        value = make(n)
        now = _measure(function, value)
        if now > 3 * before:  # a second look, for what the machine did meanwhile
            now = min(now, _measure(function, value))
        assert now <= 3 * before, f"{n} cost {now:.2f} s, half of it {before:.2f} s"
        before = max(now, FLOOR_SECONDS)


def _measure(function: Callable[[Any], object], value: Any) -> float:
    """Processor seconds of this thread."""
    began = time.thread_time()
    function(value)
    return time.thread_time() - began
