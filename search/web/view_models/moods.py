"""Describes moods for the templates: the curves under a player, and a line on a card."""

from collections.abc import Sequence
from dataclasses import dataclass

from mvsearch import Filter, Video
from mvsearch.search.output.tables.listing import asks_mood, asks_tempo
from mvsearch.search.output.tables.moods import describe_mood
from mvsearch.search.output.text import describe_tempo
from mvsearch.store.catalog.order import VideoOrder
from mvsearch.store.records import MoodTrack, Side, join_sides

# The height of a chart, whose width is 100.
HEIGHT = 40
_AXES = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class CurveLine:
    """One side over time, as the points of an SVG polyline."""

    side: Side
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Valence or arousal over time.

    Attributes:
        label: the means, for those who do not see the lines.
    """

    name: str
    label: str
    lines: tuple[CurveLine, ...]


@dataclass(frozen=True, slots=True)
class Moods:
    """The mood of a video for its page.

    Attributes:
        seconds: what the width of the charts stands for.
        whole: the mood in words and numbers.
    """

    seconds: float
    whole: str
    sides: tuple[Side, ...]
    charts: tuple[Chart, ...]


def describe_moods(tracks: Sequence[MoodTrack], duration_seconds: float) -> Moods:
    """The mood of a video; without charts if it has none."""
    last = max((float(one.curve.seconds[-1]) for one in tracks if len(one.curve)), default=0.0)
    seconds = max(duration_seconds, last, 1.0)
    charts = tuple(_draw_chart(tracks, axis, seconds) for axis in _AXES if tracks)
    sides = tuple(track.side for track in tracks)
    return Moods(seconds, describe_mood(join_sides(tracks)), sides, charts)


def tell_asked(video: Video, asked: Filter, order: VideoOrder = "artist") -> str:
    """The mood and the tempo of a video, as far as a list is filtered or sorted by them."""
    told = [describe_card(video)] if asks_mood(asked, order) else []
    told += [describe_tempo(video)] if asks_tempo(asked, order) else []
    return "; ".join(filter(None, told))


def describe_card(video: Video) -> str:
    """The mood of a video in a line of its card; empty if it is unknown."""
    if video.valence is None or video.arousal is None:
        return ""
    line = f"{', '.join(video.moods)} ({video.valence:.2f}, {video.arousal:.2f})"
    gap = video.mood_gap
    return line if gap is None else f"{line}; picture and sound {gap:.2f} apart"


def _draw_chart(tracks: Sequence[MoodTrack], axis: str, seconds: float) -> Chart:
    column = _AXES.index(axis)
    means = (f"{track.side} {getattr(track.mood, axis):.2f}" for track in tracks)
    lines = tuple(CurveLine(one.side, _list_points(one, column, seconds)) for one in tracks)
    return Chart(axis, f"{axis} over time, as a whole: {', '.join(means)}", lines)


def _list_points(track: MoodTrack, column: int, seconds: float) -> str:
    """The points of a line, and its last value until the end."""
    times, values = track.curve.seconds.tolist(), track.curve.points[:, column].tolist()
    times, values = [*times, seconds], [*values, *values[-1:]]
    return " ".join(
        f"{100 * at / seconds:.2f},{HEIGHT * (1 - value):.2f}"
        for at, value in zip(times, values, strict=False)
    )
