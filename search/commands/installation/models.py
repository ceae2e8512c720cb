"""The commands of model weights: `mvsearch models list` and others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption, require_command
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import make_console, print_json

if TYPE_CHECKING:
    from mvsearch.search.api.models import ModelStatus

app = typer.Typer(help="Weights of encoders.", epilog=show_examples("models"))
app.callback(invoke_without_command=True)(require_command)


@app.command("list", epilog=show_examples("models list"))
def list_models_command(as_json: JsonOption = False) -> None:
    """List the encoders and Whisper models, and whether their weights are installed."""
    from mvsearch.search.api.models import list_models

    _show_models(list_models(), as_json)


@app.command("licences", epilog=show_examples("models licences"))
def list_licences_command(as_json: JsonOption = False) -> None:
    """List the licence, the source and the Python packages of each network."""
    from mvsearch.search.api.models import list_models
    from mvsearch.search.output.tables.listing import print_licences

    statuses = list_models()
    if as_json:
        print_json([status.to_dict() for status in statuses])
    else:
        print_licences(statuses, make_console())


@app.command("check", epilog=show_examples("models check"))
def check_models_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME")] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify checksums, load the installed networks, and encode a known example with each."""
    from mvsearch.search.api.models import check_models

    statuses = check_models(names or None)
    _show_models(statuses, as_json)
    if any(status.problem for status in statuses):
        raise typer.Exit(EXIT_FAILURES)


@app.command("fetch", epilog=show_examples("models fetch"))
def fetch_model_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An encoder, or whisper-MODEL.")],
) -> None:
    """Download the weights of an encoder, or a Whisper model."""
    from mvsearch.search.api.models import fetch_model

    status = fetch_model(name)
    typer.echo(f"{name} is in {status.folder}" if status.folder else f"{name} needs no weights")


def _show_models(statuses: "Sequence[ModelStatus]", as_json: bool) -> None:
    """Print encoders with the state of their weights."""
    from mvsearch.search.output.tables.listing import print_models

    if as_json:
        print_json([status.to_dict() for status in statuses])
    else:
        print_models(statuses, make_console())
