"""Decides whether the picture of a query is from one video and its sound from another."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.calibration import WeakMarks
from mvsearch.search.scoring.fusion import Measured
from mvsearch.store.records import Modality

PAIR: tuple[Modality, Modality] = ("frames", "audio")
# The surprisal of the video that is found exceeds that of the other one by this: a hundred times.
MIN_APART = 2.0


def find_two_sources(measured: Measured, marks: WeakMarks) -> dict[Modality, int]:
    """Find the videos that picture and sound are from, where these are two.

    One is found by its picture and not by its sound, the other by its sound and not by its picture.

    Args:
        measured: (v,) similarities and surprisals by modality, NaN where a video has none.
        marks: of the search.

    Returns:
        Their positions, by modality; empty where both may be from one video, or the query has other
        parts than pictures, clips and sounds.
    """
    if not marks.is_exact or set(measured[0]) != set(PAIR):
        return {}
    surprisals = {m: np.nan_to_num(measured[1][m]) for m in PAIR}
    similarities = {m: np.nan_to_num(measured[0][m], nan=-1.0) for m in PAIR}
    best = {m: int(np.argmax(surprisals[m])) for m in PAIR if len(surprisals[m])}
    for modality, other in (PAIR, PAIR[::-1]) if best else ():
        ours, theirs = best[modality], best[other]
        found, missed = (
            marks.is_found(modality, similarities[modality][at], surprisals[modality][at])
            for at in (ours, theirs)
        )
        apart = surprisals[modality][ours] - surprisals[modality][theirs]
        if not found or missed or apart < MIN_APART:
            return {}
    return best


def put_first(order: npt.NDArray[np.intp], chosen: Mapping[Modality, int]) -> npt.NDArray[np.intp]:
    """An order of positions with some before all others; these keep their order."""
    is_chosen = np.isin(order, list(chosen.values()))
    return np.concatenate([order[is_chosen], order[~is_chosen]])
