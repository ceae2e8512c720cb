"""Draws the losses and figures of a training over its epochs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from mvsearch.store.distribution import name_install
from mvsearch.store.own_files import replacing

WIDTH_INCHES, HEIGHT_INCHES = 8.0, 3.2
# No curves.
PLAIN = frozenset(("epoch", "seconds", "learning_rate"))


def draw_curves(history: Sequence[Mapping[str, float]], path: Path) -> str:
    """Draw all figures of a training as a PNG: losses on the left, the others on the right.

    Args:
        history: the figures of each epoch by name; names of losses contain "loss".
        path: of the PNG.

    Returns:
        A line that says why there is none; empty if there is one.

    Raises:
        OSError: the disk refuses.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return f"No curves are drawn, as matplotlib is missing; type: {name_install('metrics')}"
    names = list(dict.fromkeys(name for epoch in history for name in epoch if name not in PLAIN))
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
    for place, is_loss in enumerate((True, False)):
        axes = figure.add_subplot(1, 2, place + 1)
        axes.set_xlabel("epoch")
        for name in names:
            if ("loss" in name) == is_loss:
                values = [epoch.get(name, math.nan) for epoch in history]
                axes.plot(range(1, len(values) + 1), values, marker=".", label=name)
        if axes.lines:
            axes.legend(fontsize="small")
    with replacing(path) as file:
        figure.savefig(file, format="png", metadata={"Software": None})
    return ""
