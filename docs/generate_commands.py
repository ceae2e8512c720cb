"""Writes docs/commands.md and the README's list of commands from the code."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.documents import (  # only now it can be found
    README,
    ROOT,
    escape_cell,
    fill_readme,
    run_generator,
    write_changed,
)

BEGIN, END = "<!-- commands: written by `make docs` -->", "<!-- end of commands -->"


def walk_commands(group: Any, name: str = "mvsearch") -> Iterator[tuple[str, Any]]:
    """Every command with its full name, in the order in which `--help` lists them."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk_commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def load_commands() -> list[tuple[str, Any]]:
    """The commands of the application."""
    from mvsearch.cli import app

    return list(walk_commands(typer.main.get_command(app)))


def list_commands(commands: list[tuple[str, Any]]) -> str:
    """The README's table: a command and the first line of its help each."""
    rows = (f"| `{_spell(name, command)}` | {_first_line(command)} |" for name, command in commands)
    return "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"


def describe_commands(commands: list[tuple[str, Any]]) -> str:
    """The whole of docs/commands.md."""
    from mvsearch.search.commands.process import EXIT_MEANINGS
    from mvsearch.store.errors import FAILURE_MEANINGS

    parts = [
        "# Commands\n\nWritten by `make docs` from the code; change it there.\n",
        *(_describe(name, command) for name, command in commands),
        "## Exit codes\n",
        _tabulate_codes(EXIT_MEANINGS),
        "## Failure codes\n\n`mvsearch failures` lists the files that could not be indexed, each"
        " with one of these codes.\n",
        _tabulate_codes(FAILURE_MEANINGS),
    ]
    return "\n".join(parts)


def _tabulate_codes(meanings: Mapping[Any, str]) -> str:
    """Codes with their meanings."""
    rows = (f"| `{code}` | {escape_cell(meaning)} |" for code, meaning in meanings.items())
    return "\n".join(["| code | meaning |", "|---|---|", *rows, ""])


def _describe(name: str, command: Any) -> str:
    """One command with its arguments and options."""
    context = command.make_context(name, [], resilient_parsing=True)
    rows = []
    for param in command.params:
        if (record := param.get_help_record(context)) is None:
            continue  # hidden
        spelling, told = record
        spelling = _name_argument(param) if param.param_type_name == "argument" else spelling
        rows.append(f"| `{escape_cell(spelling)}` | {escape_cell(told)} |")
    table = "\n".join(["", "| argument or option | meaning |", "|---|---|", *rows, ""])
    told = (command.help or "").strip()
    written = f"## {name}\n\n    {_spell(name, command)}\n\n{told}\n" + (table if rows else "")
    return written + _show_examples(command)


def _show_examples(command: Any) -> str:
    """The examples at the end of a command's help, as code."""
    _, _, lines = (command.epilog or "").partition("Examples:\n")
    examples = [f"    {line.strip()}" for line in lines.splitlines()]
    return "\n".join(["", "Examples:", "", *examples, ""]) if examples else ""


def _spell(name: str, command: Any) -> str:
    """The command as it is typed, without its options."""
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    return " ".join([name, *map(_name_argument, arguments)])


def _name_argument(param: Any) -> str:
    """An argument as manuals spell it: in brackets where it may be left out."""
    word = (param.metavar or param.name.upper()).strip("[].")
    spelled = word if param.required else f"[{word}]"
    return spelled + ("..." if param.nargs == -1 else "")


def _first_line(command: Any) -> str:
    """The first line of a command's help."""
    return escape_cell(str(command.help or "").strip().partition("\n")[0])


def write_documents(*, is_check: bool) -> list[Path]:
    """Bring the documents up to date, or only look; those that were not."""
    commands = load_commands()
    wanted = {
        README: fill_readme(BEGIN, END, list_commands(commands)),
        ROOT / "docs" / "commands.md": describe_commands(commands),
    }
    return write_changed(wanted, is_check=is_check)


if __name__ == "__main__":
    run_generator(write_documents)
