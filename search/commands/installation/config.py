"""The commands of the configuration file: `mvsearch config show` and `path`."""

from typing import Annotated

import typer

from mvsearch.search.commands.options.common import JsonOption, require_command
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json

app = typer.Typer(
    help="The configuration file, which sets defaults of options.", epilog=show_examples("config")
)
app.callback(invoke_without_command=True)(require_command)


@app.command("path", epilog=show_examples("config path"))
def print_config_path() -> None:
    """Print the path of the configuration file."""
    from mvsearch.search.commands.options.configuration import find_config
    from mvsearch.store.unicode import printable

    typer.echo(printable(str(find_config())))


@app.command("show", epilog=show_examples("config show"))
def show_config(
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="Show all options of a command, such as search."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show options with changed defaults, and the sources of their values."""
    from mvsearch.search.commands.options.settings import list_values
    from mvsearch.search.output.tables.settings import print_values, value_to_dict

    values = list_values(context, tuple(command or ()))
    if as_json:
        print_json([value_to_dict(value) for value in values])
    else:
        print_values(values, make_console())
