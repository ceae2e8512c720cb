"""Reads what there is of jobs, videos and connections, for Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mvsearch.search.api.serving import read_numbers
from mvsearch.search.web.monitoring.metrics import Level
from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.web.served import Served


def read_levels(served: "Served") -> Iterator[Level]:
    """The levels of a server; where the library cannot be read, it is told to be down."""
    is_up = not served.readiness.find_problem()  # which waits less long than Prometheus
    yield "mvsearch_library_up", "Whether the library can be read.", "", {"": float(is_up)}
    if not is_up:
        return
    try:
        numbers = read_numbers(served.library)
        states: dict[str, float] = {}
        for job in served.jobs.list():
            states[job.state] = states.get(job.state, 0.0) + 1
        is_leading = served.jobs.is_leading
    except MvsearchError:  # there is no library yet, or it went away meanwhile
        return
    yield "mvsearch_library_videos", "Videos in the library.", "", {"": numbers.n_videos}
    yield (
        "mvsearch_library_generation_seconds",
        "When vectors of the library were changed last, since 1970.",
        "modality",
        numbers.changed_seconds,
    )
    yield (
        "mvsearch_database_connections",
        "Connections of this process to the database.",
        "state",
        numbers.connections,
    )
    yield "mvsearch_jobs", "Jobs that are kept, by their state.", "state", states
    yield "mvsearch_leads", "Whether this server does the jobs.", "", {"": float(is_leading)}
