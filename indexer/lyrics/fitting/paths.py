"""Finds by how much each line of lyrics is late, by dynamic programming over lines and offsets."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.lyrics.fitting.words import Times
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

BIN_SECONDS = 0.1
# Of lines and offsets together: a song has some thousandth of it.
MAX_CELLS = 6_000_000
# A step of a bin from line to line, as a song has that is played faster.
STEP = 0.05
MAX_STEPS = 2
# Lines that are cut out at once, and what is paid for each.
MAX_SKIPPED = 40
SKIP = 0.05


@dataclass(frozen=True, slots=True)
class Offsets:
    """Offsets in steps of `BIN_SECONDS`.

    Attributes:
        low_seconds: the lowest.
        n_bins: their number.
    """

    low_seconds: float
    n_bins: int

    def place(self, seconds: Times) -> npt.NDArray[np.intp]:
        """The numbers of offsets; they may lie outside."""
        placed: npt.NDArray[np.intp] = np.rint((seconds - self.low_seconds) / BIN_SECONDS).astype(
            np.intp
        )
        return placed

    def seconds(self, bins: npt.NDArray[np.intp]) -> Times:
        """The offsets of numbers."""
        late: Times = self.low_seconds + BIN_SECONDS * bins.astype(np.float64)
        return late


def span_offsets(starts: Times, duration_seconds: float) -> Offsets:
    """All offsets that put some line into a video.

    Raises:
        MediaError: "bad_lyrics": too many lines, or too long a video, to be one song.
    """
    low = -float(starts.max())
    n_bins = int((duration_seconds - float(starts.min()) - low) / BIN_SECONDS) + 1
    if n_bins * len(starts) > MAX_CELLS:
        raise MediaError(
            "bad_lyrics", "it has too many lines, or the video is too long, to be one song"
        )
    return Offsets(low, n_bins)


def find_path(
    evidence: Matrix, starts: Times, jump: float, max_steps: int = MAX_STEPS
) -> tuple[npt.NDArray[np.intp], float]:
    """The offset of each line for which the most speaks.

    From line to line the offset stays, or moves by a few bins, or jumps; no line comes before the
    one before it. Lines at a jump may be left out, as what a video cuts away.

    Args:
        evidence: (lines, bins) what speaks for each offset.
        starts: of the lines in seconds, ascending.
        jump: is paid for each jump.
        max_steps: bins that an offset may move from line to line, each for `STEP`.

    Returns:
        The bin of each line, -1 for one that is left out, and the sum of the evidence less what was
        paid.
    """
    n_lines, n_bins = evidence.shape
    bins = np.arange(n_bins)
    from_line = np.full((n_lines, n_bins), -1, np.int16)
    from_bin = np.zeros((n_lines, n_bins), np.int32)
    scores: list[Times] = []
    highest: list[tuple[Times, npt.NDArray[np.intp]]] = []
    for line in range(n_lines):
        # Lines before the first that is there were cut as well.
        best = np.full(n_bins, -jump - SKIP * line if line else 0.0)
        for before in range(max(line - MAX_SKIPPED - 1, 0), line):
            gap = int((starts[line] - starts[before]) / BIN_SECONDS)
            reached, where = highest[before]
            allowed = np.minimum(bins + gap, n_bins - 1)
            paid = jump + SKIP * (line - before - 1)
            _improve(
                best,
                reached[allowed] - paid,
                before,
                where[allowed],
                from_line[line],
                from_bin[line],
            )
        for move in range(-max_steps, max_steps + 1) if line else ():
            moved = _shift(scores[-1], move) - STEP * abs(move)
            _improve(best, moved, line - 1, bins - move, from_line[line], from_bin[line])
        scores.append(best + evidence[line])
        highest.append(_run_maximum(scores[-1]))
    ends = [
        float(score.max()) - (jump + SKIP * (n_lines - 1 - line) if line < n_lines - 1 else 0)
        for line, score in enumerate(scores)
    ]
    line = int(np.argmax(ends))
    total = ends[line]
    path = np.full(n_lines, -1, np.intp)
    at = int(np.argmax(scores[line]))
    while line >= 0:
        path[line] = at
        line, at = int(from_line[line, at]), int(from_bin[line, at])
    return path, total


def _improve(
    best: Times,
    offered: Times,
    line: int,
    where: npt.NDArray[np.intp],
    from_line: npt.NDArray[np.int16],
    from_bin: npt.NDArray[np.int32],
) -> None:
    """Take what is better, and note where it comes from."""
    is_better = offered > best
    best[is_better] = offered[is_better]
    from_line[is_better] = line
    from_bin[is_better] = where[is_better]


def _run_maximum(score: Times) -> tuple[Times, npt.NDArray[np.intp]]:
    """The highest score up to each bin, and where it is."""
    best = np.maximum.accumulate(score)
    is_new = np.concatenate([[True], score[1:] > best[:-1]])
    where = np.maximum.accumulate(np.where(is_new, np.arange(len(score)), 0))
    return best, where


def _shift(score: Times, by: int) -> Times:
    """Scores of the bins that lie `by` below."""
    moved = np.full_like(score, -np.inf)
    if by >= 0:
        moved[by:] = score[: len(score) - by]
    else:
        moved[:by] = score[-by:]
    return moved
