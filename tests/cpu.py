"""How processor time grows with the size of an input."""

import time
from collections.abc import Callable
from typing import Any

# Below this, what is measured is the machine. A linear step over a megabyte takes about as much.
FLOOR_SECONDS = 0.15
# Four times the size costs 4 times as much if the cost is linear, and 16 times if it is quadratic.
# A busy machine has been seen to take 3.6 times as long for the same work.
MAX_GROWTH = 9
N_LOOKS = 3


def assert_linear(
    function: Callable[[Any], object], make: Callable[[int], Any], size: int, quadruplings: int = 2
) -> None:
    """Check that up to a size, four times as much costs at most nine times as much.

    Small sizes come first: a quadratic step is told before it could hang.
    """
    before = FLOOR_SECONDS
    for n in (size >> 2 * at for at in range(quadruplings, -1, -1)):
        value = make(n)
        now = _measure(function, value)
        for _ in range(N_LOOKS - 1):  # again, for what the machine did meanwhile
            if now > MAX_GROWTH * before:
                now = min(now, _measure(function, value))
        assert now <= MAX_GROWTH * before, f"{n} cost {now:.2f} s, a quarter {before:.2f} s"
        before = max(now, FLOOR_SECONDS)


def _measure(function: Callable[[Any], object], value: Any) -> float:
    """Processor seconds of this thread."""
    began = time.thread_time()
    function(value)
    return time.thread_time() - began
