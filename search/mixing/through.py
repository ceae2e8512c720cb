"""Mixes songs along a path through given videos, each song near the one before."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mvsearch.search.mixing.copies import open_copy_finder, plan_without_copies
from mvsearch.search.mixing.path import Course, Integers, Path, Songs, may_follow, plan_path
from mvsearch.search.mixing.points import (
    MixBy,
    Points,
    explain_lack,
    measure_limit,
    place_videos,
)
from mvsearch.search.query.contents import list_videos
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import KEYS, Video
from mvsearch.store.records.tempo_and_key import list_harmonic
from mvsearch.store.unicode import fold_name, printable

MAX_MINUTES = 24 * 60
MAX_STOPS = 100
# By how much the costs of songs differ with the seed: the mix is another one, and about as smooth.
SEED_SPREAD = 0.25


@dataclass(frozen=True, slots=True)
class PathOptions:
    """What a mix through videos is like.

    Attributes:
        minutes: its length; it is met within 5 %, or 30 s, where the songs suffice.
        by: what is alike from song to song.
        harmonic: whether each key goes with the one before.
        seed: another one, another mix; the same one, the same mix.
    """

    minutes: float = 60.0
    by: MixBy = "sound"
    harmonic: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the length and the seed.

        Raises:
            QueryError: one is out of range.
        """
        if not (math.isfinite(self.minutes) and 0 < self.minutes <= MAX_MINUTES):
            raise QueryError(
                f"a mix has more than 0 and up to {MAX_MINUTES} minutes, not {self.minutes:g}"
            )
        if not 0 <= self.seed < 2**32:
            raise QueryError(f"a seed is from 0 to {2**32 - 1}, not {self.seed}")


@dataclass(frozen=True, slots=True)
class PathSong:
    """A song of a mix through videos.

    Attributes:
        start_seconds: in the mix.
        step: the distance from the song before; None for the first.
        is_asked: whether it is one of the videos that were given.
    """

    video: Video
    start_seconds: float
    step: float | None
    is_asked: bool

    def to_dict(self) -> dict[str, Any]:
        """The song in the form of the JSON output."""
        return {
            "video": self.video.to_dict(),
            "start_seconds": round(self.start_seconds, 3),
            "step": None if self.step is None else round(self.step, 4),
            "is_asked": self.is_asked,
        }


@dataclass(frozen=True, slots=True)
class PathMix:
    """A mix through videos.

    Attributes:
        asked_seconds: the length that was asked for.
        by: what is alike from song to song.
        limit: the longest smooth step; see `measure_limit`.
        notes: lines on what the library could not give.
    """

    songs: tuple[PathSong, ...]
    asked_seconds: float
    by: MixBy
    limit: float
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """The length of all songs."""
        # Rounded as they are told, so that a mix of a server is as long as the same one here.
        return sum(round(song.video.duration_seconds, 3) for song in self.songs)

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
            "by": self.by,
            "limit": round(self.limit, 4),
            "notes": list(self.notes),
        }


def mix_through(
    library: Library, given: Sequence[Video], options: PathOptions, filter: Filter = Filter()
) -> PathMix:
    """Choose a path of songs through videos, or away from the only one, without repeats.

    Args:
        library: to choose from.
        given: to visit in this order; they need not pass the filter.
        options: what the mix is like.
        filter: selects the songs between them.

    Raises:
        QueryError: no video is given or too many, or one lacks what is compared.
        MvsearchError: the library is empty.
    """
    if not 0 < len(given) <= MAX_STOPS:
        raise QueryError(f"a mix goes through 1 to {MAX_STOPS} videos, not {len(given)}")
    with library.holding():
        videos, points, n_unknown = _choose_songs(library, given, options.by, filter)
        limit = measure_limit(points.places)
        songs = _gather(videos, points, options)
        stops = _find_stops(given, videos, options.by)
        find = open_copy_finder(library, videos)

        def plan(numbers: Integers) -> Path:
            different = _drop_repeats(stops, numbers)
            course = Course(different, 60 * options.minutes, max(limit, 1e-6))
            return plan_path(replace(songs, songs=numbers), course)

        path = plan_without_copies(songs.songs, plan, lambda one: one.chosen, find)
    asked = set(stops)
    mixed = tuple(_list_songs(videos, points, path, asked))
    notes = [
        *_tell_repeats(stops, path, videos),
        _tell_steps(mixed, limit),
        _tell_clashes(songs, path),
        _tell_artists(songs, path),
        _tell_length(path, options),
        _tell_unknown(n_unknown, options.by),
    ]
    return PathMix(
        mixed, 60 * options.minutes, options.by, limit, tuple(one for one in notes if one)
    )


def _choose_songs(
    library: Library, given: Sequence[Video], by: MixBy, filter: Filter
) -> tuple[list[Video], Points, int]:
    """The songs that pass or are given, their points, and how many others pass."""
    points = place_videos(library, by)
    passing = {video.id: video for video in list_videos(library, filter)}
    known = {one.id: one for one in given} | passing
    rows = [
        row
        for row, one in enumerate(points.video_ids)
        if one in known and known[one].duration_seconds > 0
    ]
    videos = [known[points.video_ids[row]] for row in rows]
    held = {video.id for video in videos}
    chosen = Points(tuple(video.id for video in videos), points.places[rows])
    return videos, chosen, sum(one not in held for one in passing)


def _gather(videos: Sequence[Video], points: Points, options: PathOptions) -> Songs:
    """The songs as a path needs them: the same title is the same song."""
    numbers, artists = dict[str, int](), {"": -1}
    follows = np.array([[row in list_harmonic(column) for column in KEYS] for row in KEYS])
    spread = np.random.default_rng(options.seed).normal(size=len(videos))
    return Songs(
        points.places,
        np.array([video.duration_seconds for video in videos]),
        np.array([numbers.setdefault(fold_name(v.title) or v.id, len(numbers)) for v in videos]),
        np.array([artists.setdefault(fold_name(v.artist or ""), len(artists)) for v in videos]),
        np.array([-1 if v.key is None else KEYS.index(v.key) for v in videos]),
        follows if options.harmonic else None,
        np.exp(SEED_SPREAD * spread) if options.seed else np.ones(len(videos)),
    )


def _find_stops(given: Sequence[Video], videos: Sequence[Video], by: MixBy) -> tuple[int, ...]:
    """The positions of the given videos among the songs.

    Raises:
        QueryError: one lacks what is compared.
    """
    order = {video.id: at for at, video in enumerate(videos)}
    for one in given:
        if one.id not in order:
            lack = explain_lack(by) if one.duration_seconds > 0 else "no length"
            raise QueryError(f"{printable(one.title)} has {lack}: mix by something else")
    return tuple(order[one.id] for one in given)


def _drop_repeats(stops: Sequence[int], numbers: Integers) -> tuple[int, ...]:
    """The stops without those of the same song as an earlier one."""
    first: dict[int, int] = {}
    for stop in stops:
        first.setdefault(int(numbers[stop]), stop)
    return tuple(first.values())


def _list_songs(
    videos: Sequence[Video], points: Points, path: Path, asked: set[int]
) -> Iterator[PathSong]:
    seconds, before = 0.0, None
    for at in path.chosen:
        place = points.places[at]
        step = None if before is None else float(np.linalg.norm(place - before))
        yield PathSong(videos[at], seconds, step, at in asked)
        seconds, before = seconds + videos[at].duration_seconds, place


def _tell_repeats(stops: Sequence[int], path: Path, videos: Sequence[Video]) -> Iterator[str]:
    for stop in dict.fromkeys(stops):
        if stop not in path.chosen:
            yield f"{printable(videos[stop].title)} is left out: it is the same song as another one"


def _tell_steps(songs: Sequence[PathSong], limit: float) -> str:
    far = [song.step for song in songs if song.step is not None and song.step > limit]
    if not far:
        return ""
    steps = "1 step is" if len(far) == 1 else f"{len(far)} steps are"
    return (
        f"{steps} longer than {limit:.3f}, the 90th percentile of the distances between neighbours"
        f" (up to {max(far):.3f}): the library has nothing nearer that is new"
    )


def _tell_clashes(songs: Songs, path: Path) -> str:
    pairs = zip(path.chosen, path.chosen[1:], strict=False)
    n = sum(not may_follow(songs, one, np.array([other]))[0] for one, other in pairs)
    if not n:
        return ""
    steps = "1 step is" if n == 1 else f"{n} steps are"
    return f"{steps} not harmonic: no song in a key that goes with the one before is left"


def _tell_artists(songs: Songs, path: Path) -> str:
    artists = songs.artists[list(path.chosen)]
    known = artists[artists >= 0]
    n = len(known) - len(np.unique(known))
    if not n:
        return ""
    return f"{n} {'song is' if n == 1 else 'songs are'} by an artist that was played before"


def _tell_length(path: Path, options: PathOptions) -> str:
    asked = Course((0,), 60 * options.minutes, 1.0)
    if path.seconds < asked.seconds - asked.tolerance_seconds:
        return (
            f"the library is too small: {len(path.chosen)} different songs make"
            f" {path.seconds / 60:.1f} of {options.minutes:g} minutes"
        )
    if path.seconds > asked.seconds + asked.tolerance_seconds:
        return f"the videos take {path.seconds / 60:.1f} minutes, not {options.minutes:g}"
    return ""


def _tell_unknown(n_unknown: int, by: MixBy) -> str:
    if not n_unknown:
        return ""
    videos = "1 video is" if n_unknown == 1 else f"{n_unknown} videos are"
    return f"{videos} left out, with {explain_lack(by)}"
