"""Measures tempo and key of videos by their stored spectral peaks, without their media."""

import threading

from mvsearch.indexer.encoders.audio.tempo_and_key import REVISION, measure_tempo_and_key
from mvsearch.indexer.features.parallel import limit_algebra
from mvsearch.indexer.progress import Progress
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.batches import in_batches
from mvsearch.store.records import TempoAndKey

VIDEOS_AT_ONCE = 64


def add_tempos(catalog: Catalog, progress: Progress, stop: threading.Event) -> None:
    """Measure tempo and key of videos where it was not done by this revision, and store them.

    Args:
        catalog: of the library, whose lock is held.
        progress: told once, where there is anything to do.
        stop: when set, no more is begun; what is done stays.
    """
    lacking = catalog.without_tempo(REVISION)
    n = len(lacking)
    if n:
        progress.note(f"Measuring tempo and key of {n} video{'s' * (n > 1)} from stored peaks")
    for some in in_batches(lacking, VIDEOS_AT_ONCE):
        if stop.is_set():
            return
        with limit_algebra():
            found = {one: _measure(catalog, one, space_key) for one, space_key in some}
        catalog.store_tempos(found)


def _measure(catalog: Catalog, video_id: str, space_key: str) -> TempoAndKey:
    made = catalog.embeddings(video_id, space_key)
    return measure_tempo_and_key([] if made is None else [made])
