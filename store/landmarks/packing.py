"""Packs spectral peaks into two bytes each, and back."""

import numpy as np

from mvsearch.store.records.peaks import OCTAVES, SoundPeaks

# A time is a multiple of 16 ms. Blocks of 64 such steps have a count of peaks each; a peak is a
# word of six bits for the step within its block and ten for the frequency.
STEP_SECONDS = 0.016
BLOCK_STEPS = 64
MAX_BLOCK_PEAKS = 255
LEVELS = 1024
# Eleven days, as no video lasts longer.
MAX_BLOCKS = 1_000_000


def pack_peaks(peaks: SoundPeaks) -> bytes:
    """Peaks as bytes: the number of blocks, a count for each, a word for each peak.

    A time moves by up to 8 ms, a frequency by up to 0.14 %.
    """
    steps = np.rint(peaks.seconds / STEP_SECONDS).astype(np.int64)
    levels = np.minimum(np.rint(peaks.octaves * (LEVELS / OCTAVES)), LEVELS - 1).astype(np.int64)
    order = np.lexsort((levels, steps))
    blocks, within = np.divmod(steps[order], BLOCK_STEPS)
    counts = np.bincount(blocks) if len(blocks) else np.zeros(0, dtype=np.int64)
    if len(counts) > MAX_BLOCKS or np.any(counts > MAX_BLOCK_PEAKS):
        raise ValueError("these are more peaks than sound has")
    words = within << 10 | levels[order]
    head = np.array([len(counts)], dtype="<u4").tobytes()
    return head + counts.astype(np.uint8).tobytes() + words.astype("<u2").tobytes()


def unpack_peaks(packed: bytes) -> SoundPeaks:
    """Peaks that `pack_peaks` packed.

    Raises:
        ValueError: it did not.
    """
    n_blocks = int(np.frombuffer(packed[:4], dtype="<u4")[0]) if len(packed) >= 4 else -1
    if not 0 <= n_blocks <= MAX_BLOCKS or len(packed) < 4 + n_blocks:
        raise ValueError("the peaks have no whole head")
    counts = np.frombuffer(packed, dtype=np.uint8, count=n_blocks, offset=4)
    if len(packed) != 4 + n_blocks + 2 * int(counts.sum(dtype=np.int64)):
        raise ValueError("the peaks are not as many as their head says")
    words = np.frombuffer(packed, dtype="<u2", offset=4 + n_blocks).astype(np.int64)
    steps = np.repeat(np.arange(n_blocks) * BLOCK_STEPS, counts) + (words >> 10)
    octaves = (words & (LEVELS - 1)).astype(np.float64) * (OCTAVES / LEVELS)
    return SoundPeaks(steps.astype(np.float64) * STEP_SECONDS, octaves)
