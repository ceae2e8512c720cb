"""Formats mixes as tables."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.mixing.through import PathMix
from mvsearch.search.mood.mix import Mix
from mvsearch.search.output.text import describe_tempo, format_seconds, name_video, shorten


def write_mix(mix: Mix | PathMix, width: int) -> str:
    """One line for each song, and one for all.

    From mood to mood a line has the mood beside that of the curve; through videos the step from
    the song before, tempo and key, and a mark at the videos that were given.

    Args:
        mix: to show.
        width: of the table, in characters.
    """
    table = Table(box=None, pad_edge=False)
    songs = "1 song" if len(mix.songs) == 1 else f"{len(mix.songs)} songs"
    last = f"{songs}, {format_seconds(mix.seconds)}"
    if isinstance(mix, PathMix):
        _fill_path(table, mix)
        last += f"; a step is smooth up to {mix.limit:.3f}"
    else:
        _fill_moods(table, mix)
        last += "; of the curve in brackets"
    page = io.StringIO()
    console = Console(file=page, width=width, markup=False, emoji=False, highlight=False)
    console.print(table)
    console.print(last)
    return page.getvalue()


def _fill_moods(table: Table, mix: Mix) -> None:
    for name in ("at", "valence", "arousal"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("mood", no_wrap=True)
    table.add_column("video", overflow="fold")
    for song in mix.songs:
        table.add_row(
            format_seconds(song.start_seconds),
            f"{song.mood.valence:.2f} ({song.valence:.2f})",
            f"{song.mood.arousal:.2f} ({song.arousal:.2f})",
            ", ".join(song.mood.names),
            Text(shorten(name_video(song.video))),
        )


def _fill_path(table: Table, mix: PathMix) -> None:
    for name in ("at", "step"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("tempo and key", no_wrap=True)
    table.add_column("video", overflow="fold")
    for song in mix.songs:
        table.add_row(
            format_seconds(song.start_seconds),
            "–" if song.step is None else f"{song.step:.3f}",
            describe_tempo(song.video) or "–",
            Text(f"{'* ' if song.is_asked else ''}{shorten(name_video(song.video))}"),
        )
