"""Finds the video that a name, id or path refers to."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mvsearch.store.errors import AmbiguousVideoError, VideoNotFoundError
from mvsearch.store.unicode import GRAPHEME_JOINER, normalise

if TYPE_CHECKING:
    from mvsearch.store.records import Video

MIN_PREFIX = 4
N_LISTED = 5
N_SUGGESTED = 3
# Of the weighted ratio of RapidFuzz, up to 100: "frst" and "The First Snow" have 68.
MIN_LIKENESS = 66.0
# A longer name is no title with a slip in it.
MAX_MISSPELLED = 200


def describe_video(video: "Video") -> str:
    """A video as people call it: "Artist - Title"."""
    return f"{video.artist} - {video.title}" if video.artist else video.title


def name_order(video: "Video") -> tuple[str, str, str]:
    """What lists of videos are sorted by: artist, title and id."""
    return ((video.artist or "").casefold(), video.title.casefold(), video.id)


def fold_name(text: str) -> str:
    """A name without case, accents, kinds of dashes and runs of spaces."""
    letters = (
        "-" if unicodedata.category(letter) == "Pd" else letter
        for letter in normalise(text, "NFKD")
        if letter != GRAPHEME_JOINER and not unicodedata.combining(letter)
    )
    return " ".join("".join(letters).casefold().split())


def choose_video(name: str, videos: Sequence["Video"]) -> "Video":
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
    """The ids of the videos whose names are spelled most like a wrong one, best first.

    Args:
        wanted: the folded name.
        names: the folded name of each video, by its id.
    """
    from rapidfuzz import fuzz, process

    if len(wanted) > MAX_MISSPELLED:
        return []
    found = process.extract(
        wanted, names, scorer=fuzz.WRatio, score_cutoff=MIN_LIKENESS, limit=N_SUGGESTED
    )
    return [video_id for _, _, video_id in found]


def _suggest(wanted: str, names: Mapping[str, str], videos: Sequence["Video"]) -> str:
    """What a wrong name may have meant, as a part of a sentence; empty where nothing is like it."""
    by_id = {video.id: video for video in videos}
    likely = [repr(describe_video(by_id[one])) for one in find_similar_names(wanted, names)]
    return f"did you mean {' or '.join(likely)}? " if likely else ""


def _list_videos(videos: Sequence["Video"]) -> str:
    """The first few of several videos, in one line."""
    listed = [f"{video.id[:12]} {describe_video(video)!r}" for video in videos[:N_LISTED]]
    n_more = len(videos) - len(listed)
    return ", ".join(listed) + (f" or {n_more} more" if n_more else "")
