"""The commands that export contents of a library: `mvsearch export embeddings`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.options.common import (
    ForceOption,
    LibraryOption,
    read_path,
    require_command,
)
from mvsearch.search.commands.options.examples import show_examples

app = typer.Typer(help="Export contents of the library.", epilog=show_examples("export"))
app.callback(invoke_without_command=True)(require_command)

ModalityName = Literal["frames", "lyrics", "audio", "ocr"]


@app.command("embeddings", epilog=show_examples("export embeddings"))
def export_embeddings(
    out: Annotated[
        Path,
        typer.Argument(parser=read_path, metavar="FILE", help="Ends in .npz or .parquet."),
    ],
    modality: Annotated[
        ModalityName | None, typer.Option("--modality", help="Only this modality.")
    ] = None,
    force: ForceOption = False,
    library: LibraryOption = None,
) -> None:
    """Write vectors with their videos and times to a file; docs/embeddings.md describes it."""
    import mvsearch

    with mvsearch.open(library) as opened:
        counts = opened.export_embeddings(out, modality=modality, force=force)
    typer.echo(f"{sum(counts.values())} vectors of {', '.join(counts)} written to {out}")
