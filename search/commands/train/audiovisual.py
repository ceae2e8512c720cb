"""The command that trains towers of picture and sound: `mvsearch train audiovisual`."""

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


@app.command("audiovisual", epilog=show_examples("train audiovisual"))
@with_training
def train_audiovisual(
    *,
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
    shared: "SharedArguments",
    library: LibraryOption = None,
) -> "Run":
    """Train two towers that put picture and sound of the same time near each other.

    An interrupted run goes on where it was with the same command and --name.
    """
    import mvsearch

    return mvsearch.train_audiovisual(
        library,
        networks=networks,
        groups=groups or (),
        semantic_weight=semantic,
        temporal_weight=temporal,
        start=start,
        dim=dim,
        windows_a_video=windows,
        validated_share=validated,
        tested_share=tested,
        trunk=trunk,
        **shared,
    )


@app.command("drop-towers", epilog=show_examples("train drop-towers"))
def drop_towers(library: LibraryOption = None) -> None:
    """Let the library use no trained towers; `mvsearch train use` brings them back."""
    import mvsearch

    mvsearch.drop_towers(library)
