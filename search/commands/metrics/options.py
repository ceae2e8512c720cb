"""The options and the output code that all metric commands share."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from typer.core import TyperCommand

from mvsearch.search.commands.options.common import read_path
from mvsearch.search.output.terminal import make_console, print_json, write_file
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.metrics.output.plots import Plot
    from mvsearch.search.metrics.output.tables import Table

ProfileOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoders of a profile; default: CLIP for pictures, CLAP for sound.",
    ),
]
ScaleOption = Annotated[
    float | None,
    typer.Option("--scale", metavar="X", help="Scale of the logits; default: as trained."),
]
ImageOption = Annotated[
    list[Path], typer.Option("--image", parser=read_path, metavar="FILE…", help="Pictures.")
]
AudioOption = Annotated[
    list[Path], typer.Option("--audio", parser=read_path, metavar="FILE…", help="Sounds.")
]
VideoOption = Annotated[
    list[Path], typer.Option("--video", parser=read_path, metavar="FILE…", help="Videos.")
]
TextOption = Annotated[list[str], typer.Option("--text", metavar="T…", help="Texts.")]
SecondsOption = Annotated[
    float | None, typer.Option("--seconds", metavar="S", help="Seconds of each file; default: all.")
]
HeatmapOption = Annotated[
    Path | None,
    typer.Option(
        "--plot", parser=read_path, metavar="FILE.png", help="Draw the table as a heat map."
    ),
]
ScatterOption = Annotated[
    Path | None,
    typer.Option(
        "--plot", parser=read_path, metavar="FILE.png", help="Draw both sets as a PCA plot."
    ),
]


class Result(Protocol):
    """The result of a metric."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""

    def to_table(self) -> "Table":
        """As a table to print."""


class PlottedResult(Result, Protocol):
    """The result of a metric that can be plotted."""

    def to_plot(self) -> "Plot":
        """As a plot."""


class ManyValues(TyperCommand):
    """A command whose repeatable options take several values: `--image a.png b.png`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the option before each further value."""
        repeatable = {
            name
            for param in self.params
            if getattr(param, "multiple", False)
            for name in param.opts
        }
        return super().parse_args(ctx, repeat_options(args, repeatable))


def repeat_options(words: list[str], repeatable: set[str]) -> list[str]:
    """Insert the name of a repeatable option before each of its values.

    Words that begin with a dash are options, except directly after an option's name.
    """
    repeated: list[str] = []
    current, needs_value = "", False
    for at, word in enumerate(words):
        if word == "--" and not needs_value:
            return [*repeated, *words[at:]]
        if needs_value:
            needs_value = False
        elif word.startswith("-") and len(word) > 1:
            name, is_joined, _ = word.partition("=")
            current = name if name in repeatable else ""
            needs_value = bool(current) and not is_joined
        elif current:
            repeated.append(current)
        repeated.append(word)
    return repeated


def show_result(result: Result, *, as_json: bool) -> None:
    """Print a result; raises if one of its values is not finite."""
    data = _check_numbers(result)
    if as_json:
        print_json(data)
    else:
        from mvsearch.search.metrics.output.tables import print_table

        print_table(result.to_table(), make_console())


def show_plotted(
    result: PlottedResult, plot: Path | None, *, has_force: bool, as_json: bool
) -> None:
    """Write the plot, if requested, and print the result."""
    _check_numbers(result)
    if plot is not None:
        from mvsearch.search.metrics.output.plots import draw_plot

        write_file(plot, draw_plot(result.to_plot()), has_force=has_force, reports_path=False)
    show_result(result, as_json=as_json)
    if plot is not None and not as_json:
        typer.echo(f"written: {plot}")


def _check_numbers(result: Result) -> dict[str, Any]:
    """Refuse values that are not finite: metrics must raise an error for undefined cases."""
    data = result.to_dict()
    try:
        json.dumps(data, allow_nan=False)
    except ValueError as error:
        raise MvsearchError(f"{data['metric']}: a value of the result is not finite") from error
    return data
