"""Provides the stills of videos: reads them from the library, or makes missing ones."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from mvsearch.indexer.media.stills import is_still, make_stills
from mvsearch.indexer.progress import StepCounter
from mvsearch.search.output.html.page import Place
from mvsearch.store.errors import MediaError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Still, Video

logger = logging.getLogger(__name__)

# Number of videos whose stills are stored at once; an interruption loses no more.
N_AT_ONCE = 32


class LibraryStills:
    """The stills of a library, for its reports.

    Args:
        library: is written only if videos have no stills yet and no other process writes.
        progress: called with the number of videos whose stills were made, and of all such.
    """

    def __init__(self, library: Library, progress: StepCounter | None = None) -> None:
        self._library = library
        self._progress = progress
        self._made: dict[Place, bytes] = {}

    def list_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        """The ascending times of the stills of these videos, by id; missing stills are made."""
        shown = {video.id: video for video in videos if video.has_picture}
        known = dict(self._library.catalog.still_seconds(list(shown)))
        lacking = [video for video_id, video in shown.items() if video_id not in known]
        for video_id, stills in self._make(lacking):
            self._made |= {(video_id, still.seconds): still.image for still in stills}
            known[video_id] = tuple(still.seconds for still in stills)
        return known

    def read(self, places: Sequence[Place]) -> Iterator[tuple[Place, bytes]]:
        """The stills at these places; invalid pictures of an untrusted library are skipped."""
        kept = [place for place in places if place not in self._made]
        yield from ((place, self._made[place]) for place in places if place in self._made)
        for place, image in self._library.catalog.still_images(kept):
            if is_still(image):
                yield place, image

    def _make(self, videos: Sequence[Video]) -> Iterator[tuple[str, tuple[Still, ...]]]:
        """Make the stills of videos in parallel, and store them."""
        waiting = iter(videos)
        n_done = 0
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while some := list(islice(waiting, N_AT_ONCE)):
                made: dict[str, tuple[Still, ...]] = {}
                for video, stills in zip(some, pool.map(_make_some, some), strict=True):
                    made[video.id] = stills
                    n_done += 1
                    if self._progress is not None:
                        self._progress(n_done, len(videos))
                self._keep(made)
                yield from made.items()

    def _keep(self, made: Mapping[str, Sequence[Still]]) -> None:
        """Store stills for the next report, unless another process writes."""
        try:
            with self._library.writing(0):
                self._library.catalog.store_stills(made)
        except MvsearchError as error:
            logger.debug("stills are not kept: %s", error)


def _make_some(video: Video) -> tuple[Still, ...]:
    """The stills of a video; none if its file is missing or cannot be decoded."""
    try:
        return make_stills(video.path)
    except MediaError:
        return ()
