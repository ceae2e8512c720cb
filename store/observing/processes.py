"""Lets operators see a process that another one started: a worker, or an index run of a server."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mvsearch.store.observing.context import naming
from mvsearch.store.observing.logs import inherited_level, logging_to_stderr
from mvsearch.store.observing.numbers import parse_place, serving_numbers
from mvsearch.store.observing.traces import tracing

# Where such processes serve their numbers, [HOST:]PORT; each next one takes the next free port.
METRICS_VARIABLE = "MVSEARCH_METRICS"
N_PORTS = 64


@contextmanager
def observed_process(part: str, **ids: str | None) -> Iterator[None]:
    """Log, trace and serve numbers as the environment asks for.

    Args:
        part: see `tracing`.
        ids: what the process works on; see `naming`.

    Raises:
        MvsearchError: a package is missing, or no port is free.
    """
    asked = os.environ.get(METRICS_VARIABLE)
    with ExitStack() as stack:
        stack.enter_context(naming(**ids))
        stack.enter_context(logging_to_stderr(inherited_level()))
        stack.enter_context(serving_numbers(parse_place(asked) if asked else None, N_PORTS))
        stack.enter_context(tracing(part))
        yield
