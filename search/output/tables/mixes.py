"""Formats a mix from mood to mood as a table."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.mood.mix import Mix
from mvsearch.search.output.text import format_seconds, name_video, shorten


def write_mix(mix: Mix, width: int) -> str:
    """One line for each song: when it begins, its mood beside that of the curve, its name.

    Args:
        mix: to show.
        width: of the table, in characters.
    """
    table = Table(box=None, pad_edge=False)
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
    page = io.StringIO()
    console = Console(file=page, width=width, markup=False, emoji=False, highlight=False)
    console.print(table)
    songs = "1 song" if len(mix.songs) == 1 else f"{len(mix.songs)} songs"
    console.print(f"{songs}, {format_seconds(mix.seconds)}; of the curve in brackets")
    return page.getvalue()
