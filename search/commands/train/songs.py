"""The command that trains a classifier of songs: `mvsearch train songs`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mvsearch.search.commands.options.common import LibraryOption, read_path
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.train.options import with_training

if TYPE_CHECKING:
    from mvsearch.search.api.training import Run
    from mvsearch.search.commands.train.options import SharedArguments

app = typer.Typer()


@app.command("songs", epilog=show_examples("train songs"))
@with_training
def train_songs(
    *,
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
    weights: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            metavar="FILE",
            help="First weights of the trunk: safetensors, or a state dictionary of torchvision.",
        ),
    ] = None,
    shared: "SharedArguments",
    library: LibraryOption = None,
) -> "Run":
    """Train a classifier of the library's songs by their frames, whose features find frames.

    An interrupted run goes on where it was with the same command and --name.
    """
    import mvsearch

    return mvsearch.train_songs(
        library,
        recipe=recipe,
        trunk=trunk,
        weights=weights,
        part=part,
        projection=projection,
        frames_a_song=frames,
        **shared,
    )
