"""The command that lists plug-ins: `mvsearch plugins`."""

import typer

from mvsearch.search.commands.options.common import JsonOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.output.terminal import make_console, print_json

app = typer.Typer()


@app.command("plugins", epilog=show_examples("plugins"))
def list_plugins_command(as_json: JsonOption = False) -> None:
    """List the installed plug-ins and their problems."""
    from mvsearch.search.api.plugins import list_plugin_statuses
    from mvsearch.search.output.tables.plugin_list import plugin_to_dict, print_plugins

    statuses = list_plugin_statuses()
    if as_json:
        print_json([plugin_to_dict(status) for status in statuses])
    else:
        print_plugins(statuses, make_console())
