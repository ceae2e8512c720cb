"""Finds videos by name, and suggests names for a wrong one."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mvsearch.store.errors import AmbiguousVideoError, VideoNotFoundError
from mvsearch.store.unicode import fold_name

if TYPE_CHECKING:
    from mvsearch.store.records import Video

MIN_PREFIX = 4
N_LISTED = 5
N_SUGGESTED = 3
# Minimum weighted ratio of RapidFuzz, up to 100: "frst" and "The First Snow" have 68.
MIN_LIKENESS = 66.0
# Longer names are not compared.
MAX_MISSPELLED = 200


def describe_video(video: "Video") -> str:
    """The display name of a video: "Artist - Title"."""
    return f"{video.artist} - {video.title}" if video.artist else video.title


def name_order(video: "Video") -> tuple[str, str, str]:
    """The sort key of lists of videos: artist, title and id."""
    return ((video.artist or "").casefold(), video.title.casefold(), video.id)


def choose_video(name: str, videos: Sequence["Video"]) -> "Video":
    """Find the one video with an id prefix or a part of "Artist - Title".

    A whole title takes precedence over a part: "Dead" is not "Dead End".

    Raises:
        VideoNotFoundError: no video matches; the message suggests names.
        AmbiguousVideoError: several videos match; the message lists some.
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
        raise VideoNotFoundError(
            f"no video matches {name!r}; {_suggest(wanted, names, videos)}see them all with:"
            " mvsearch list"
        )
    if len(found) > 1:
        raise AmbiguousVideoError(
            f"{name!r} may be {_list_videos(found)}; be more specific, or give the id"
        )
    return found[0]


def find_similar_names(wanted: str, names: Mapping[str, str]) -> list[str]:
    """Find the videos whose names are spelled most like a wrong one, best first.

    Args:
        wanted: the folded name.
        names: the folded name of each video, by its id.

    Returns:
        At most `N_SUGGESTED` ids.
    """
    from rapidfuzz import fuzz, process

    if len(wanted) > MAX_MISSPELLED:
        return []
    found = process.extract(
        wanted, names, scorer=fuzz.WRatio, score_cutoff=MIN_LIKENESS, limit=N_SUGGESTED
    )
    return [video_id for _, _, video_id in found]


def _suggest(wanted: str, names: Mapping[str, str], videos: Sequence["Video"]) -> str:
    """Similar names as a part of a sentence; empty if there are none."""
    by_id = {video.id: video for video in videos}
    likely = [repr(describe_video(by_id[one])) for one in find_similar_names(wanted, names)]
    return f"did you mean {' or '.join(likely)}? " if likely else ""


def _list_videos(videos: Sequence["Video"]) -> str:
    """The first few of several videos, in one line."""
    listed = [f"{video.id[:12]} {describe_video(video)!r}" for video in videos[:N_LISTED]]
    n_more = len(videos) - len(listed)
    return ", ".join(listed) + (f" or {n_more} more" if n_more else "")
