"""Chooses which frames of a video to sample, and marks uniform ones."""

import hashlib
import math
from functools import cache

import numpy as np
import numpy.typing as npt

# Block means differ by less than this in a frame of one colour. Measured at 224 × 224: one colour
# up to 2 (H.264 at CRF 40, MPEG-4, VP9, real videos), with light grain up to 5; photographs dimmed
# to a mean of 10 from 9, the faintest real fades from 6.
MAX_BLOCK_RANGE = 5.0
# Noise and stripes average out over a block, so values may not spread by more than grain does.
MAX_SPREAD = 8.0
N_BLOCKS_ACROSS = 16


# To be raised when `select_expression` takes other frames than before.
SELECTION = 1
# Durations at which the rule is looked at, each whole second of two hours.
_N_SECONDS = 7200


@cache
def sampling_mark() -> str:
    """A mark of the rule by which frames are taken and left out.

    Frames that were taken by another rule are not to be mixed with those of this one.
    """
    rates = [choose_frame_rate(float(seconds)) for seconds in range(_N_SECONDS)]
    steps = [(at, rate) for at, rate in enumerate(rates) if at == 0 or rates[at - 1] != rate]
    rule = (SELECTION, steps, MAX_BLOCK_RANGE, MAX_SPREAD, N_BLOCKS_ACROSS)
    return hashlib.blake2b(repr(rule).encode(), digest_size=8).hexdigest()


def choose_frame_rate(duration_seconds: float) -> float:
    """Frames per second to take: 0.5 above 300 s, 1 from 200 to 300 s inclusive, 2 below."""
    if duration_seconds > 300:
        return 0.5
    return 1.0 if duration_seconds >= 200 else 2.0


def select_expression(rate: float) -> str:
    """The ffmpeg `select` expression: the first frame at or after each multiple of 1 / rate.

    It goes by the presentation time, so that a variable frame rate comes out right; a still that is
    shown over several multiples is taken once. The small term stands for times that a container
    rounds down to just below the multiple. Before zero, where a section is cut in, all are taken:
    the last of them is on show when it begins.
    """
    step = f"floor(max(%s,0)*{rate:.9g}+1e-4)"
    is_due = f"gt({step % 't'},{step % 'prev_selected_t'})"
    return f"isnan(prev_selected_t)+lt(prev_selected_t,0)+{is_due}"


def find_uniform(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Mark frames that are black, white or of one colour, whatever the codec made of them.

    A frame is uniform when the means of its 16 × 16 blocks differ by no more than
    `MAX_BLOCK_RANGE` in any channel and the values spread by no more than `MAX_SPREAD` around their
    mean; a dark picture that shows something exceeds the first, noise and stripes the second.

    Args:
        frames: (n, height, width, 3).

    Returns:
        (n,) booleans.
    """
    n, height, width, _ = frames.shape
    if n == 0:
        return np.zeros(0, bool)
    rows, columns = _block_starts(height), _block_starts(width)
    sums = np.add.reduceat(frames, columns, axis=2, dtype=np.uint32)
    sums = np.add.reduceat(sums, rows, axis=1)
    areas = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    means = sums / areas[None, :, :, None]
    has_flat_blocks = np.ptp(means, axis=(1, 2)).max(axis=1) <= MAX_BLOCK_RANGE
    marked = np.zeros(n, bool)
    for index in np.flatnonzero(has_flat_blocks):
        spread = frames[index].reshape(-1, 3).std(axis=0, dtype=np.float32)
        marked[index] = bool(spread.max() <= MAX_SPREAD)
    return marked


def _block_starts(length: int) -> npt.NDArray[np.intp]:
    """Where the blocks begin along one side."""
    n_blocks = min(N_BLOCKS_ACROSS, length)
    return np.array([math.floor(block * length / n_blocks) for block in range(n_blocks)], np.intp)
