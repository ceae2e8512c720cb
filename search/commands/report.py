"""The commands that compare videos: `mvsearch similar` and `versions`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mvsearch.search.commands.options.common import (
    CollapseOption,
    ForceOption,
    FusionOption,
    LibraryOption,
    MaybeVideoArgument,
    OutOption,
    PerArtistOption,
    TopOption,
    WeightsOption,
)
from mvsearch.search.commands.options.completion import complete_report_form
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.filtering import with_filter
from mvsearch.search.commands.options.target import check_target
from mvsearch.search.output.terminal import deliver, make_console
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.store.catalog.filter import Filter

app = typer.Typer()

VersionsForm = Literal["table", "json", "html"]


@app.command(epilog=show_examples("similar"))
@with_filter
def similar(
    video: MaybeVideoArgument = None,
    *,
    filter: "Filter",
    for_all: Annotated[bool, typer.Option("--all", help="Report on all videos.")] = False,
    top: TopOption = 10,
    collapse: CollapseOption = False,
    per_artist: PerArtistOption = None,
    weights: WeightsOption = None,
    fusion: FusionOption = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="table|txt|csv|json|html|m3u|NAME",
            help="Format of the report; NAME: of a plug-in.",
            autocompletion=complete_report_form,
        ),
    ] = "table",
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Report the songs most similar to one, or to each one."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.report import ReportOptions
    from mvsearch.search.query.weights import parse_weights

    if (video is None) != for_all:
        raise MvsearchError("give one VIDEO, or --all")
    progress = choose_progress(make_console(stderr=True), is_silent=not for_all or form == "json")
    with mvsearch.open(library) as opened:
        check_target(out, opened, has_force=force)
        console = make_console()
        shape = ReportOptions(
            form,
            console.width,
            has_links=console.is_terminal and out is None,
        )
        report = opened.report_similar(
            shape,
            video,
            progress=progress,
            filter=filter,
            weights=parse_weights(weights) if weights else None,
            fusion=fusion,
            top=top,
            collapse=collapse,
            per_artist=per_artist,
        )
    deliver(report, out, has_force=force)


@app.command(epilog=show_examples("versions"))
@with_filter
def versions(
    *,
    filter: "Filter",
    form: Annotated[VersionsForm, typer.Option("--format", help="Format of the report.")] = "table",
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Find copies, excerpts, dubs, lyric videos and covers."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.versions import VersionsReport

    progress = choose_progress(make_console(stderr=True), is_silent=form == "json")
    with mvsearch.open(library) as opened:
        check_target(out, opened, has_force=force)
        shape = VersionsReport(form, make_console().width)
        report = opened.report_versions(shape, filter=filter, progress=progress)
    deliver(report, out, has_force=force)
