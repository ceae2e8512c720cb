"""Formats metric results as tables.

Cells are text already: whoever measured a figure knows how many of its digits mean anything.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Table:
    """What is printed of a result.

    Attributes:
        title: what was measured, of what.
        columns: their names; the first column holds labels, the others figures.
        rows: cells, as many in each row as there are columns.
        notes: lines below the table: the encoder, its rate and N, caps and conventions.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} cells in a table of {len(self.columns)} columns")


def print_table(table: Table, console: "Console") -> None:
    """Print a table without lines: labels are folded where there is no room, figures never."""
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False)
    for at, name in enumerate(table.columns):
        heading = Text(printable(name))
        if at == 0:
            grid.add_column(heading, overflow="fold", min_width=min(20, console.width))
        else:
            grid.add_column(heading, justify="right", no_wrap=True)
    for row in table.rows:
        grid.add_row(*(Text(printable(cell)) for cell in row))
    # Not as the grid's own title, which would be folded to its width.
    console.print(Text(printable(table.title), style="bold"))
    console.print(grid)
    for note in table.notes:
        console.print(Text(printable(note)))
