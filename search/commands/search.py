"""The command that answers a query: `mvsearch search`."""

from typing import Annotated

import typer

from mvsearch.search.commands.completion import complete_video
from mvsearch.search.commands.options import (
    CollapseOption,
    FusionOption,
    JsonOption,
    LibraryOption,
    PerArtistOption,
    TopOption,
    WeightsOption,
)
from mvsearch.search.output.terminal import make_console, print_json, print_text
from mvsearch.store.errors import MvsearchError

app = typer.Typer()


@app.command()
def search(
    text: Annotated[
        list[str] | None, typer.Option(metavar="T", help="Words: what is seen, sung or heard.")
    ] = None,
    lyric: Annotated[
        list[str] | None, typer.Option(metavar="T", help="A line that is sung.")
    ] = None,
    image: Annotated[list[str] | None, typer.Option(metavar="FILE", help="A picture.")] = None,
    clip: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[@START-END]", help="A piece of video: picture and sound."),
    ] = None,
    audio: Annotated[
        list[str] | None, typer.Option(metavar="FILE[@START-END]", help="A piece of sound.")
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VIDEO[@START-END]",
            help="A video of the library, or part of it.",
            autocompletion=complete_video,
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only videos with this tag; alone, all of them."),
    ] = None,
    weights: WeightsOption = None,
    fusion: FusionOption = None,
    top: TopOption = 10,
    collapse: CollapseOption = False,
    per_artist: PerArtistOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_m3u: Annotated[bool, typer.Option("--m3u", help="Print a playlist.")] = False,
    library: LibraryOption = None,
) -> None:
    """Find videos, the moment in each, and why; several parts make one query."""
    import mvsearch
    from mvsearch.search.output.report import print_results, results_to_csv, results_to_m3u
    from mvsearch.search.query.query import Query, QueryKind, parse_part, parse_weights

    if as_json + as_csv + as_m3u > 1:
        raise MvsearchError("--json, --csv and --m3u exclude one another")
    asked: dict[QueryKind, list[str] | None] = {
        "text": text, "lyric": lyric, "image": image, "clip": clip, "audio": audio, "like": like,
    }  # fmt: skip
    query = Query(
        tuple(parse_part(kind, value) for kind, values in asked.items() for value in values or ()),
        tuple(tag or ()),
    )
    with mvsearch.open(library) as opened:
        results = opened.search(
            query,
            weights=parse_weights(weights) if weights else None,
            fusion=fusion,
            top=top,
            collapse=collapse,
            per_artist=per_artist,
        )
    if as_json:
        print_json(results.to_dict())
    elif as_csv:
        print_text(results_to_csv(results))
    elif as_m3u:
        print_text(results_to_m3u(results))
    else:
        print_results(results, make_console())
