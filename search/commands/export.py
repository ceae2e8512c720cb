"""The commands that export contents of a library: `mvsearch export embeddings` and `nfo`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.options.common import (
    ForceOption,
    JsonOption,
    LibraryOption,
    read_path,
    require_command,
)
from mvsearch.search.commands.options.completion import complete_video
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import print_json
from mvsearch.store.errors import MvsearchError
from mvsearch.store.unicode import printable

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


@app.command("nfo", epilog=show_examples("export nfo"))
def export_nfo(
    videos: Annotated[
        list[str] | None, typer.Argument(metavar="[VIDEO]…", autocompletion=complete_video)
    ] = None,
    for_all: Annotated[bool, typer.Option("--all", help="All videos.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(parser=read_path, metavar="DIR", help="Write to this folder."),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace existing files; each stays beside the new one as .bak."
        ),
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write .nfo files for Kodi and Jellyfin beside videos; docs/metadata.md describes them."""
    import mvsearch

    if bool(videos) == for_all:
        raise MvsearchError("give the videos, or --all")
    with mvsearch.open(library) as opened:
        done = opened.export_nfo(*(videos or ()), out=out, overwrite=overwrite)
    if videos and not done.written and (done.problems or (done.kept and not overwrite)):
        line = f"{done.kept[0]} exists already: --overwrite replaces it" if done.kept else ""
        raise MvsearchError(line or done.problems[0])
    if as_json:
        print_json(done.to_dict())
    else:
        kept = f", {len(done.kept)} kept as they were" if done.kept else ""
        files = "1 file" if len(done.written) == 1 else f"{len(done.written)} files"
        typer.echo(f"{files} written{kept}")
    for line in done.problems:
        typer.echo(printable(line), err=True)
    if done.problems:
        raise typer.Exit(EXIT_FAILURES)
