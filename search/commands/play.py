"""The command that plays a result at its moment: `mvsearch play`."""

from typing import Annotated

import typer

from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.store.errors import MvsearchError

app = typer.Typer()


@app.command(epilog=show_examples("play"))
def play(
    number: Annotated[
        int, typer.Argument(metavar="N", min=1, help="The number of a result of the last search.")
    ] = 1,
) -> None:
    """Play a result of the last search at its moment, with mpv, VLC or the system's player."""
    from mvsearch.search.commands.last_results import read_results
    from mvsearch.search.output.player import find_player, play_file
    from mvsearch.search.output.text import format_seconds
    from mvsearch.store.unicode import printable

    results = read_results()
    if number > len(results):
        found = f"{len(results)} {'result' if len(results) == 1 else 'results'}"
        raise MvsearchError(f"the last search has {found}: there is no number {number}")
    chosen, player = results[number - 1], find_player()
    start_seconds = chosen.start_seconds or 0.0
    at = format_seconds(start_seconds)
    told = f"at {at}" if player.starts_anywhere else f"from the start; the moment is at {at}"
    typer.echo(printable(f"{chosen.name} {told} ({player.name})"))
    if play_file(player, chosen.path, start_seconds):
        raise typer.Exit(EXIT_FAILURES)
