"""Formats moods as tables and lines of text."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.output.text import shorten
from mvsearch.store.records import Mood, MoodCurve, MoodTrack, VideoMood
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.store.records.moods import Points

# From 0 to 1 in eight steps.
_BARS = "▁▂▃▄▅▆▇█"
CURVE_LETTERS = 40


def print_moods(named: Iterable[tuple[str, VideoMood]], console: Console) -> None:
    """Print one line for the picture and one for the sound of each file."""
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    for name in ("of", "mood"):
        table.add_column(name, no_wrap=True)
    for name in ("valence", "arousal", "confidence"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, mood in named:
        sides = {"picture": mood.picture, "sound": mood.sound}
        if mood.gap is not None:
            sides["both"] = mood.whole
        for side, one in sides.items():
            if one is not None:
                table.add_row(Text(shorten(printable(name))), side, *_list_cells(one))
                name = ""
    console.print(table)


def _list_cells(mood: Mood) -> Sequence[str]:
    values = (mood.valence, mood.arousal, mood.confidence)
    return (", ".join(mood.names), *(f"{value:.2f}" for value in values))


def describe_mood(mood: VideoMood) -> str:
    """A mood in a line, such as `calm: valence 0.71, arousal 0.32`; empty without any."""
    whole = mood.whole
    if whole is None:
        return ""
    line = f"{', '.join(whole.names)}: valence {whole.valence:.2f}, arousal {whole.arousal:.2f}"
    return line if mood.gap is None else f"{line}; picture and sound are {mood.gap:.2f} apart"


def list_track_lines(track: MoodTrack) -> list[str]:
    """The valence and the arousal of one side over time, one line each."""
    mood, columns = track.mood, draw_curve(track.curve)
    values = (("valence", mood.valence), ("arousal", mood.arousal))
    return [
        f"{name} {value:.2f} {line}" for (name, value), line in zip(values, columns, strict=True)
    ]


def draw_curve(curve: MoodCurve, n_letters: int = CURVE_LETTERS) -> tuple[str, str]:
    """Valence and arousal over time as letters from ▁ (0) to █ (1), from the first to the last."""
    steps = np.linspace(0, len(curve), min(n_letters, len(curve)) + 1).astype(int)[:-1]
    valence, arousal = (_draw(curve.points[steps, axis]) for axis in (0, 1))
    return valence, arousal


def _draw(values: "Points") -> str:
    places = (values * len(_BARS)).astype(int).clip(0, len(_BARS) - 1)
    return "".join(_BARS[place] for place in places.tolist())
