"""Finds the video that a name, id or path refers to."""

import unicodedata
from collections.abc import Sequence

from mvsearch.store.errors import AmbiguousVideoError, VideoNotFoundError
from mvsearch.store.records import Video
from mvsearch.store.unicode import GRAPHEME_JOINER, normalise

MIN_PREFIX = 4
N_LISTED = 5


def describe_video(video: Video) -> str:
    """A video as people call it: "Artist - Title"."""
    return f"{video.artist} - {video.title}" if video.artist else video.title


def fold_name(text: str) -> str:
    """A name without case, accents, kinds of dashes and runs of spaces."""
    letters = (
        "-" if unicodedata.category(letter) == "Pd" else letter
        for letter in normalise(text, "NFKD")
        if letter != GRAPHEME_JOINER and not unicodedata.combining(letter)
    )
    return " ".join("".join(letters).casefold().split())


def choose_video(name: str, videos: Sequence[Video]) -> Video:
    """The one video that a name means, by id prefix or by a part of "Artist - Title".

    A whole title wins over a part of others: "Dead" means "Dead", though there is "Dead End".

    Raises:
        VideoNotFoundError: there is none.
        AmbiguousVideoError: there are several.
    """
    wanted = fold_name(name)
    if not wanted:
        raise VideoNotFoundError("a video needs a name; see them all with: mvsearch list")
    names = {video.id: fold_name(describe_video(video)) for video in videos}
    exact = [v for v in videos if wanted in (names[v.id], fold_name(v.title))]
    prefix = name.strip().lower()
    found = exact or [
        video
        for video in videos
        if wanted in names[video.id] or (len(prefix) >= MIN_PREFIX and video.id.startswith(prefix))
    ]
    if not found:
        raise VideoNotFoundError(f"no video answers to {name!r}; see them all with: mvsearch list")
    if len(found) > 1:
        raise AmbiguousVideoError(
            f"{name!r} may be {_list_videos(found)}; say more, or give the id"
        )
    return found[0]


def _list_videos(videos: Sequence[Video]) -> str:
    """The first few of several videos, in one line."""
    listed = [f"{video.id[:12]} {describe_video(video)!r}" for video in videos[:N_LISTED]]
    n_more = len(videos) - len(listed)
    return ", ".join(listed) + (f" or {n_more} more" if n_more else "")
