"""Formats runs of training and encoders of frames as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvsearch.indexer.training.runs import Run
from mvsearch.search.output.tables.listing import print_line
from mvsearch.store.records import EncoderState
from mvsearch.store.unicode import printable

N_FIGURES = 3


def print_runs(runs: Sequence[Run], console: Console) -> None:
    """Print one line for each run."""
    if not runs:
        print_line(console, "There are no runs; one begins with: mvsearch train songs")
        return
    table = Table("run", "trained", "epochs", "figures", "data", box=None, pad_edge=False)
    for run in runs:
        figures = "not finished" if run.card is None else _join(run.card.figures, N_FIGURES)
        data = "" if run.card is None else run.card.data
        _add_row(table, run.name, run.task, str(run.n_epochs), figures, data)
    console.print(table)


def print_run(run: Run, console: Console) -> None:
    """Print a run with its card."""
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = {"run": run.name, "folder": str(run.folder), "trained": run.task}
    if run.card is None:
        rows |= {"epochs": str(run.n_epochs), "problem": run.problem}
    else:
        card = run.card
        rows |= {
            "data": card.data,
            "licence": card.licence,
            "split": card.split,
            "items": _join(card.counts),
            "figures": _join(card.figures),
            "epochs": f"{card.n_epochs}, the best is {card.best_epoch}",
            "options": _join(card.training),
            "settings": _join(card.settings),
            "with": _join(card.versions),
            "sha256": card.weights_sha256,
        }
    for name, value in rows.items():
        _add_row(table, name, value)
    console.print(table)


def print_encoders(states: Sequence[EncoderState], console: Console) -> None:
    """Print one line for each encoder, and problems below."""
    heads = ("encoder", "of", "", "numbers", "vectors", "videos lacking")
    table = Table(*heads, box=None, pad_edge=False)
    for one in states:
        state = "in use" if one.is_in_use else "before" if one.was_before else ""
        numbers = (str(one.dim), str(one.n_vectors), str(one.n_lacking))
        _add_row(table, one.name, one.modality, state, *numbers)
    console.print(table)
    for one in states:
        if one.problem:
            print_line(console, f"{one.name}: {one.problem}")


def _add_row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))


def _join(values: Mapping[str, Any], n_shown: int | None = None) -> str:
    """Names with their values; cards may come from strangers."""
    shown = list(values.items())[:n_shown]
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in shown
    )
