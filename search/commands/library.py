"""The commands that show and change a library: `mvsearch list`, `show`, `remove` and others."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from mvsearch.search.commands.options.common import (
    JsonOption,
    LibraryOption,
    MaybeVideoArgument,
    VideoArgument,
)
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.filtering import with_filter
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import make_console, print_json
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.store.catalog.filter import Filter
    from mvsearch.store.catalog.order import VideoOrder

app = typer.Typer()

_ORDERS = ("artist", "title", "year", "duration", "valence", "arousal", "mood-gap", "bpm")


@app.command("list", epilog=show_examples("list"))
@with_filter
def list_videos(
    *,
    filter: "Filter",
    sort: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Order: artist, title, year, duration or bpm; valence, arousal or mood-gap (how"
            " far picture and sound are apart in mood) from the highest on.",
            autocompletion=lambda: list(_ORDERS),
        ),
    ] = "artist",
    removed: Annotated[
        bool, typer.Option("--removed", help="List removed videos instead.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the videos of the library, optionally filtered."""
    import mvsearch
    from mvsearch.search.output.tables.listing import print_videos

    if removed and (filter or sort != "artist"):
        raise MvsearchError("--removed has no filters and no other order")
    order = cast("VideoOrder", sort)
    with mvsearch.open(library) as opened:
        videos = opened.removed() if removed else opened.videos(filter, sort=order)
    if as_json:
        print_json([video.to_dict() for video in videos])
    else:
        print_videos(videos, make_console(), filter, order)


@app.command(epilog=show_examples("show"))
def show(video: VideoArgument, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show everything known about a video, with lyrics and their source."""
    import mvsearch
    from mvsearch.search.output.tables.listing import print_entry

    with mvsearch.open(library) as opened:
        entry = opened.show(video)
    if as_json:
        print_json(entry.to_dict())
    else:
        print_entry(entry, make_console())


@app.command(epilog=show_examples("remove"))
def remove(
    video: MaybeVideoArgument = None,
    missing: Annotated[bool, typer.Option("--missing", help="All videos without files.")] = False,
    library: LibraryOption = None,
) -> None:
    """Remove a video from the library until its file is indexed by name; keeps the files."""
    import mvsearch

    if (video is None) != missing:
        raise MvsearchError("give one VIDEO, or --missing")
    with mvsearch.open(library) as opened:
        n_removed = opened.remove_missing() if video is None else opened.remove(video)
    typer.echo(f"{n_removed} {'video' if n_removed == 1 else 'videos'} removed")


@app.command(epilog=show_examples("failures"))
def failures(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the files that could not be indexed, with reasons."""
    import mvsearch
    from mvsearch.search.output.tables.listing import print_failures

    with mvsearch.open(library) as opened:
        found = opened.failures()
    if as_json:
        print_json([failure.to_dict() for failure in found])
    elif found:
        print_failures(found, make_console())
    else:
        typer.echo("no failures")


@app.command(epilog=show_examples("status"))
def status(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Show the status of the library: videos, segments, pending work."""
    import mvsearch
    from mvsearch.search.output.tables.status import print_status

    with mvsearch.open(library) as opened:
        numbers = opened.status()
    if as_json:
        print_json(numbers)
    else:
        print_status(numbers, make_console())


@app.command(epilog=show_examples("check"))
def check(
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Make damaged indexes of words and vectors anew."),
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the whole library for damage, and say how to repair it."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.checkup import print_checkup

    progress = choose_progress(make_console(stderr=True), is_silent=as_json)
    found = mvsearch.check(library, repair=repair, progress=progress)
    if as_json:
        print_json(found.to_dict())
    else:
        print_checkup(found, make_console())
    if found.damages:
        raise typer.Exit(EXIT_FAILURES)
