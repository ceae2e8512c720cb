"""The command that says what is wrong, and how to mend it: `mvsearch doctor`."""

from typing import TYPE_CHECKING

import typer

from mvsearch.search.commands.options.common import JsonOption, LibraryOption
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.process import EXIT_FAILURES
from mvsearch.search.output.terminal import make_console, print_json

if TYPE_CHECKING:
    from mvsearch.search.upkeep.findings import Diagnosis

app = typer.Typer()


@app.command(epilog=show_examples("doctor"))
def doctor(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Look for what is wrong with ffmpeg, packages, weights, disks and the library.

    Each line says how it is, and how to mend it. Nothing is changed. The exit code is 1 if there is
    a problem.
    """
    from mvsearch.search.api.upkeep.doctor import diagnose

    found = diagnose(library)
    if as_json:
        print_json(found.to_dict())
    else:
        _show(found)
    if found.problems:
        raise typer.Exit(EXIT_FAILURES)


def _show(found: "Diagnosis") -> None:
    from mvsearch.search.output.tables.diagnosis import print_diagnosis

    print_diagnosis(found, make_console())
