"""Formats what a diagnosis found as a table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.search.output.tables.listing import print_line
from mvsearch.search.upkeep.findings import Diagnosis
from mvsearch.store.unicode import printable

_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("PROBLEM", "bold red")}


def print_diagnosis(found: Diagnosis, console: Console) -> None:
    """Print a line for each thing that was looked at, with how to mend it below."""
    table = Table("", "", "", box=None, pad_edge=False, show_header=False)
    area = ""
    for one in found.findings:
        if one.area != area:
            area = one.area
            table.add_row("", Text(area, style="bold"))
        what = Text(printable(one.what), overflow="fold")
        if one.how:
            what.append(f"\n→ {printable(one.how)}", style="dim" if one.state == "ok" else "")
        mark, style = _MARKS[one.state]
        table.add_row(Text(mark, style=style), Text(printable(one.name), overflow="fold"), what)
    console.print(table)
    n = len(found.problems)
    print_line(console, "")
    print_line(console, f"{n} problem{'s' * (n > 1)}" if n else "No problem was found.")
