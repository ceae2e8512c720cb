"""Formats the list of installed plug-ins as a table and JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.api.plugins import PluginStatus
from mvsearch.store.unicode import printable


def plugin_to_dict(status: PluginStatus) -> dict[str, Any]:
    """A plug-in as JSON."""
    return {
        "group": status.plugin.group,
        "name": printable(status.plugin.name),
        "distribution": printable(status.plugin.distribution),
        "problem": printable(status.problem) or None,
    }


def print_plugins(statuses: Sequence[PluginStatus], console: Console) -> None:
    """Print one line per plug-in, with its problem."""
    if not statuses:
        console.print("no plug-in is installed")
        return
    table = Table("group", "name", "package", "problem", box=None, pad_edge=False)
    for status in statuses:
        plugin = status.plugin
        cells = (plugin.group, plugin.name, plugin.distribution, status.problem)
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))
    console.print(table)
