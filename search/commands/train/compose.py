"""The command that trains MusicGen's conditioning on a library: `mvsearch train compose`."""

from typing import Annotated

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
)
from mvsearch.search.commands.train.runs import show_run
from mvsearch.search.output.terminal import make_console

app = typer.Typer()


@app.command("compose", epilog=show_examples("train compose"))
def train_compose(
    pieces: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Pieces of a song, at most.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, max=30, metavar="S", help="Length of a piece.")
    ] = None,
    hidden: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Units of the layer between.")
    ] = None,
    tokens: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Vectors in the place of words.")
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
    """Train what MusicGen is given in place of words, on pictures and sound of the library.

    `mvsearch compose --projection NAME` uses it. An interrupted run goes on where it was with the
    same command and --name.
    """
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    run = mvsearch.train_compose(
        library,
        name,
        restart=restart,
        progress=choose_progress(make_console(stderr=True), is_silent=as_json),
        pieces_a_song=pieces,
        seconds=seconds,
        hidden=hidden,
        tokens=tokens,
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
