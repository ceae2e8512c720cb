"""Measures where lines could be sung, by the words that were heard."""

import numpy as np

from mvsearch.indexer.lyrics.fitting.paths import BIN_SECONDS, Offsets
from mvsearch.indexer.lyrics.fitting.words import Tokens
from mvsearch.store.records import Matrix

# How well the time of a line's first word is known, and of those behind it.
FIRST_SECONDS, LATER_SECONDS = 0.3, 0.6
# What a word counts at the time where it is expected.
FIRST_WEIGHT, LATER_WEIGHT = 0.8, 0.6


def measure_evidence(
    sung: Tokens, heard: Tokens, alike: Matrix, n_lines: int, offsets: Offsets
) -> Matrix:
    """What speaks for each offset of each line: (lines, bins) float32.

    Each word that was heard speaks for the offset at which it would be the same word of the line,
    and a little for those around it.

    Args:
        sung: words of the lyrics.
        heard: words that were heard.
        alike: (sung, heard) how alike they are.
        n_lines: of the lyrics.
        offsets: the bins.
    """
    from scipy.ndimage import gaussian_filter1d

    ours, theirs = np.nonzero(alike)
    bins = offsets.place(heard.seconds[theirs] - sung.seconds[ours])
    inside = (bins >= 0) & (bins < offsets.n_bins)
    ours, theirs, bins = ours[inside], theirs[inside], bins[inside]
    is_first = sung.places[ours] == 0
    evidence = np.zeros((n_lines, offsets.n_bins), np.float32)
    for chosen, seconds, weight in (
        (is_first, FIRST_SECONDS, FIRST_WEIGHT),
        (~is_first, LATER_SECONDS, LATER_WEIGHT),
    ):
        votes = np.zeros_like(evidence)
        at = (sung.lines[ours[chosen]], bins[chosen])
        np.add.at(votes, at, alike[ours[chosen], theirs[chosen]])
        width = seconds / BIN_SECONDS
        spread = gaussian_filter1d(votes, width, axis=1, mode="constant")
        # So that a vote counts `weight` where it was given.
        evidence += spread * np.float32(weight * width * np.sqrt(2 * np.pi))
    return evidence
