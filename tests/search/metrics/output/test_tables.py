from pathlib import Path

import pytest
from rich.console import Console

from mvsearch.search.metrics.media.files import label_files
from mvsearch.search.metrics.output.tables import Table, print_table


def test_a_row_has_a_cell_a_column():
    with pytest.raises(ValueError, match="1 cells in a table of 2 columns"):
        Table("t", ("a", "b"), (("x",),))


def test_nothing_of_a_stranger_is_obeyed(capsys):
    table = Table(
        "title [bold]", ("", "a\x1b[31m"), (("[red]x[/red]", "0.5"),), ("note \x07 [blue]",)
    )
    print_table(table, Console(width=60))
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\x07" not in told
    for text in ("title [bold]", "[red]x[/red]", "0.5", "[blue]"):
        assert text in told


def test_files_of_one_name_are_told_apart_by_their_paths():
    paths = [Path("a/1.png"), Path("b/1.png"), Path("b/2.png")]
    assert label_files(paths) == (str(paths[0]), str(paths[1]), "2.png")
