"""The commands that compare the videos of a library: `mvsearch similar` and `versions`."""

from dataclasses import replace
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.opening import check_target, find_video, load_encoders, open_library
from mvsearch.search.commands.options import (
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
from mvsearch.search.output.terminal import deliver, make_console
from mvsearch.store.errors import MvsearchError

app = typer.Typer()

ReportForm = Literal["table", "txt", "csv", "json", "html", "m3u"]
VersionsForm = Literal["table", "json", "html"]


@app.command()
def similar(
    video: MaybeVideoArgument = None,
    for_all: Annotated[bool, typer.Option("--all", help="The report for every video.")] = False,
    top: TopOption = 10,
    collapse: CollapseOption = False,
    per_artist: PerArtistOption = None,
    weights: WeightsOption = None,
    fusion: FusionOption = None,
    form: Annotated[ReportForm, typer.Option("--format", help="Form of the report.")] = "table",
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Report the songs most similar to one, or to each."""
    from mvsearch.indexer.progress import follow
    from mvsearch.search.engine import Engine, SearchOptions, choose_fusion
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.report import ReportOptions, write_report
    from mvsearch.search.query.query import parse_weights

    if (video is None) != for_all:
        raise MvsearchError("name one VIDEO, or say --all")
    options = SearchOptions(
        weights=parse_weights(weights) if weights else None,
        top=top,
        has_collapse=collapse,
        per_artist=per_artist,
    )
    progress = choose_progress(make_console(stderr=True), is_silent=not for_all or form == "json")
    with open_library(library) as opened, progress:
        check_target(out, opened, has_force=force)
        encoders = load_encoders(opened)
        options = replace(options, fusion=choose_fusion(encoders, fusion))
        engine = Engine(opened, encoders)
        chosen = [find_video(opened, video)] if video is not None else opened.catalog.videos()
        shape = ReportOptions(form, for_all, make_console().width, follow(progress, "steps"))
        report = write_report(engine, chosen, options, shape)
    deliver(report, out, has_force=force)


@app.command()
def versions(
    form: Annotated[VersionsForm, typer.Option("--format", help="Form of the report.")] = "table",
    out: OutOption = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Find copies, excerpts, dubs, lyric videos and covers: what agrees over time, and what not."""
    from mvsearch.indexer.progress import follow
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.versions import VersionsReport, write_versions

    progress = choose_progress(make_console(stderr=True), is_silent=form == "json")
    with open_library(library) as opened, progress:
        check_target(out, opened, has_force=force)
        shape = VersionsReport(form, make_console().width, follow(progress, "steps"))
        report = write_versions(opened, shape)
    deliver(report, out, has_force=force)
