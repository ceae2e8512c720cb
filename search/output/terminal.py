"""Prints tables, JSON and text, and writes reports to files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

# Width of tables in pipes and files, where no cell is cut.
PIPE_WIDTH = 200


def make_console(*, stderr: bool = False) -> "Console":
    """A console without markup; lines are not broken if its output is no terminal."""
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def print_json(data: Any) -> None:
    """Print JSON on standard output."""
    from mvsearch.search.output.text import write_json

    print_text(write_json(data))


def print_text(text: str) -> None:
    """Print text as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def write_file(
    path: Path, data: str | bytes, *, has_force: bool, reports_path: bool = True
) -> None:
    """Write a report to a file, and print its path."""
    from mvsearch.search.output.files import write_output

    whole = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    write_output({path: whole}, has_force=has_force)
    if reports_path:
        typer.echo(f"written: {path}")


def deliver(report: str, out: Path | None, *, has_force: bool) -> None:
    """Write a report to a file, or print it if there is none."""
    if out is None:
        print_text(report)
    else:
        write_file(out, report, has_force=has_force)
