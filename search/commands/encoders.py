"""The commands of the encoders of frames of a library: `mvsearch encoders list` and others."""

from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption, require_command
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mvsearch.store.records import FrameEncoderState

app = typer.Typer(
    help="Encoders of frames that the library has, one of them in use.",
    epilog=show_examples("encoders"),
)
app.callback(invoke_without_command=True)(require_command)

EncoderArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Of a run, or of the profile's own encoder.")
]


@app.command("list", epilog=show_examples("encoders list"))
def list_encoders(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the profile's encoder of frames and the trained ones, and which is in use."""
    import mvsearch

    with mvsearch.open(library) as opened:
        states = opened.encoders()
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


@app.command("drop", epilog=show_examples("encoders drop"))
def drop_encoder(
    name: EncoderArgument, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """Delete the vectors of a trained encoder that is not in use; its run is kept."""
    import mvsearch

    with mvsearch.open(library) as opened:
        states = opened.drop_encoder(name)
    _show(states, as_json=as_json)


def _show(states: "Sequence[FrameEncoderState]", *, as_json: bool) -> None:
    from mvsearch.search.output.tables.training import print_frame_encoders

    if as_json:
        print_json([state.to_dict() for state in states])
    else:
        print_frame_encoders(states, make_console())
