"""An index of the landmarks of many videos: for each key, where in all sound it occurs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.landmarks.packing import STEP_SECONDS
from mvsearch.store.landmarks.pairs import N_KEYS, compute_keys, count_steps, pair_peaks
from mvsearch.store.records.peaks import SoundPeaks

Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]

# Pairs of each peak of a video. One makes 25 a second, 100 bytes.
PAIRS_A_PEAK = 1
# Silence between two videos on the line that all sound lies on, so that no clip reaches over it.
GAP_STEPS = 8192
# The line has room for two years of sound.
MAX_STEPS = 1 << 32


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkIndex:
    """Where the keys of all videos occur; all sound lies on one line of steps.

    Attributes:
        video_ids: v of them, in the order of the line.
        firsts: (v + 1,) the step at which each begins, and the first free one.
        ends: (`N_KEYS`,) where the places of each key end; they begin where those of the key
            before end.
        places: (n,) uint32 steps, by key; may be memory-mapped.
    """

    video_ids: tuple[str, ...]
    firsts: Integers
    ends: Words
    places: Words

    def look_up(self, keys: Integers) -> tuple[Integers, Integers]:
        """(q,) where the places of each key begin, and how many there are."""
        # A mapped file may be damaged: nothing outside of the places is looked at.
        ends = np.minimum(self.ends[keys].astype(np.int64), len(self.places))
        begins = np.where(keys > 0, self.ends[np.maximum(keys - 1, 0)], 0).astype(np.int64)
        return np.minimum(begins, ends), np.maximum(ends - begins, 0)

    def find_videos(self, steps: Integers) -> Integers:
        """(n,) the positions of the videos that steps of the line belong to."""
        return np.clip(np.searchsorted(self.firsts, steps, "right") - 1, 0, len(self.video_ids) - 1)


def make_empty() -> LandmarkIndex:
    """An index of no video."""
    ends, places = np.zeros(N_KEYS, dtype=np.uint32), np.zeros(0, dtype=np.uint32)
    return LandmarkIndex((), np.zeros(1, dtype=np.int64), ends, places)


def add_videos(index: LandmarkIndex, videos: Iterable[tuple[str, SoundPeaks]]) -> LandmarkIndex:
    """An index with more videos, behind those that are there.

    Raises:
        ValueError: the line is full.
    """
    video_ids, firsts = list(index.video_ids), [int(index.firsts[-1])]
    keys, places = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for video_id, peaks in videos:
        pairs = pair_peaks(peaks, PAIRS_A_PEAK)
        keys.append(compute_keys(peaks, pairs))
        places.append(count_steps(peaks)[pairs.first] + firsts[-1])
        video_ids.append(video_id)
        length = int(peaks.seconds[-1] / STEP_SECONDS) + 1 if len(peaks) else 0
        firsts.append(firsts[-1] + length + GAP_STEPS)
    if firsts[-1] > MAX_STEPS:
        raise ValueError("this is more sound than an index of landmarks holds")
    all_keys, new = np.concatenate(keys), np.concatenate(places).astype(np.uint32)
    order = np.argsort(all_keys, kind="stable")
    merged = np.insert(index.places, index.ends[all_keys[order]].astype(np.int64), new[order])
    counts = np.cumsum(np.bincount(all_keys, minlength=N_KEYS))
    ends = (index.ends + counts).astype(np.uint32)
    starts = np.concatenate([index.firsts[:-1], np.array(firsts, dtype=np.int64)])
    return LandmarkIndex(tuple(video_ids), starts, ends, merged)


def drop_videos(index: LandmarkIndex, video_ids: Sequence[str]) -> LandmarkIndex:
    """An index without some videos; their stretch of the line stays empty."""
    gone = set(video_ids)
    is_gone = np.array([one in gone for one in index.video_ids], dtype=np.bool_)
    if not is_gone.any():
        return index
    is_kept = ~is_gone[index.find_videos(index.places.astype(np.int64))]
    counts = np.concatenate([[0], np.cumsum(is_kept)])
    ends = counts[index.ends].astype(np.uint32)
    kept = tuple(one for one in index.video_ids if one not in gone)
    # A stretch that is left out belongs to the video before it, which has no place there.
    firsts = np.concatenate([index.firsts[:-1][~is_gone], index.firsts[-1:]])
    return LandmarkIndex(kept, firsts, ends, index.places[is_kept])
