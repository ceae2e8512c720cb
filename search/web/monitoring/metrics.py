"""Counts and times requests for Prometheus, names them for logs, and traces them."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mvsearch.store.observing.context import naming
from mvsearch.store.observing.logs import is_json
from mvsearch.store.observing.numbers import Numbers
from mvsearch.store.observing.observers import timing
from mvsearch.store.observing.traces import continuing

logger = logging.getLogger(__name__)

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# What a proxy may call a request; other names are replaced.
REQUEST_ID = "X-Request-ID"
# Of which pages and the API know; of others a stranger may make as many as he likes.
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_IS_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# A name, what it is, a label, and the numbers by the values of the label.
Level = tuple[str, str, str, dict[str, float]]


class Metrics:
    """The numbers of one server.

    Attributes:
        numbers: is an observer; whoever serves lets it observe.
    """

    def __init__(self, read_levels: Callable[[], Iterator[Level]] | None = None) -> None:
        """Read the levels, such as the state of jobs, each time that Prometheus asks."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mvsearch_requests", "Requests.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "mvsearch_request_seconds",
            "Seconds to the first byte of a response.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._in_flight = Gauge(
            "mvsearch_requests_in_flight",
            "Requests whose response has not ended.",
            registry=self._registry,
        )
        self.numbers = Numbers(self._registry)
        if read_levels is not None:
            self._registry.register(_Levels(read_levels))

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_open(self, change: int) -> None:
        """Count a request that begins (1) or ends (-1)."""
        self._in_flight.inc(change)

    def write(self) -> bytes:
        """The numbers in Prometheus' text format."""
        return generate_latest(self._registry)


class _Levels(Collector):
    """Levels that are read when they are asked for."""

    def __init__(self, read: Callable[[], Iterator[Level]]) -> None:
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is known before it is read."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read all levels."""
        for name, text, label, values in self._read():
            family = GaugeMetricFamily(name, text, labels=(label,) if label else None)
            for value, number in values.items():
                family.add_metric((value,) if label else (), number)
            yield family


class Measured:
    """Counts each request under the pattern of its route, so that their number is bounded."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, under an id that the response and all lines of the log name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = choose_id(headers.get(REQUEST_ID))

        with ExitStack() as stack:
            stack.enter_context(naming(request_id=request_id))
            stack.enter_context(continuing(headers))
            labels = stack.enter_context(timing("request"))
            self._metrics.count_open(1)
            stack.callback(self._metrics.count_open, -1)

            async def send_counted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message).append(REQUEST_ID, request_id)
                    route = getattr(scope.get("route"), "path", "other")
                    is_known = route != "other" and scope["method"] in _METHODS
                    method = scope["method"] if is_known else "other"
                    seconds = time.perf_counter() - begun
                    self._metrics.count(route, method, message["status"], seconds)
                    status = str(message["status"])
                    labels.update(method=method, route=route, status=status)
                    _log(labels, seconds)
                await send(message)

            await self._app(scope, receive, send_counted)


def choose_id(given: str | None) -> str:
    """The id of a request: that of the proxy before us, if it is harmless, else a new one."""
    return given if given and _IS_ID.fullmatch(given) else secrets.token_hex(8)


def _log(labels: dict[str, str], seconds: float) -> None:
    """Log a request, without its address, which holds what is asked."""
    if is_json():
        told = {**labels, "status": int(labels["status"]), "seconds": round(seconds, 4)}
        logger.info("request", extra={"told": told})
