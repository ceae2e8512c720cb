"""The options that all trainings share; none given is that of the recipe."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mvsearch.search.commands.options.common import read_path

NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Of the run; default: the next number."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Of all that is random.")]
EpochsOption = Annotated[int | None, typer.Option("--epochs", min=1, help="At most so many.")]
BatchOption = Annotated[
    int | None, typer.Option("--batch", min=1, metavar="N", help="Items of a step.")
]
OptimiserOption = Annotated[
    Literal["sgd", "adamw"] | None, typer.Option("--optimiser", help="How weights are changed.")
]
RateOption = Annotated[
    float | None, typer.Option("--rate", metavar="R", help="Learning rate, such as 1e-4.")
]
ScheduleOption = Annotated[
    Literal["constant", "cosine"] | None,
    typer.Option("--schedule", help="Of the learning rate."),
]
PatienceOption = Annotated[
    int | None,
    typer.Option(
        "--patience", min=0, metavar="N", help="End after N epochs that are no better; 0: never."
    ),
]
DeviceOption = Annotated[
    Literal["auto", "cpu", "cuda"] | None, typer.Option("--device", help="Where it is computed.")
]
RestartOption = Annotated[
    bool, typer.Option("--restart", help="Delete what the run has, and begin again.")
]
WeightsFileOption = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        parser=read_path,
        metavar="FILE",
        help="First weights of the trunk: safetensors, or a state dictionary of torchvision.",
    ),
]
