"""The command that mixes songs from mood to mood: `mvsearch mix`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    LibraryOption,
    OutOption,
)
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.filtering import with_filter
from mvsearch.search.commands.options.target import check_target
from mvsearch.search.commands.options.verbosity import print_notice
from mvsearch.search.output.terminal import deliver, make_console
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.mood.mix import Mix
    from mvsearch.store.catalog.filter import Filter

app = typer.Typer()

MOOD_HELP = "calm, energetic, happy, sad or tense; or valence and arousal such as .3,.8."


def _complete_mood() -> list[str]:
    return ["calm", "energetic", "happy", "sad", "tense"]


@app.command(epilog=show_examples("mix"))
@with_filter
def mix(
    *,
    filter: "Filter",
    start: Annotated[
        str,
        typer.Option("--from", metavar="MOOD", help=MOOD_HELP, autocompletion=_complete_mood),
    ],
    end: Annotated[
        str, typer.Option("--to", metavar="MOOD", help=MOOD_HELP, autocompletion=_complete_mood)
    ],
    minutes: Annotated[float, typer.Option(metavar="N", help="Length of the mix.")] = 60.0,
    as_m3u: Annotated[bool, typer.Option("--m3u", help="Print a playlist (M3U8).")] = False,
    as_xspf: Annotated[bool, typer.Option("--xspf", help="Print a playlist (XSPF).")] = False,
    as_json: JsonOption = False,
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Mix songs along a curve from one mood to another, without repeats of song or artist."""
    import mvsearch

    if as_m3u + as_xspf + as_json > 1:
        raise MvsearchError("--m3u, --xspf and --json exclude each other")
    form = "m3u8" if as_m3u else "xspf" if as_xspf else "json" if as_json else "table"
    with mvsearch.open(library) as opened:
        check_target(out, opened, has_force=force)
        mixed = opened.mix(start, end, minutes, filter=filter)
    for note in mixed.notes:
        print_notice(note)
    deliver(_write_mix(mixed, f"{start} to {end}", form), out, has_force=force)


def _write_mix(mixed: "Mix", name: str, form: str) -> str:
    """A mix as a playlist, JSON or a table."""
    from mvsearch.search.output.playlists import write_m3u8, write_xspf
    from mvsearch.search.output.tables.mixes import write_mix
    from mvsearch.search.output.text import write_json

    if form == "json":
        return write_json(mixed.to_dict())
    if form == "table":
        return write_mix(mixed, make_console().width)
    return (write_m3u8 if form == "m3u8" else write_xspf)(name, mixed.videos)
