"""Formats metric results as tables.

Cells are text, formatted by the metric, which knows the number of significant digits.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Table:
    """A printable table.

    Attributes:
        title: of the metric.
        columns: their names; the first column has labels, the others figures.
        rows: cells, one per column.
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
    """Print a table without lines; labels may be wrapped, figures are not."""
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
    # Not as the title of the grid, which would be wrapped to its width.
    console.print(Text(printable(table.title), style="bold"))
    console.print(grid)
    for note in table.notes:
        console.print(Text(printable(note)))
