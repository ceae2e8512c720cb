"""The command that copies a library: `mvsearch copy`."""

from typing import Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json

app = typer.Typer()


@app.command(epilog=show_examples("copy"))
def copy(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Folder of the library, or its address.")
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A new folder, or postgresql+psycopg://USER@HOST/DATABASE without a library.",
        ),
    ],
    vectors: Annotated[
        str | None,
        typer.Option(
            "--vectors",
            metavar="NAME",
            help="What searches the vectors of the copy: pgvector, faiss or milvus://HOST:PORT.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a library between folders and databases, and compare both at the end.

    Killed or cut off, the same command goes on. The source is only read.
    """
    import mvsearch
    from mvsearch.search.output.progress import choose_progress
    from mvsearch.search.output.tables.copying import print_copy

    progress = choose_progress(make_console(stderr=True), is_silent=as_json)
    done = mvsearch.copy_library(source, target, vectors=vectors, progress=progress)
    if as_json:
        print_json(done.to_dict())
    else:
        print_copy(done, make_console())
