"""The options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mvsearch.search.commands.options.completion import complete_video
from mvsearch.search.commands.process import EXIT_WRONG_USE
from mvsearch.store.errors import MvsearchError

FusionName = Literal["weighted", "calibrated", "rrf"]


def read_path(text: str) -> Path:
    """Parse a path; an empty text, as from an unset variable, is refused."""
    if not text:
        raise MvsearchError("a path is empty: name a folder or file, or . for this folder")
    return Path(text)


def read_library(text: str) -> Any:
    """Parse the address of a library: the path of a folder, or the URL of a database as text."""
    from mvsearch.store.opening import parse_address

    return parse_address(text) if ":" in text else read_path(text)


def require_command(context: typer.Context) -> None:
    """Show the commands of a group and end with the code of wrong use if none is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(EXIT_WRONG_USE)


# Or text, which Typer cannot express.
LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        parser=read_library,
        metavar="DIR",
        help="Folder of the library, or postgresql://…; default: $MVSEARCH_LIBRARY or the data"
        " folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only JSON.")]
TopOption = Annotated[int, typer.Option("--top", min=1, help="Number of videos.")]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights", metavar="M=W,…", help="Weights, such as frames=.6,lyrics=.4,audio=0."
    ),
]
FusionOption = Annotated[
    FusionName | None,
    typer.Option("--fusion", help="Fusion of the modalities; default: by profile."),
]
CollapseOption = Annotated[
    bool, typer.Option("--collapse", help="List copies of a video under the best one.")
]
PerArtistOption = Annotated[
    int | None, typer.Option("--per-artist", min=1, metavar="N", help="At most N of one artist.")
]
MisheardOption = Annotated[
    bool,
    typer.Option(
        "--misheard/--no-misheard", help="Find lyric lines by how they sound, too; the default."
    ),
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
    typer.Option("--out", parser=read_path, metavar="FILE", help="Write to a file."),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Overwrite existing files, but never media.")
]
