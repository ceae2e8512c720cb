"""Draws metric results as PNG: heat maps of pairs, PCA plots of sets."""

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.extras import import_extra
from mvsearch.search.output.files import check_output
from mvsearch.store.errors import QueryError
from mvsearch.store.unicode import printable

Array = npt.NDArray[np.float64]

DOTS_PER_INCH = 120
CELL_INCHES = 0.55
LABEL_LENGTH = 28
# Maximum number of cells with legible numbers.
MAX_NUMBERED_CELLS = 400
# Maximum number of named rows or columns; of more, only some are named.
MAX_NAMED = 60
MAX_INCHES = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A table of pairs.

    Attributes:
        title: the name of the values.
        rows, columns: their names.
        values: (rows, columns) finite numbers.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Array

    def __post_init__(self) -> None:
        """Validate names and values."""
        if self.values.shape != (len(self.rows), len(self.columns)):
            raise ValueError(
                f"{len(self.rows)} × {len(self.columns)} names for {self.values.shape}"
            )
        if not np.isfinite(self.values).all():
            raise ValueError("a heat map shows finite numbers")


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """Sets of embeddings in one space.

    Attributes:
        title: metric and encoder.
        sets: name → (n, d) finite numbers with the same d.
    """

    title: str
    sets: Mapping[str, Array]

    def __post_init__(self) -> None:
        """Check that all have the same dimension."""
        if len({points.shape[1:] for points in self.sets.values()}) != 1:
            raise ValueError("embeddings of one space have one length")


Plot = Heatmap | Scatter


def check_plot(path: Path | None, *, has_force: bool = False) -> None:
    """Check that a plot can be written, before anything is measured.

    Raises:
        QueryError: the file is not a PNG, or matplotlib is not installed.
        MvsearchError: the file exists and must not be overwritten, or its folder is missing.
    """
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise QueryError(f"a plot is a PNG: call it {path.with_suffix('.png').name}")
    check_output(path, has_force=has_force)
    import_extra("matplotlib.figure")


def draw_plot(plot: Plot) -> bytes:
    """A plot as PNG."""
    return draw_heatmap(plot) if isinstance(plot, Heatmap) else draw_scatter(plot)


def draw_heatmap(heatmap: Heatmap) -> bytes:
    """A PNG with one cell per pair, rows and columns in the order of the table."""
    n_rows, n_columns = heatmap.values.shape

    def fill(axes: Any, figure: Any) -> None:
        image = axes.imshow(heatmap.values, cmap="viridis", aspect="auto", interpolation="nearest")
        figure.colorbar(image, ax=axes)
        _name_ticks(axes.xaxis, heatmap.columns, is_upright=True)
        _name_ticks(axes.yaxis, heatmap.rows, is_upright=False)
        if heatmap.values.size <= MAX_NUMBERED_CELLS:
            _write_numbers(axes, heatmap.values)

    wide, high = 3.5 + CELL_INCHES * n_columns, 2.5 + CELL_INCHES * n_rows
    return _draw((min(wide, MAX_INCHES), min(high, MAX_INCHES)), heatmap.title, fill)


def draw_scatter(scatter: Scatter) -> bytes:
    """A PNG of all sets on the first two principal components of their union."""
    points, shares = project(np.concatenate(list(scatter.sets.values())))

    def fill(axes: Any, _: Any) -> None:
        first = 0
        for name, marker in zip(scatter.sets, _cycle_markers(len(scatter.sets)), strict=True):
            n = len(scatter.sets[name])
            chosen = points[first : first + n]
            label = f"{_shorten(name)} (N = {n})"
            axes.scatter(chosen[:, 0], chosen[:, 1], s=18, alpha=0.7, marker=marker, label=label)
            first += n
        axes.set_xlabel(f"first component ({shares[0]:.0%} of the variance)")
        axes.set_ylabel(f"second component ({shares[1]:.0%} of the variance)")
        for text in axes.legend().get_texts():
            text.set_parse_math(False)

    return _draw((7.5, 6.0), scatter.title, fill)


def project(points: Array) -> tuple[Array, tuple[float, float]]:
    """Principal components (Pearson 1901) of (n, d) points.

    Returns:
        (n, 2) coordinates, with signs such that the largest value by magnitude is positive on each
        component; and the shares of the variance, 0 without variance.
    """
    centred = points - points.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    coordinates = np.zeros((len(points), 2))
    n_found = min(2, len(sizes))
    coordinates[:, :n_found] = left[:, :n_found] * sizes[:n_found]
    peaks = coordinates[np.abs(coordinates).argmax(axis=0), [0, 1]]
    coordinates *= np.where(peaks < 0, -1.0, 1.0)
    total = float(np.square(sizes).sum())
    shares = [float(size**2) / total if total > 0 else 0.0 for size in sizes[:2]] + [0.0, 0.0]
    return coordinates, (shares[0], shares[1])


def _draw(inches: tuple[float, float], title: str, fill: Callable[[Any, Any], None]) -> bytes:
    """Draw on a separate figure, without pyplot, which keeps figures and may need a display."""
    figure = import_extra("matplotlib.figure").Figure(
        figsize=inches, dpi=DOTS_PER_INCH, layout="constrained"
    )
    axes = figure.add_subplot()
    axes.set_title(printable(title), parse_math=False, wrap=True)
    fill(axes, figure)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Missing letters are drawn as boxes; the warning would go to the terminal.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _name_ticks(axis: Any, names: tuple[str, ...], *, is_upright: bool) -> None:
    step = -(-len(names) // MAX_NAMED)
    shown = range(0, len(names), step)
    # Names are untrusted, and may contain the signs of a formula.
    axis.set_ticks(
        list(shown),
        [_shorten(names[at]) for at in shown],
        rotation=90 if is_upright else 0,
        fontsize=8,
        parse_math=False,
    )


def _write_numbers(axes: Any, values: Array) -> None:
    middle = (values.min() + values.max()) / 2
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if value > middle else "white"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=7)


def _cycle_markers(n: int) -> list[str]:
    """Marker shapes, so that sets differ not only by colour."""
    shapes = "osD^vP"
    return [shapes[at % len(shapes)] for at in range(n)]


def _shorten(name: str) -> str:
    clean = printable(name)
    return clean if len(clean) <= LABEL_LENGTH else f"{clean[: LABEL_LENGTH - 1]}…"
