"""Chooses the frames of a video to sample, and detects uniform ones."""

import hashlib
import math
from functools import cache

import numpy as np
import numpy.typing as npt

# Maximum range of block means in a uniform frame. Measured at 224 × 224: one colour up to 2 (H.264
# at CRF 40, MPEG-4, VP9, real videos), with light grain up to 5; photographs dimmed to a mean of 10
# from 9 on, the faintest real fades from 6 on.
MAX_BLOCK_RANGE = 5.0
# Maximum standard deviation. Noise and stripes average out over a block, but not here.
MAX_SPREAD = 8.0
N_BLOCKS_ACROSS = 16


# Raise it when `select_expression` samples other frames.
SELECTION = 1
# `sampling_mark` evaluates the rule at each whole second up to this duration.
_N_SECONDS = 7200


@cache
def sampling_mark() -> str:
    """Return a fingerprint of the sampling rule, 16 hexadecimal digits.

    Frames that were sampled by another rule are sampled again.
    """
    rates = [choose_frame_rate(float(seconds)) for seconds in range(_N_SECONDS)]
    steps = [(at, rate) for at, rate in enumerate(rates) if at == 0 or rates[at - 1] != rate]
    rule = (SELECTION, steps, MAX_BLOCK_RANGE, MAX_SPREAD, N_BLOCKS_ACROSS)
    return hashlib.blake2b(repr(rule).encode(), digest_size=8).hexdigest()


def choose_frame_rate(duration_seconds: float) -> float:
    """Return the frames per second to sample: 2 below 200 s, 1 up to 300 s, 0.5 above."""
    if duration_seconds > 300:
        return 0.5
    return 1.0 if duration_seconds >= 200 else 2.0


def select_expression(rate: float) -> str:
    """Return the ffmpeg `select` expression for the first frame at or after each k / rate.

    It uses presentation times, so that variable frame rates are right. A frame that is shown over
    several multiples is sampled once. The small term compensates times that a container rounds
    down. All frames before zero, the start of a section, pass: the last one may be shown then.
    """
    step = f"floor(max(%s,0)*{rate:.9g}+1e-4)"
    is_due = f"gt({step % 't'},{step % 'prev_selected_t'})"
    return f"isnan(prev_selected_t)+lt(prev_selected_t,0)+{is_due}"


def find_uniform(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Detect frames of one colour, such as black or white, also after lossy compression.

    In each channel of a uniform frame, the means of 16 × 16 blocks have a range of at most
    `MAX_BLOCK_RANGE`, and the values a standard deviation of at most `MAX_SPREAD`. Dark pictures
    exceed the first, noise and stripes the second.

    Args:
        frames: (n, height, width, 3) uint8.

    Returns:
        (n,) booleans.
    """
    n, height = frames.shape[:2]
    if n == 0:
        return np.zeros(0, bool)
    rows = _block_starts(height)
    first, last = [*rows, height][len(rows) // 2 :][:2]
    # In most frames one row of blocks differs already, which takes a sixteenth of the time.
    maybe = np.flatnonzero(_has_flat_blocks(frames[:, first:last], rows[:1]))
    marked = np.zeros(n, bool)
    for index in maybe[_has_flat_blocks(frames[maybe], rows)]:
        spread = frames[index].reshape(-1, 3).std(axis=0, dtype=np.float32)
        marked[index] = bool(spread.max() <= MAX_SPREAD)
    return marked


def _has_flat_blocks(
    frames: npt.NDArray[np.uint8], rows: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Whether the block means of frames are alike in each channel; `rows` are the blocks' first."""
    _, height, width, _ = frames.shape
    columns = _block_starts(width)
    sums = np.add.reduceat(frames, columns, axis=2, dtype=np.uint32)
    sums = np.add.reduceat(sums, rows, axis=1)
    areas = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    means = sums / areas[None, :, :, None]
    is_flat: npt.NDArray[np.bool_] = np.ptp(means, axis=(1, 2)).max(axis=1) <= MAX_BLOCK_RANGE
    return is_flat


def _block_starts(length: int) -> npt.NDArray[np.intp]:
    """Return the first pixel of each block along a side."""
    n_blocks = min(N_BLOCKS_ACROSS, length)
    return np.array([math.floor(block * length / n_blocks) for block in range(n_blocks)], np.intp)
