"""Keeps numbers for Prometheus, and serves those of a process that has no server of its own."""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.observers import Labels, observe
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

logger = logging.getLogger(__name__)

_PLACE = re.compile(
    r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):)?(?P<port>\d{1,5})", re.ASCII
)

_STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LONG_STEPS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
_COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200)
# By what is told: the name, what it is, its labels, and the steps of a distribution.
DISTRIBUTIONS: Mapping[str, tuple[str, str, tuple[str, ...], tuple[float, ...]]] = {
    "query": ("mvsearch_query_seconds", "Seconds of a query.", ("kind",), _STEPS),
    "results": ("mvsearch_query_results", "Results of a query.", ("kind",), _COUNTS),
    "stage": ("mvsearch_stage_seconds", "Seconds of a step of indexing.", ("stage",), _LONG_STEPS),
}
SUMS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "files": ("mvsearch_indexed_files", "Files that index runs have finished.", ("outcome",)),
    "sound": ("mvsearch_indexed_seconds", "Duration of the videos that were indexed.", ()),
    "connections": ("mvsearch_database_connections_made", "Connections made to the database.", ()),
    "lost": ("mvsearch_database_connections_lost", "Connections to the database lost.", ()),
}
LEVELS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "queue": ("mvsearch_queue_files", "Files that wait for a step of indexing.", ("stage",)),
}
# Work of which it is also told how much is going on.
_GOING_ON = {
    "query": ("mvsearch_queries_in_flight", "Queries that are being answered."),
    "stage": ("mvsearch_stages_in_flight", "Steps of indexing that are being done."),
}


class Numbers:
    """An observer that keeps sums, levels and distributions for Prometheus."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        from prometheus_client import Counter, Gauge, Histogram

        self._distributions = {
            told: Histogram(name, text, labels, buckets=steps, registry=registry)
            for told, (name, text, labels, steps) in DISTRIBUTIONS.items()
        }
        self._sums = {told: Counter(*one, registry=registry) for told, one in SUMS.items()}
        self._levels = {told: Gauge(*one, registry=registry) for told, one in LEVELS.items()}
        self._going_on = {told: Gauge(*one, registry=registry) for told, one in _GOING_ON.items()}

    @contextmanager
    def timing(self, name: str, labels: Labels) -> Iterator[None]:
        """Measure work."""
        if name not in self._distributions:
            yield
            return
        going_on, begun = self._going_on[name], time.perf_counter()
        going_on.inc()
        try:
            yield
        finally:
            going_on.dec()
            self.tell(name, labels, time.perf_counter() - begun)

    def tell(self, name: str, labels: Labels, value: float) -> None:
        """Take a number."""
        if name in self._distributions:
            self._choose(self._distributions[name], labels).observe(value)
        elif name in self._sums:
            self._choose(self._sums[name], labels).inc(value)
        elif name in self._levels:
            self._choose(self._levels[name], labels).set(value)

    def _choose(self, metric: Any, labels: Labels) -> Any:
        names = metric._labelnames
        return metric.labels(*(labels.get(one, "other") for one in names)) if names else metric


def parse_place(text: str) -> tuple[str, int]:
    """Read where numbers are served, "[HOST:]PORT"; this machine alone where no host is named.

    Raises:
        MvsearchError: it is something else.
    """
    found = _PLACE.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise MvsearchError(
            f"numbers are served at PORT or HOST:PORT, such as 9100, not {printable(text)[:60]!r}"
        )
    return (found["host"] or "127.0.0.1").strip("[]"), int(found["port"])


@contextmanager
def serving_numbers(place: tuple[str, int] | None, n_ports: int = 1) -> Iterator[None]:
    """Serve the numbers of this process at /metrics while it works.

    Args:
        place: host and port; None serves nothing.
        n_ports: how many ports are tried from this one on.

    Raises:
        MvsearchError: prometheus-client is not installed, or the ports are in use.
    """
    if place is None:
        yield
        return
    registry = _make_registry()
    server, thread = _start(place, n_ports, registry)
    leave = observe(Numbers(registry))
    logger.info("numbers are at http://%s:%d/metrics", place[0], server.server_port)
    try:
        yield
    finally:
        leave()
        server.shutdown()
        server.server_close()
        thread.join()


def _make_registry() -> "CollectorRegistry":
    try:
        from prometheus_client import (
            GC_COLLECTOR,
            PLATFORM_COLLECTOR,
            PROCESS_COLLECTOR,
            CollectorRegistry,
        )
    except ModuleNotFoundError:
        raise MvsearchError(
            "numbers for Prometheus need prometheus-client, which is not installed; type:"
            f" {name_install('telemetry')}"
        ) from None
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


def _start(place: tuple[str, int], n_ports: int, registry: "CollectorRegistry") -> Any:
    """Serve at the first port that is free."""
    from prometheus_client import start_http_server

    host, first = place
    for port in range(first, min(first + n_ports, 65536)):
        try:
            return start_http_server(port, host, registry)
        except OSError as error:
            problem = error
    reason = problem.strerror or problem
    raise MvsearchError(f"numbers cannot be served at {host}, port {first}: {reason}")
