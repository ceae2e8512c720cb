"""The options that all trainings share; none given is that of the recipe."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mvsearch.search.commands.options.common import JsonOption
from mvsearch.search.commands.options.expanding import expand
from mvsearch.search.commands.train.runs import show_run
from mvsearch.search.output.terminal import make_console

if TYPE_CHECKING:
    from mvsearch.search.api.training import Run, TrainingArguments
    from mvsearch.search.api.watching import AnyProgress

    class SharedArguments(TrainingArguments):
        """What every training is given."""

        name: str | None
        restart: bool
        progress: AnyProgress


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


def _gather(
    name: NameOption = None,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    batch: BatchOption = None,
    optimiser: OptimiserOption = None,
    rate: RateOption = None,
    schedule: ScheduleOption = None,
    patience: PatienceOption = None,
    device: DeviceOption = None,
    restart: RestartOption = False,
    as_json: JsonOption = False,
) -> "tuple[SharedArguments, bool]":
    """The arguments of the API, and whether the run is printed as JSON."""
    from mvsearch.search.output.progress import choose_progress

    shared: SharedArguments = {
        "name": name,
        "restart": restart,
        "progress": choose_progress(make_console(stderr=True), is_silent=as_json),
        "seed": seed,
        "epochs": epochs,
        "batch_size": batch,
        "optimiser": optimiser,
        "learning_rate": rate,
        "schedule": schedule,
        "patience": patience,
        "device": device,
    }
    return shared, as_json


def with_training(train: "Callable[..., Run]") -> Callable[..., None]:
    """Decorate a command with a parameter `shared`: gives it what all trainings share.

    The run that it returns is printed.
    """

    @wraps(train)
    def run(*, shared: "tuple[SharedArguments, bool]", **own: Any) -> None:
        arguments, as_json = shared
        show_run(train(shared=arguments, **own), as_json=as_json)

    return expand("shared", _gather)(run)
