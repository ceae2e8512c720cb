"""Detects roll-up captions and splits them into single lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mvsearch.indexer.lyrics.files.timing import Cue

# Roll-up captions have two to four rows (CEA-608).
MAX_ROWS = 4
# A cue this short only moves the rows up; no line is sung in it. YouTube's last 10 ms.
MAX_FLASH_SECONDS = 0.05
# Cues further apart do not go on with one another.
MAX_GAP_SECONDS = 0.5
# Of the cues that could roll, so many must: people repeat a line here and there.
MIN_ROLLING_SHARE = 0.5
MIN_ROLLS = 2


@dataclass(frozen=True, slots=True)
class Caption:
    """A cue as it is shown.

    Attributes:
        rows: clean, none of them empty.
        n_settled: so many rows, from the first on, may be of the caption before: words in the
            others come up one by one.
    """

    start_seconds: float
    end_seconds: float
    rows: tuple[str, ...]
    n_settled: int

    @property
    def is_flash(self) -> bool:
        """Whether it is too short for a line."""
        return self.end_seconds - self.start_seconds <= MAX_FLASH_SECONDS


def is_rolling(captions: Sequence[Caption]) -> bool:
    """Whether captions in order of time show each line again above, or before, the next one."""
    n_rolls = n_flashes = 0
    for before, caption in pairwise(captions):
        n_kept = _count_kept(before, caption) if _is_close(before, caption) else 0
        is_whole = n_kept == len(caption.rows)
        n_flashes += n_kept > 0 and is_whole and caption.is_flash
        n_rolls += n_kept > 0 and not is_whole and caption.rows != before.rows
    n_able = n_flashes + sum(len(caption.rows) > 1 for caption in captions)
    is_told = n_flashes > 0 or n_rolls >= MIN_ROLLS
    return is_told and n_rolls + n_flashes >= MIN_ROLLING_SHARE * n_able


def unroll(captions: Sequence[Caption]) -> list[Cue]:
    """The rows that are new in each of rolling captions, with the times in which they came up."""
    cues: list[Cue] = []
    before: Caption | None = None
    for caption in captions:
        n_kept = 0 if before is None else _count_kept(before, caption)
        if before is not None and n_kept == len(caption.rows) and not _is_close(before, caption):
            n_kept = 0
        if new := caption.rows[n_kept:]:
            cues.append(Cue(caption.start_seconds, " ".join(new), caption.end_seconds))
        before = caption
    return cues


def _is_close(before: Caption, caption: Caption) -> bool:
    """Whether one caption follows the other without a pause."""
    return caption.start_seconds - before.end_seconds <= MAX_GAP_SECONDS


def _count_kept(before: Caption, caption: Caption) -> int:
    """How many of a caption's first rows are the last rows of the one before."""
    n_most = min(MAX_ROWS, len(before.rows), caption.n_settled)
    # A line sung over and over: the last one is new.
    if len(caption.rows) > 1 and len(set(caption.rows)) == 1 and not caption.is_flash:
        n_most = min(n_most, len(caption.rows) - 1)
    for n_kept in range(n_most, 0, -1):
        if before.rows[-n_kept:] == caption.rows[:n_kept]:
            return n_kept
    return 0
