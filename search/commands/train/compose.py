"""The command that trains MusicGen's conditioning on a library: `mvsearch train compose`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import LibraryOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.train.options import with_training

if TYPE_CHECKING:
    from mvsearch.search.api.training import Run
    from mvsearch.search.commands.train.options import SharedArguments

app = typer.Typer()


@app.command("compose", epilog=show_examples("train compose"))
@with_training
def train_compose(
    *,
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
    shared: "SharedArguments",
    library: LibraryOption = None,
) -> "Run":
    """Train what MusicGen is given in place of words, on pictures and sound of the library.

    `mvsearch compose --projection NAME` uses it. An interrupted run goes on where it was with the
    same command and --name.
    """
    import mvsearch

    return mvsearch.train_compose(
        library,
        pieces_a_song=pieces,
        seconds=seconds,
        hidden=hidden,
        tokens=tokens,
        **shared,
    )
