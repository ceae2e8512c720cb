"""The command that trains towers of picture and sound: `mvsearch train audiovisual`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption, read_path
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.train.options import (
    BatchOption,
    DeviceOption,
    EpochsOption,
    NameOption,
    OptimiserOption,
    PatienceOption,
    RateOption,
    RestartOption,
    ScheduleOption,
    SeedOption,
)
from mvsearch.search.commands.train.runs import show_run
from mvsearch.search.output.terminal import make_console

app = typer.Typer()


@app.command("audiovisual", epilog=show_examples("train audiovisual"))
def train_audiovisual(
    networks: Annotated[
        Literal["towers", "full"],
        typer.Option(help="towers: on the library's vectors; full: whole networks, for a GPU."),
    ] = "towers",
    groups: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="FILE.csv",
            help="Columns path and group: videos of one source stay together; default: by artist.",
        ),
    ] = None,
    semantic: Annotated[
        float | None,
        typer.Option(metavar="W", help="Weight of the contrast with other videos; 0: none."),
    ] = None,
    temporal: Annotated[
        float | None,
        typer.Option(metavar="W", help="Weight of the contrast with other times; 0: none."),
    ] = None,
    start: Annotated[
        Literal["correlation", "random"] | None,
        typer.Option(help="First weights: the most correlated projections, or random ones."),
    ] = None,
    dim: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Numbers of the shared space.")
    ] = None,
    windows: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Windows of a video in a batch.")
    ] = None,
    validated: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Of the videos: they choose the epoch; 0: none."),
    ] = None,
    tested: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Of the videos: kept for the card; 0: none."),
    ] = None,
    trunk: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of full: efficientnet-lite0, resnet50 or resnet18."),
    ] = None,
    name: NameOption = None,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    batch: BatchOption = None,
    optimiser: OptimiserOption = None,
    rate: RateOption = None,
    schedule: ScheduleOption = None,
    patience: PatienceOption = None,
    device: DeviceOption = None,
    restart: RestartOption = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Train two towers that put picture and sound of the same time near each other.

    An interrupted run goes on where it was with the same command and --name.
    """
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    run = mvsearch.train_audiovisual(
        library,
        name,
        networks=networks,
        groups=groups or (),
        restart=restart,
        progress=choose_progress(make_console(stderr=True), is_silent=as_json),
        semantic_weight=semantic,
        temporal_weight=temporal,
        start=start,
        dim=dim,
        windows_a_video=windows,
        validated_share=validated,
        tested_share=tested,
        trunk=trunk,
        seed=seed,
        epochs=epochs,
        batch_size=batch,
        optimiser=optimiser,
        learning_rate=rate,
        schedule=schedule,
        patience=patience,
        device=device,
    )
    show_run(run, as_json=as_json)


@app.command("drop-towers", epilog=show_examples("train drop-towers"))
def drop_towers(library: LibraryOption = None) -> None:
    """Let the library use no trained towers; `mvsearch train use` brings them back."""
    import mvsearch

    mvsearch.drop_towers(library)
