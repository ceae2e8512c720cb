"""The options of commands that operators watch: numbers for Prometheus, traces, and a job id."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

MetricsOption = Annotated[
    str | None,
    typer.Option(
        metavar="[HOST:]PORT",
        help="Serve numbers for Prometheus at this port: /metrics; default host: this machine.",
    ),
]


@contextmanager
def observed(part: str, metrics: str | None) -> Iterator[None]:
    """Let operators see a run: numbers if asked for, traces if the environment asks for them.

    All lines of the log have the id of the run.

    Args:
        part: what this process does; see `tracing`.
        metrics: where the numbers are served; None serves none.

    Raises:
        MvsearchError: a package is missing, or the port is in use or none.
    """
    import secrets

    from mvsearch.store.observing.context import naming
    from mvsearch.store.observing.numbers import parse_place, serving_numbers
    from mvsearch.store.observing.observers import timing
    from mvsearch.store.observing.traces import tracing

    job_id = secrets.token_hex(8)
    place = None if metrics is None else parse_place(metrics)
    with serving_numbers(place), tracing(part), naming(job_id=job_id), timing("run", part=part):
        yield


def pass_on(metrics: str | None) -> None:
    """Let processes that this one starts serve numbers: the first at this port, others after it.

    Raises:
        MvsearchError: it is no port.
    """
    from mvsearch.store.observing.numbers import parse_place
    from mvsearch.store.observing.processes import METRICS_VARIABLE

    if metrics is not None:
        parse_place(metrics)
        os.environ[METRICS_VARIABLE] = metrics
