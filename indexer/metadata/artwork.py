"""Makes small copies of the pictures that lie beside videos, such as posters."""

import threading
from functools import lru_cache
from pathlib import Path

from mvsearch.indexer.media.picture_files import THUMBNAIL_SIDE, is_picture, make_thumbnail
from mvsearch.store.records import Video

# A copy has about 20 KB.
N_KEPT = 256
MAX_ARTWORK_BYTES = 2**20
# Few are made at once, as each holds a decoded picture.
_MAKING = threading.Semaphore(2)


def make_artwork(video: Video, max_side: int = THUMBNAIL_SIDE) -> bytes | None:
    """A small copy of the picture beside a video; None if there is none.

    The picture is found by its name beside the files of the video, and nowhere else: the name may
    come from a foreign library.

    Args:
        video: whose picture it is.
        max_side: in pixels; the picture is not enlarged.

    Returns:
        A WebP image.

    Raises:
        MediaError: it cannot be decoded, or is too large.
    """
    name = video.artwork
    if not name or Path(name).name != name:
        return None
    for path in (video.path, *video.other_paths):
        place = path.with_name(name)
        if is_picture(place):
            state = place.stat()
            return _make(place, state.st_size, state.st_mtime_ns, max_side)
    return None


def is_artwork(image: bytes) -> bool:
    """Whether the first bytes are those of a WebP image."""
    return image[:4] == b"RIFF" and image[8:12] == b"WEBP"


@lru_cache(maxsize=N_KEPT)
def _make(place: Path, size: int, modified_ns: int, max_side: int) -> bytes:
    with _MAKING:
        return make_thumbnail(place, max_side)
