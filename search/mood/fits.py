"""Finds the songs whose mood fits a picture, and the pictures whose mood fits a sound."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.mood.joint import compare
from mvsearch.indexer.mood.measure import find_mood_space, measure_mood
from mvsearch.indexer.mood.used import Heads, find_heads
from mvsearch.search.joint.other_side import (
    MODALITIES,
    OTHER,
    AskedSide,
    measure_chance,
    rank_other_side,
)
from mvsearch.search.joint.places import Places
from mvsearch.search.mood.chance import MOODS, Chance, is_weak_fit
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.analyse import Analyse, reading
from mvsearch.search.query.contents import list_videos
from mvsearch.search.query.mood import check_shows
from mvsearch.search.query.query import QueryPart
from mvsearch.search.results import Moment, MoodFit, Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.reading.moods import MoodTable
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Mood, Side, Video

Floats = npt.NDArray[np.floating[Any]]

# A moment reaches as far as the mood is as near, up to this distance more, and this long.
MOMENT_REACH = 0.05
MAX_MOMENT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class AskedMood:
    """The mood of one side of a query, and where this side is in the joint space of moods.

    Attributes:
        heads: that told it.
    """

    side: AskedSide
    mood: Mood
    heads: Heads


def read_mood(
    part: QueryPart,
    side: Side,
    library: Library,
    encoders: Encoders,
    analyse: Analyse,
) -> AskedMood:
    """The mood of the picture or of the sound of a part of a query.

    Raises:
        QueryError: it cannot be read, lacks this side, or the profile knows no moods.
    """
    heads = find_heads(library.files)
    if part.kind == "like":
        video = library.catalog.find_video(part.value)
        found = [t for t in library.catalog.mood_tracks(video.id) if t.side == side]
        if not found:
            raise QueryError(f"no mood is known of the {side} of {video.title!r}")
        return AskedMood(AskedSide(side, found[0].joint, compare, video.id), found[0].mood, heads)
    modality = MODALITIES[side]
    with reading(part):
        if part.kind == "image":
            check_shows(part, encoders)
        made = analyse(part, encoders, (modality,))
    if find_mood_space(encoders.get(modality).spaces, modality, heads) is None:
        raise QueryError(f"nothing predicts moods of {modality} in the profile {encoders.name}")
    track = measure_mood(made, modality, heads)
    if track is None:
        raise QueryError(f"{part.name} holds no {modality} to search by")
    return AskedMood(AskedSide(side, track.joint, compare), track.mood, heads)


def find_fits(
    library: Library, asked: AskedMood, options: SearchOptions, filter: Filter = Filter()
) -> list[Result]:
    """The videos whose other side fits a mood best, each with its moment and why.

    The similarity is that of the joint space. A result is weak where chance finds as much, or where
    one of the moods is hardly known.

    Raises:
        QueryError: no mood is known of the library, as of one from before moods.
        MvsearchError: the library is empty.
    """
    with library.holding():
        table = read_table(library, asked)
        found = Places(table.video_ids, table.joint)
        results = rank_other_side(
            library, asked.side, found, _find_chance(library, asked, found),
            lambda video: _locate(library, video, asked), options, filter,
        )  # fmt: skip
        moods = dict(zip(table.video_ids, table.moods, strict=True))
        return [_explain(one, asked, Mood(*moods[one.video.id].tolist())) for one in results]


def read_table(library: Library, asked: AskedMood) -> MoodTable:
    """The moods of the other side of all videos, with their places in the joint space.

    Raises:
        QueryError: there are none, or they are of another joint space.
        MvsearchError: the library is empty.
    """
    side = OTHER[asked.side.side]
    # Heads of a run that was begun to be used, or dropped, and killed: the next run measures.
    table = library.catalog.mood_table(side, head=_find_revision(asked.heads, side))
    if not table.video_ids:
        list_videos(library)
        raise QueryError(f"no mood is known of any {side} of this library: index its folders again")
    if table.joint.shape[1] != len(asked.side.place):
        raise QueryError(
            "the moods of this library are of another version: index its folders again"
        )
    return table


def _find_revision(heads: Heads, side: Side) -> str | None:
    """The revision of the head of a run; None for any of the package."""
    return heads.own[side][0].revision if heads.own else None


def _find_chance(library: Library, asked: AskedMood, found: Places) -> Chance:
    """How similar unrelated moods are; by heads of a run, as the pairs of the library tell it."""
    if not asked.heads.own:
        return MOODS
    side = asked.side.side
    table = library.catalog.mood_table(side, head=_find_revision(asked.heads, side))
    return measure_chance(asked.side, Places(table.video_ids, table.joint), found, MOODS)


def _explain(result: Result, asked: AskedMood, mood: Mood) -> Result:
    """A result with both moods, marked as weak where they say little."""
    (part,) = result.contributions.values()
    is_weak = is_weak_fit(part.calibrated, asked.mood.confidence, mood.confidence)
    fit = MoodFit(asked.mood, mood, part.similarity)
    return replace(result, mood=fit, is_weak=is_weak)


def _locate(library: Library, video: Video, asked: AskedMood) -> tuple[Moment, ...]:
    """The time of a video at which its mood is nearest to another; none where it is not known."""
    side = OTHER[asked.side.side]
    tracks = [track for track in library.catalog.mood_tracks(video.id) if track.side == side]
    if not tracks or not len(tracks[0].curve):
        return ()
    curve = tracks[0].curve
    target = np.array([asked.mood.valence, asked.mood.arousal])
    distances = np.linalg.norm(curve.points[:, :2] - target, axis=1)
    start, end = find_stretch(curve.seconds, distances, video.duration_seconds)
    nearest = Mood(*curve.points[int(distances.argmin())].tolist())
    similarity = 1 - nearest.distance(asked.mood)
    return (Moment(video.id, MODALITIES[side], start, end, similarity),)


def find_stretch(
    seconds: Floats, distances: Floats, duration_seconds: float
) -> tuple[float, float]:
    """The start and end of the stretch around the nearest time that is nearly as near."""
    at = int(distances.argmin())
    is_near = distances <= distances[at] + MOMENT_REACH
    first = last = at
    while first > 0 and is_near[first - 1]:
        first -= 1
    while last + 1 < len(seconds) and is_near[last + 1]:
        last += 1
    # The nearest time is in it, also where all of a long song is nearly as near.
    half = MAX_MOMENT_SECONDS / 2
    start = max(float(seconds[first]), float(seconds[at]) - half)
    end = float(seconds[last + 1]) if last + 1 < len(seconds) else duration_seconds
    return start, max(start, min(end, start + MAX_MOMENT_SECONDS))
