"""Orders of lists of videos: by name, year, duration, mood or tempo."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from mvsearch.store.catalog.lookup import name_order
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video
from mvsearch.store.unicode import fold_name

VideoOrder = Literal["artist", "title", "year", "duration", "valence", "arousal", "mood-gap", "bpm"]
ORDERS: tuple[VideoOrder, ...] = get_args(VideoOrder)


def _fall(value: float | None) -> tuple[bool, float]:
    """The highest first, and the unknown ones last."""
    return value is None, -(value or 0.0)


_KEYS: Mapping[VideoOrder, Callable[[Video], Any]] = {
    "artist": name_order,
    "title": lambda video: fold_name(video.title),
    "year": lambda video: (video.year is None, video.year),
    "duration": lambda video: video.duration_seconds,
    "valence": lambda video: _fall(video.valence),
    "arousal": lambda video: _fall(video.arousal),
    "mood-gap": lambda video: _fall(video.mood_gap),
    "bpm": lambda video: (video.bpm is None, video.bpm),
}


def check_order(order: str) -> None:
    """Raise QueryError unless there is such an order."""
    if order not in ORDERS:
        raise QueryError(f"no order is called {order[:40]!r}; there are {', '.join(ORDERS)}")


def sort_videos(videos: Sequence[Video], order: VideoOrder) -> list[Video]:
    """Sort videos; equal ones stay in the order that they have.

    Args:
        videos: in any order.
        order: "artist" (then title), "title", "year", "duration" or "bpm" from the lowest on;
            "valence", "arousal" or "mood-gap" from the highest on. Videos without such a value
            come last.

    Raises:
        QueryError: there is no such order.
    """
    check_order(order)
    return sorted(videos, key=_KEYS[order])
