"""Measures the moods of videos from their stored vectors, without their media."""

import threading
from collections.abc import Iterator

from mvsearch.indexer.features.parallel import limit_algebra
from mvsearch.indexer.mood.measure import find_mood_space, measure_mood
from mvsearch.indexer.mood.used import Heads
from mvsearch.indexer.progress import Progress
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import CancelledError
from mvsearch.store.records import SIDE_OF, Modality, MoodTrack, Space

VIDEOS_AT_ONCE = 64


def add_moods(catalog: Catalog, heads: Heads, progress: Progress, stop: threading.Event) -> None:
    """Measure the moods of videos that have none by these heads, and store them.

    Args:
        catalog: of the library, whose lock is held.
        heads: of the library.
        progress: told once, where there is anything to do.
        stop: when set, no more is begun; what is done stays.
    """
    for measured in measure_lacking(catalog, heads, progress, stop):
        catalog.store_moods(measured)


def measure_all(
    catalog: Catalog,
    heads: Heads,
    progress: Progress,
    stop: threading.Event,
) -> list[tuple[str, MoodTrack]]:
    """Measure all moods by other heads, to be stored at once.

    Raises:
        CancelledError: `stop` was set.
    """
    measured = [one for some in measure_lacking(catalog, heads, progress, stop) for one in some]
    if stop.is_set():
        raise CancelledError("stopped; the heads of before stay in use")
    return measured


def measure_lacking(
    catalog: Catalog, heads: Heads, progress: Progress, stop: threading.Event
) -> Iterator[list[tuple[str, MoodTrack]]]:
    """Measure the moods that videos lack by these heads, some videos at a time."""
    spaces = catalog.spaces()
    lacking = {
        modality: (found[0], catalog.without_mood(found[0].key, side, found[1].revision))
        for modality, side in SIDE_OF.items()
        if (found := find_mood_space(spaces, modality, heads)) is not None
    }
    n = len({video_id for _, ids in lacking.values() for video_id in ids})
    if n:
        progress.note(f"Measuring the mood of {n} video{'s' * (n > 1)} from stored vectors")
    for modality, (space, video_ids) in lacking.items():
        views = [one for one in spaces if one.modality == modality and one.encoder == space.encoder]
        for begin in range(0, len(video_ids), VIDEOS_AT_ONCE):
            if stop.is_set():
                return
            some = video_ids[begin : begin + VIDEOS_AT_ONCE]
            with limit_algebra():
                measured = [(one, _measure(catalog, one, modality, views, heads)) for one in some]
            yield [(one, track) for one, track in measured if track is not None]


def _measure(
    catalog: Catalog, video_id: str, modality: Modality, spaces: list[Space], heads: Heads
) -> MoodTrack | None:
    made = (catalog.embeddings(video_id, space.key) for space in spaces)
    return measure_mood([one for one in made if one is not None], modality, heads)
