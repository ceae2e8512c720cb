"""Formats the values of options and their sources as a table and JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.output.text import shorten
from mvsearch.store.unicode import printable


@dataclass(frozen=True, slots=True)
class OptionValue:
    """The default value of an option.

    Attributes:
        command: empty if all commands with the option have this value.
        option: its long name without leading dashes.
        source: "default", "file", or the name of an environment variable.
    """

    command: str
    option: str
    value: Any
    source: str


def value_to_dict(value: OptionValue) -> dict[str, Any]:
    """The value of an option as JSON."""
    return {
        "command": value.command or None,
        "option": value.option,
        "value": _plain(value.value),
        "source": value.source,
    }


def print_values(values: Sequence[OptionValue], console: Console) -> None:
    """Print one line per option."""
    table = Table("command", "option", "value", "from", box=None, pad_edge=False)
    for value in values:
        given = _plain(value.value)
        text = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
        shown = "–" if given in (None, []) else shorten(printable(text))
        cells = (value.command or "all", value.option, shown, value.source)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console.print(table)


def _plain(value: Any) -> Any:
    """A value as JSON has it: paths as text, also those in lists."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value
