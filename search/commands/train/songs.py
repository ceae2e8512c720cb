"""The command that trains a classifier of songs: `mvsearch train songs`."""

from typing import Annotated, Literal

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption
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
    WeightsFileOption,
)
from mvsearch.search.commands.train.runs import show_run
from mvsearch.search.output.terminal import make_console

app = typer.Typer()


@app.command("songs", epilog=show_examples("train songs"))
def train_songs(
    recipe: Annotated[
        Literal["small", "published"],
        typer.Option(help="small: for two cores; published: all of ResNet-50, for a GPU."),
    ] = "small",
    trunk: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="efficientnet-lite0, resnet50 or resnet18."),
    ] = None,
    part: Annotated[
        Literal["projection", "last", "all"] | None,
        typer.Option(help="What of it is trained: a layer after it, its last blocks, or all."),
    ] = None,
    projection: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Numbers of a vector; 0: the features of the trunk."),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=3, metavar="N", help="Frames of a song, at most.")
    ] = None,
    weights: WeightsFileOption = None,
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
    """Train a classifier of the library's songs by their frames, whose features find frames.

    An interrupted run goes on where it was with the same command and --name.
    """
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    run = mvsearch.train_songs(
        library,
        name,
        recipe=recipe,
        restart=restart,
        progress=choose_progress(make_console(stderr=True), is_silent=as_json),
        trunk=trunk,
        weights=weights,
        part=part,
        projection=projection,
        frames_a_song=frames,
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
