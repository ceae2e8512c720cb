"""The options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.completion import complete_video
from mvsearch.search.commands.process import EXIT_WRONG_USE
from mvsearch.store.errors import MvsearchError

FusionName = Literal["weighted", "calibrated", "rrf"]


def read_path(text: str) -> Path:
    """A path as it was typed; nothing at all, as from an unset variable, is not this folder."""
    if not text:
        raise MvsearchError("a path is empty: name a folder or file, or . for this folder")
    return Path(text)


def require_command(context: typer.Context) -> None:
    """Show the commands of a group where none was named; it is wrong use all the same."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(EXIT_WRONG_USE)


LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        parser=read_path,
        metavar="DIR",
        help="Where the library lives; else $MVSEARCH_LIBRARY, else the platform's data folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
TopOption = Annotated[int, typer.Option("--top", min=1, help="How many videos.")]
WeightsOption = Annotated[
    str | None,
    typer.Option("--weights", metavar="M=W,…", help="Such as frames=.6,lyrics=.4,audio=0."),
]
FusionOption = Annotated[
    FusionName | None,
    typer.Option("--fusion", help="How modalities are fused; else as suits the profile."),
]
CollapseOption = Annotated[
    bool, typer.Option("--collapse", help="Show copies of a video under the best one.")
]
PerArtistOption = Annotated[
    int | None, typer.Option("--per-artist", min=1, metavar="N", help="At most N of one artist.")
]
VIDEO_HELP = "An id or its beginning, a path, or part of a title."
VideoArgument = Annotated[
    str, typer.Argument(metavar="VIDEO", help=VIDEO_HELP, autocompletion=complete_video)
]
MaybeVideoArgument = Annotated[
    str | None, typer.Argument(metavar="VIDEO", help=VIDEO_HELP, autocompletion=complete_video)
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", parser=read_path, metavar="FILE", help="Write it to a file."),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Overwrite files that are there; media never are.")
]
