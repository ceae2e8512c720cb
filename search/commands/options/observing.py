"""The options of commands that operators watch: numbers for Prometheus, traces, and a job id."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

MetricsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65535,
        metavar="PORT",
        help="Serve numbers for Prometheus at this port of this machine: /metrics.",
    ),
]


@contextmanager
def observed(part: str, metrics: int | None) -> Iterator[None]:
    """Let operators see a run: numbers if asked for, traces if the environment asks for them.

    All lines of the log have the id of the run.

    Args:
        part: what this process does; see `tracing`.
        metrics: the port of the numbers; None serves none.

    Raises:
        MvsearchError: a package is missing, or the port is in use.
    """
    from mvsearch.store.observing.context import naming
    from mvsearch.store.observing.numbers import serving_numbers
    from mvsearch.store.observing.observers import timing
    from mvsearch.store.observing.traces import tracing

    job_id = secrets.token_hex(8)
    with serving_numbers(metrics), tracing(part), naming(job_id=job_id), timing("run", part=part):
        yield
