"""The command that mixes songs, through videos or from mood to mood: `mvsearch mix`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import (
    VIDEO_HELP,
    ForceOption,
    JsonOption,
    LibraryOption,
    OutOption,
)
from mvsearch.search.commands.options.completion import complete_video
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.filtering import with_filter_of_mix
from mvsearch.search.commands.options.target import check_target
from mvsearch.search.commands.options.verbosity import print_notice
from mvsearch.search.output.terminal import deliver, make_console
from mvsearch.store.errors import MvsearchError, QueryError

if TYPE_CHECKING:
    from mvsearch import VideoLibrary
    from mvsearch.search.mixing.points import MixBy
    from mvsearch.search.mixing.through import PathMix
    from mvsearch.search.mood.mix import Mix
    from mvsearch.store.catalog.filter import Filter

app = typer.Typer()

MOOD_HELP = "calm, energetic, happy, sad or tense; or valence and arousal such as .3,.8."
_WAYS = ("look", "sound", "lyrics", "mood")


def _complete_mood() -> list[str]:
    return ["calm", "energetic", "happy", "sad", "tense"]


@app.command(epilog=show_examples("mix"))
@with_filter_of_mix
def mix(
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VIDEO",
            help=f"{VIDEO_HELP} From one the mix leads away; several are visited in this order.",
            autocompletion=complete_video,
        ),
    ] = None,
    *,
    filter: "Filter",
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="MOOD", help=MOOD_HELP, autocompletion=_complete_mood),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="MOOD", help=MOOD_HELP, autocompletion=_complete_mood),
    ] = None,
    minutes: Annotated[float, typer.Option(metavar="N", help="Length of the mix.")] = 60.0,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="WAY",
            help="What is alike from song to song: look, sound, lyrics or mood; default: sound.",
            autocompletion=lambda: list(_WAYS),
        ),
    ] = None,
    in_key: Annotated[
        bool,
        typer.Option("--harmonic", help="Each key goes with that of the song before, as DJs mix."),
    ] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Another mix for each number; default: 0.")
    ] = None,
    as_m3u: Annotated[bool, typer.Option("--m3u", help="Print a playlist (M3U8).")] = False,
    as_xspf: Annotated[bool, typer.Option("--xspf", help="Print a playlist (XSPF).")] = False,
    as_json: JsonOption = False,
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Mix songs through videos, each near the one before, or along a curve from mood to mood.

    No song and no artist is repeated while others are left.
    """
    import mvsearch

    if as_m3u + as_xspf + as_json > 1:
        raise MvsearchError("--m3u, --xspf and --json exclude each other")
    form = "m3u8" if as_m3u else "xspf" if as_xspf else "json" if as_json else "table"
    is_path = by is not None or in_key or seed is not None
    with mvsearch.open(library) as opened:
        check_target(out, opened, has_force=force)
        if not videos:
            mixed: Mix | PathMix = _mix_moods(opened, start, end, minutes, filter, is_path)
            name = f"{start} to {end}"
        elif start is not None or end is not None:
            raise QueryError("a mix goes through videos, or --from a mood --to another, not both")
        else:
            wanted = replace(filter, key=None, harmonic=filter.key) if in_key else filter
            way: MixBy = by or "sound"  # type: ignore[assignment]
            mixed = opened.mix_through(
                videos, minutes, by=way, harmonic=in_key, seed=seed or 0, filter=wanted
            )
            name = " to ".join(song.video.title for song in mixed.songs if song.is_asked)
    for note in mixed.notes:
        print_notice(note)
    deliver(_write_mix(mixed, name, form), out, has_force=force)


def _mix_moods(
    library: "VideoLibrary",
    start: str | None,
    end: str | None,
    minutes: float,
    filter: "Filter",
    is_path: bool,
) -> "Mix":
    """A mix from mood to mood."""
    if start is None or end is None:
        raise QueryError("name videos to mix through, or moods: --from calm --to energetic")
    if is_path:
        raise QueryError("--by, --harmonic and --seed are for mixes through videos: name some")
    return library.mix(start, end, minutes, filter=filter)


def _write_mix(mixed: "Mix | PathMix", name: str, form: str) -> str:
    """A mix as a playlist, JSON or a table."""
    from mvsearch.search.output.playlists import write_m3u8, write_xspf
    from mvsearch.search.output.tables.mixes import write_mix
    from mvsearch.search.output.text import write_json

    if form == "json":
        return write_json(mixed.to_dict())
    if form == "table":
        return write_mix(mixed, make_console().width)
    return (write_m3u8 if form == "m3u8" else write_xspf)(name, mixed.videos)
