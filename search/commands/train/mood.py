"""The command that trains the heads of moods: `mvsearch train mood`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import LibraryOption, read_path
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.train.options import with_training
from mvsearch.search.output.terminal import make_console

if TYPE_CHECKING:
    from mvsearch.search.api.training import Run
    from mvsearch.search.commands.train.options import SharedArguments

app = typer.Typer()


def _weight(name: str, what: str) -> float | None:
    option: float | None = typer.Option(
        f"--{name}", min=0, metavar="W", help=f"Weight of {what}; 0 leaves it out."
    )
    return option


@app.command("mood", epilog=show_examples("train mood"))
@with_training
def train_mood(
    *,
    labelled: Annotated[
        Path,
        typer.Argument(
            parser=read_path, metavar="FOLDER", help="With labels.csv, images/ and music/."
        ),
    ],
    regression_picture: Annotated[
        float | None, _weight("regression-picture", "the moods of pictures")
    ] = None,
    regression_sound: Annotated[
        float | None, _weight("regression-sound", "the moods of sounds")
    ] = None,
    within_picture: Annotated[
        float | None, _weight("within-picture", "distances between pictures")
    ] = None,
    within_sound: Annotated[
        float | None, _weight("within-sound", "distances between sounds")
    ] = None,
    across_picture: Annotated[
        float | None, _weight("across-picture", "distances from a picture to sounds")
    ] = None,
    across_sound: Annotated[
        float | None, _weight("across-sound", "distances from a sound to pictures")
    ] = None,
    squares: Annotated[
        float | None, _weight("squares", "squared distances of pictures and sounds")
    ] = None,
    dim: Annotated[
        int | None, typer.Option(min=1, max=64, metavar="N", help="Of the joint space.")
    ] = None,
    hidden: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Units of the layer before it.")
    ] = None,
    shared: "SharedArguments",
) -> "Run":
    """Train heads of moods, and the joint space, on pictures and sounds of known mood.

    labels.csv has the columns kind (image or music), file, valence and arousal (0 to 1). An
    interrupted run goes on where it was with the same command and --name.
    """
    import mvsearch

    return mvsearch.train_mood(
        labelled,
        regression_picture=regression_picture,
        regression_sound=regression_sound,
        within_picture=within_picture,
        within_sound=within_sound,
        across_picture=across_picture,
        across_sound=across_sound,
        squares=squares,
        dim=dim,
        hidden=hidden,
        **shared,
    )


@app.command("drop-heads", epilog=show_examples("train drop-heads"))
def drop_heads(library: LibraryOption = None) -> None:
    """Let the library use mvsearch's own heads of moods; `mvsearch train use` brings a run back."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    mvsearch.drop_heads(library, progress=choose_progress(make_console(stderr=True)))
