"""Aligns how a query sounds with how lines sound, without regard to the bounds of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.pronunciation import SOUNDS, count_losses, score_pairs

# Longer queries are cut: the time grows with the product of both lengths.
MAX_SOUNDS = 120

_CODES = {ord(sound): code for code, sound in enumerate(SOUNDS)}
Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
# Stands behind the end of shorter lines: nothing aligns with it.
_END = len(SOUNDS)
_NEVER = -100.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a query is heard in a line.

    Attributes:
        nats: the evidence, the sum over aligned sounds; see `score_pairs`.
        begin, end: the part of the line, in sounds.
    """

    nats: float
    begin: int
    end: int


@cache
def _costs() -> tuple[Floats, Floats]:
    """The scores of pairs and the losses, with a last row and column for the end of a line."""
    pairs = np.full((_END + 1, _END + 1), _NEVER, dtype=np.float32)
    pairs[:_END, :_END] = score_pairs()
    return pairs, np.append(count_losses(), np.float32(0))


def encode_sounds(sounds: str) -> Codes:
    """Sounds as numbers; others than SOUNDS are left out."""
    return np.array([_CODES[ord(one)] for one in sounds if ord(one) in _CODES], dtype=np.uint8)


def score_itself(sounds: str) -> float:
    """The evidence of a query in a line that sounds just so, in nats."""
    codes = encode_sounds(sounds[:MAX_SOUNDS])
    return float(_costs()[0][codes, codes].sum())


def align_sounds(asked: str, lines: Sequence[str]) -> list[Heard]:
    """Find the part of each line that sounds most like a part of a query.

    The local alignment of Smith and Waterman (1981) with a cost for each sound that one side lacks,
    for all lines at once: lacking sounds of a line are a running maximum along it.

    Args:
        asked: how a query sounds; only MAX_SOUNDS of it are used.
        lines: how lines sound.
    """
    pairs, losses = _costs()
    query = encode_sounds(asked[:MAX_SOUNDS])
    coded = [encode_sounds(line) for line in lines]
    width = max(map(len, coded), default=0)
    if not width or not len(query):
        return [Heard(0.0, 0, 0) for _ in lines]
    texts = np.full((len(coded), width), _END, dtype=np.uint8)
    for row, codes in enumerate(coded):
        texts[row, : len(codes)] = codes
    # What skipping to a place in the line costs, from its beginning on.
    skipped = np.cumsum(losses[texts], axis=1)
    best = np.zeros(len(coded), dtype=np.float32)
    begins, ends = np.zeros((2, len(coded)), dtype=np.int64)
    above = np.zeros((len(coded), width + 1), dtype=np.float32)
    above_from = np.tile(np.arange(width + 1), (len(coded), 1))
    rows = np.arange(len(coded))
    for code in query:
        paired = above[:, :-1] + pairs[code][texts]
        lacking = above[:, 1:] - losses[code]
        here = np.maximum(paired, lacking)
        here_from = np.where(paired >= lacking, above_from[:, :-1], above_from[:, 1:])
        raised = here + skipped
        from_left = np.maximum.accumulate(raised, axis=1)
        # The place of the maximum so far, whose beginning is taken over.
        places = np.where(raised >= from_left, np.arange(width), 0)
        places = np.maximum.accumulate(places, axis=1)
        here_from = np.take_along_axis(here_from, places, axis=1)
        here = from_left - skipped
        fresh = here <= 0
        above = np.zeros_like(above)
        above[:, 1:] = np.where(fresh, 0, here)
        above_from = np.tile(np.arange(width + 1), (len(coded), 1))
        above_from[:, 1:] = np.where(fresh, above_from[:, 1:], here_from)
        at = above.argmax(axis=1)
        is_better = above[rows, at] > best
        best = np.where(is_better, above[rows, at], best)
        begins = np.where(is_better, above_from[rows, at], begins)
        ends = np.where(is_better, at, ends)
    found = zip(best.tolist(), begins.tolist(), ends.tolist(), strict=True)
    return [Heard(*one) for one in found]
