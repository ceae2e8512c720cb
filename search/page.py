"""What every page with pictures of videos is made of."""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from search.pairs import Progress
from store.errors import MediaError
from store.records import Video

Thumbnail = Callable[[Video, float], bytes]
# Id of a video, and the second at which it is looked at.
Place = tuple[str, float]

NO_PICTURE = (
    '<svg viewBox="0 0 160 90" role="img" aria-label="no picture">'
    '<path d="M70 60a8 8 0 1 1-4-7V28l30-6v32a8 8 0 1 1-4-7V32l-22 4z"/></svg>'
)


def hash_style(style: str) -> str:
    """The hash by which a page's policy allows its own style and no other (CSP level 2)."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")


def read_places(
    wanted: Mapping[Place, Video],
    thumbnail: Thumbnail,
    max_thumbnails: int,
    progress: Progress | None = None,
) -> dict[Place, str]:
    """Read the pictures of places, side by side.

    Args:
        wanted: the video of each place, the most important first.
        thumbnail: reads a JPEG of a video at a second; where it raises MediaError there is none.
        max_thumbnails: at most so many.
        progress: called with the number of pictures done, and of all.

    Returns:
        Data URIs.
    """
    chosen = list(islice(((p, v) for p, v in wanted.items() if v.has_picture), max_thumbnails))

    def read(item: tuple[Place, Video]) -> bytes | None:
        (_, at_seconds), video = item
        try:
            return thumbnail(video, at_seconds)
        except MediaError:
            return None

    pictures: dict[Place, str] = {}
    # Each picture is a decoder's work, which is another process.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for n_done, ((place, _), jpeg) in enumerate(
            zip(chosen, pool.map(read, chosen), strict=True), start=1
        ):
            if jpeg is not None:
                encoded = base64.b64encode(jpeg).decode("ascii")
                pictures[place] = f"data:image/jpeg;base64,{encoded}"
            if progress is not None:
                progress(n_done, len(chosen))
    return pictures


def wrap_wide(drawing: str, label: str) -> str:
    """Let a wide drawing be scrolled, by keys too, where the screen is narrow.

    Args:
        drawing: HTML.
        label: what it is, for those who do not see it; escaped.
    """
    return f'<div class="wide" tabindex="0" role="region" aria-label="{label}">{drawing}</div>'
