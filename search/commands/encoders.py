"""The commands of the encoders of a library: `mvsearch encoders list` and others."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption, require_command
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mvsearch.store.records import EncoderState

app = typer.Typer(
    help="Encoders that the library was encoded by, one of each kind in use.",
    epilog=show_examples("encoders"),
)
app.callback(invoke_without_command=True)(require_command)

EncodedKind = Literal["frames", "lyrics", "audio"]
EncoderArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Of an encoder, or of a run on songs.")
]


@app.command("list", epilog=show_examples("encoders list"))
def list_encoders(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the encoders in use, the trained ones and those that were added."""
    import mvsearch

    with mvsearch.open(library) as opened:
        states = opened.encoders()
    _show(states, as_json=as_json)


@app.command("add", epilog=show_examples("encoders add"))
def add_encoder(
    name: EncoderArgument, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """Index all videos by another encoder as well, while the one in use serves on.

    The same command goes on after an interruption. Compare both by `mvsearch evaluate --compare
    NAME`, then `mvsearch encoders switch NAME`.
    """
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    with mvsearch.open(library) as opened:
        progress = choose_progress(make_console(stderr=True), is_silent=as_json)
        states = opened.add_encoder(name, progress=progress)
    _show(states, as_json=as_json)


@app.command("switch", epilog=show_examples("encoders switch"))
def switch_encoder(
    name: EncoderArgument, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """Encode what an encoder lacks, then use it in one step; the old one answers until then."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    with mvsearch.open(library) as opened:
        progress = choose_progress(make_console(stderr=True), is_silent=as_json)
        states = opened.switch_encoder(name, progress=progress)
    _show(states, as_json=as_json)


@app.command("rollback", epilog=show_examples("encoders rollback"))
def rollback_encoder(
    kind: Annotated[
        EncodedKind | None,
        typer.Option("--of", help="Which, if encoders of several kinds were switched."),
    ] = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Use the encoder again that was in use before the last switch."""
    import mvsearch
    from mvsearch.search.output.progress import choose_progress

    with mvsearch.open(library) as opened:
        progress = choose_progress(make_console(stderr=True), is_silent=as_json)
        states = opened.rollback_encoder(kind, progress=progress)
    _show(states, as_json=as_json)


@app.command("drop", epilog=show_examples("encoders drop"))
def drop_encoder(
    name: EncoderArgument, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """Delete what an encoder that is not in use has made; a run is kept."""
    import mvsearch

    with mvsearch.open(library) as opened:
        states = opened.drop_encoder(name)
    _show(states, as_json=as_json)


def _show(states: "Sequence[EncoderState]", *, as_json: bool) -> None:
    from mvsearch.search.output.tables.training import print_encoders

    if as_json:
        print_json([state.to_dict() for state in states])
    else:
        print_encoders(states, make_console())
