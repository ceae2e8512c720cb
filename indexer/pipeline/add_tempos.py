"""Measures tempo and key of videos by their stored spectral peaks, without their media."""

import threading
from collections import defaultdict

from mvsearch.indexer.encoders.audio.tempo_and_key import REVISION, measure_peaks
from mvsearch.indexer.progress import Progress
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.batches import in_batches

VIDEOS_AT_ONCE = 64


def add_tempos(catalog: Catalog, progress: Progress, stop: threading.Event) -> None:
    """Measure tempo and key of videos where it was not done by this revision, and store them.

    Args:
        catalog: of the library, whose lock is held.
        progress: told once, where there is anything to do.
        stop: when set, no more is begun; what is done stays.
    """
    lacking = defaultdict[str, list[str]](list)
    for video_id, space_key in catalog.without_tempo(REVISION):
        lacking[space_key].append(video_id)
    n = sum(map(len, lacking.values()))
    if n:
        progress.note(f"Measuring tempo and key of {n} video{'s' * (n > 1)} from stored peaks")
    for space_key, video_ids in lacking.items():
        for some in in_batches(video_ids, VIDEOS_AT_ONCE):
            if stop.is_set():
                return
            peaks = catalog.peaks(some, space_key)
            catalog.store_tempos({one: measure_peaks(peaks.get(one)) for one in some})
