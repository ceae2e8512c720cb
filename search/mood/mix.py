"""Mixes songs along a curve from one mood to another."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mvsearch.search.mixing.copies import open_copy_finder, plan_without_copies
from mvsearch.search.mood.chance import MIN_CONFIDENCE
from mvsearch.search.mood.route import Line, Places, Route, plan_route
from mvsearch.search.query.contents import list_videos
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.lookup import find_similar_names
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import MOOD_REGIONS, Matrix, Mood, Video
from mvsearch.store.unicode import fold_name, printable

Point = tuple[float, float]
MoodOrPoint = str | Point

MAX_MINUTES = 24 * 60
# Ends of a curve are moved to where the library has songs: beyond all but this share of them.
EDGE_SHARE = 0.02
# From this distance on it is told that an end was moved.
FAR = 0.15


@dataclass(frozen=True, slots=True)
class MixedSong:
    """A song of a mix.

    Attributes:
        mood: of its sound.
        start_seconds: in the mix.
        valence, arousal: of the curve in the middle of the song.
    """

    video: Video
    mood: Mood
    start_seconds: float
    valence: float
    arousal: float

    def to_dict(self) -> dict[str, Any]:
        """The song in the form of the JSON output."""
        return {
            "video": self.video.to_dict(),
            "mood": self.mood.to_dict(),
            "start_seconds": round(self.start_seconds, 3),
            "valence": round(self.valence, 3),
            "arousal": round(self.arousal, 3),
        }


@dataclass(frozen=True, slots=True)
class Mix:
    """Songs along a curve.

    Attributes:
        asked_seconds: the length that was asked for.
        notes: lines on what the library could not give.
    """

    songs: tuple[MixedSong, ...]
    asked_seconds: float
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """The length of all songs."""
        return sum(song.video.duration_seconds for song in self.songs)

    @property
    def videos(self) -> list[Video]:
        """The songs as videos."""
        return [song.video for song in self.songs]

    def to_dict(self) -> dict[str, Any]:
        """The mix in the form of the JSON output."""
        return {
            "songs": [song.to_dict() for song in self.songs],
            "seconds": round(self.seconds, 3),
            "asked_seconds": round(self.asked_seconds, 3),
            "notes": list(self.notes),
        }


def mix_songs(
    library: Library, start: Point, end: Point, minutes: float, filter: Filter = Filter()
) -> Mix:
    """Choose songs whose moods lead from one point to another, without repeats.

    Args:
        library: to choose from, by the moods of its sound.
        start: valence and arousal at the beginning.
        end: those at the end.
        minutes: the length; it is met within 5 %, or 30 s, where the songs suffice.
        filter: selects the songs.

    Raises:
        QueryError: no mood is known of the library, no song passes, or the length is no length.
        MvsearchError: the library is empty.
    """
    if not (math.isfinite(minutes) and 0 < minutes <= MAX_MINUTES):
        raise QueryError(f"a mix has more than 0 and up to {MAX_MINUTES} minutes, not {minutes:g}")
    with library.holding():
        videos, moods, n_unknown = _list_songs(library, filter)
        places = _place(videos, moods)
        ends = [_reach(places, point) for point in (start, end)]
        line = Line(ends[0], ends[1], 60 * minutes)
        route = plan_without_copies(
            places.songs,
            lambda songs: plan_route(replace(places, songs=songs), line),
            lambda planned: planned.chosen,
            open_copy_finder(library, videos),
        )
    notes = [
        _tell_moved("begins", start, ends[0]),
        _tell_moved("ends", end, ends[1]),
        _tell_short(route, line),
        _tell_unknown(n_unknown),
    ]
    songs = _list_mixed(route, line, videos, moods)
    return Mix(tuple(songs), line.seconds, tuple(note for note in notes if note))


def read_point(asked: MoodOrPoint) -> Point:
    """The valence and arousal of a mood.

    Args:
        asked: a name, valence and arousal, or these as text such as `.3,.8`.

    Raises:
        QueryError: it is none of these, or not from 0 to 1.
    """
    if not isinstance(asked, str):
        valence, arousal = asked
        return _check_point((float(valence), float(arousal)))
    name = asked.strip().casefold()
    for known, region in MOOD_REGIONS.items():
        if name == known:
            return region.typical
    try:
        valence, arousal = map(float, asked.split(","))
    except ValueError:
        near = find_similar_names(name, {one: one for one in MOOD_REGIONS})
        hint = f"; did you mean {near[0]}?" if near else ""
        raise QueryError(
            f"a mood is {', '.join(MOOD_REGIONS)} or VALENCE,AROUSAL such as .3,.8, not"
            f" {printable(asked)[:40]!r}{hint}"
        ) from None
    return _check_point((valence, arousal))


def _check_point(point: Point) -> Point:
    """Check valence and arousal.

    Raises:
        QueryError: one is not from 0 to 1.
    """
    if not all(0 <= one <= 1 for one in point):
        raise QueryError(f"valence and arousal are from 0 to 1, not {point[0]:g},{point[1]:g}")
    return point


def _list_songs(library: Library, filter: Filter) -> tuple[list[Video], Matrix, int]:
    """The songs that pass and whose mood is known, their moods, and how many others pass.

    Raises:
        QueryError: there is none.
    """
    table = library.catalog.mood_table("sound")
    if not table.video_ids:
        list_videos(library)
        raise QueryError("no mood is known of any sound of this library: index its folders again")
    found = {video.id: video for video in list_videos(library, filter)}
    known = [at for at, one in enumerate(table.video_ids) if one in found]
    known = [at for at in known if found[table.video_ids[at]].duration_seconds > 0]
    if not known:
        raise QueryError("no song whose mood is known passes the filter")
    sure = [at for at in known if table.moods[at, 2] >= MIN_CONFIDENCE]
    chosen = sure or known
    videos = [found[table.video_ids[at]] for at in chosen]
    return videos, table.moods[chosen], len(found) - len(chosen)


def _place(videos: Sequence[Video], moods: Matrix) -> Places:
    """The songs as places: the same title is the same song."""
    songs, artists = dict[str, int](), {"": -1}
    return Places(
        moods[:, :2].astype(np.float64),
        np.array([video.duration_seconds for video in videos]),
        np.array([songs.setdefault(fold_name(one.title) or one.id, len(songs)) for one in videos]),
        np.array([artists.setdefault(fold_name(one.artist or ""), len(artists)) for one in videos]),
    )


def _reach(places: Places, point: Point) -> Point:
    """The point nearest to one between the outermost songs, on each axis."""
    low, high = np.quantile(places.points, (EDGE_SHARE, 1 - EDGE_SHARE), axis=0)
    valence, arousal = np.clip(point, low, high).tolist()
    return valence, arousal


def _list_mixed(
    route: Route, line: Line, videos: Sequence[Video], moods: Matrix
) -> Iterator[MixedSong]:
    seconds = 0.0
    for at in route.chosen:
        video = videos[at]
        middle = np.array([seconds + video.duration_seconds / 2])
        valence, arousal = line.at(middle)[0].tolist()
        yield MixedSong(video, Mood(*moods[at].tolist()), seconds, valence, arousal)
        seconds += video.duration_seconds


def _tell_moved(what: str, asked: Point, point: Point) -> str:
    if math.dist(asked, point) < FAR:
        return ""
    return (
        f"the mix {what} at valence {point[0]:.2f} and arousal {point[1]:.2f}: no song of the"
        f" library is near {asked[0]:.2f} and {asked[1]:.2f}"
    )


def _tell_short(route: Route, line: Line) -> str:
    if route.seconds >= line.seconds - line.tolerance_seconds:
        return ""
    return (
        f"the library is too small: {len(route.chosen)} different songs make"
        f" {route.seconds / 60:.1f} of {line.seconds / 60:g} minutes"
    )


def _tell_unknown(n_unknown: int) -> str:
    if not n_unknown:
        return ""
    songs = "1 video is" if n_unknown == 1 else f"{n_unknown} videos are"
    return f"{songs} left out: the mood of the sound is not known well"
