"""The commands that compare videos: `mvsearch similar` and `versions`."""

from pathlib import Path
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
    read_path,
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
    is_review: Annotated[
        bool,
        typer.Option(
            "--review", help="Ask about each pair: keep one, keep both, move what is surplus."
        ),
    ] = False,
    move: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            metavar="FOLDER",
            help="Move the files that the review found surplus to a folder; nothing is asked.",
        ),
    ] = None,
    undo: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, metavar="FILE", help="Move files back, by the undo file beside them."
        ),
    ] = None,
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Find copies, excerpts, dubs, lyric videos and covers, and review them.

    A review decides which version is kept. Surplus files are moved to a folder with all that
    belongs to them, never over another file and never deleted, and the library follows them.
    """
    import mvsearch
    from mvsearch.search.commands.upkeep.review import check_terminal, move_files, review
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.versions import VersionsReport

    if sum((is_review, move is not None, undo is not None)) > 1:
        raise MvsearchError("--review, --move and --undo exclude each other")
    if is_review:
        check_terminal()
    if move is not None or undo is not None:
        with mvsearch.open(library) as opened:
            move_files(opened, move, undo)
        return
    progress = choose_progress(make_console(stderr=True), is_silent=form == "json")
    with mvsearch.open(library) as opened:
        check_target(out, opened, has_force=force)
        if is_review:
            review(opened, opened.versions(filter=filter, progress=progress).relations)
            return
        shape = VersionsReport(form, make_console().width)
        report = opened.report_versions(shape, filter=filter, progress=progress)
    deliver(report, out, has_force=force)
