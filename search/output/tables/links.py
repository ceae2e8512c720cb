"""Makes titles in terminal tables links to their files."""

from collections.abc import Iterable
from pathlib import Path

from rich.style import Style
from rich.text import Text


def link_file(name: str, path: Path) -> Text:
    """A name with a link to a file (OSC 8); no more than the name where output is no terminal.

    The address is percent-encoded: nothing in a path can end the link or control the terminal.
    """
    return Text(name, Style(link=path.absolute().as_uri()))


def stack_lines(lines: Iterable[Text]) -> Text:
    """Lines of one cell, each with its own link."""
    return Text("\n").join(lines)
