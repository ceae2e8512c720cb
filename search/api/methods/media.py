"""Gives access to the files of videos, as browsers play them, and to their stills."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mvsearch.search.api.session import Session
from mvsearch.search.query.query import Query
from mvsearch.store.records import Still, Video

if TYPE_CHECKING:
    from mvsearch.indexer.media.playing import PlayableMedia

__all__ = ["MediaFiles", "PlayableMedia", "make_query_stills"]

# Stills of an older library are made once, however many threads ask for them.
_MAKING = threading.Lock()


def make_query_stills(query: Query) -> tuple[Still, ...]:
    """Stills of the first part of a query that is a picture or clip; none for sound alone.

    Raises:
        MediaError: it cannot be read.
    """
    from mvsearch.indexer.media.stills import make_picture_still, make_stills

    part = next((one for one in query.parts if one.kind in ("image", "clip")), None)
    if part is None:
        return ()
    with part.opened() as file:
        return (make_picture_still(file),) if part.kind == "image" else make_stills(file)


class MediaFiles:
    """The files and stills of an open library."""

    _session: Session

    def open_media(self, video_id: str) -> "PlayableMedia":
        """Find out how a web browser can play a video; files are found by id only.

        Raises:
            VideoNotFoundError: no video has this id.
            MediaError: its file is missing, or is no media file any more.
        """
        from mvsearch.indexer.media.playing import inspect_media

        with self._session.using() as library:
            path = library.catalog.video(video_id).path
        return inspect_media(path)

    def still_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        """The ascending times of the stored stills of videos, by id."""
        with self._session.using() as library:
            return library.catalog.still_seconds([video.id for video in videos])

    def frame(self, video_id: str, at_seconds: float, *, max_side: int = 192) -> Still:
        """The frame of a video that is shown at a time, decoded from its file.

        Args:
            video_id: of the video.
            at_seconds: the time.
            max_side: in pixels, up to 192.

        Returns:
            A WebP image with its time.

        Raises:
            VideoNotFoundError: no video has this id.
            MediaError: the file is missing, cannot be decoded, or has no picture.
        """
        from mvsearch.indexer.media.stills import make_frame_still, shrink_still

        with self._session.using() as library:
            path = library.catalog.video(video_id).path
        return shrink_still(make_frame_still(path, at_seconds), max_side)

    def picture(self, video_id: str, *, max_side: int = 512) -> bytes | None:
        """The picture that lies beside a video, such as its poster; None if there is none.

        Args:
            video_id: of the video.
            max_side: in pixels, up to 512; pictures are not enlarged.

        Returns:
            A WebP image, made from the file; its name and address are never asked for.

        Raises:
            VideoNotFoundError: no video has this id.
            MediaError: the picture cannot be read.
        """
        from mvsearch.indexer.metadata.artwork import make_artwork

        with self._session.using() as library:
            video = library.catalog.video(video_id)
        return make_artwork(video, max_side)

    def still(self, video_id: str, at_seconds: float, *, max_side: int = 512) -> Still | None:
        """The still of a video nearest to a time; None for sound alone, or if it has none.

        Missing stills are made, and stored unless another process writes.

        Args:
            video_id: of the video.
            at_seconds: the time.
            max_side: in pixels, up to 512; stills are not enlarged.

        Returns:
            A checked WebP image with its time.

        Raises:
            VideoNotFoundError: no video has this id.
        """
        from mvsearch.indexer.media.stills import shrink_still
        from mvsearch.search.output.html.page import find_nearest
        from mvsearch.search.output.html.stills import LibraryStills

        with self._session.using() as library:
            video = library.catalog.video(video_id)
            stills = LibraryStills(library)
            seconds: Mapping[str, Sequence[float]] = library.catalog.still_seconds([video_id])
            if video_id not in seconds:
                with _MAKING:
                    seconds = stills.list_seconds([video])
            nearest = find_nearest(seconds.get(video_id, ()), at_seconds)
            if nearest is None:
                return None
            found = dict(stills.read([(video_id, nearest)]))
        image = found.get((video_id, nearest))
        return None if image is None else shrink_still(Still(nearest, image), max_side)
