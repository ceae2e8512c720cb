"""Makes titles in terminal tables links to their files."""

from collections.abc import Iterable
from pathlib import Path

from rich.style import Style
from rich.text import Text


def link_file(name: str, path: Path) -> Text:
    """A name with a link to a file (OSC 8); only the name if the output is no terminal.

    The URI is percent-encoded, so that no path can end the link or control the terminal.
    """
    return Text(name, Style(link=path.absolute().as_uri()))


def stack_lines(lines: Iterable[Text]) -> Text:
    """Join lines of one cell, each with its own link."""
    return Text("\n").join(lines)
