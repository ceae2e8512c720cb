"""Sends traces by OpenTelemetry, where the environment names a collector."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from mvsearch.store.distribution import name_install, read_version
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.context import named
from mvsearch.store.observing.logs import StderrLines
from mvsearch.store.observing.observers import Labels, observe

# The names are those of OpenTelemetry's specification, whose SDK reads more of them.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
WAIT_SECONDS = 3
_GLOBAL_SWITCH = "OTEL_SDK_DISABLED"


class Traces:
    """An observer that makes a span of each piece of work.

    Spans have the labels and the ids of what is worked on, but no words of queries and no messages
    of errors.
    """

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    @contextmanager
    def timing(self, name: str, labels: Labels) -> Iterator[None]:
        """Surround work with a span, named by what its labels say at its end."""
        from opentelemetry.trace import Status, StatusCode

        quiet = {"record_exception": False, "set_status_on_exception": False}
        with self._tracer.start_as_current_span(name, **quiet) as span:
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
            finally:
                span.update_name(" ".join((name, *labels.values())))
                span.set_attributes({f"mvsearch.{key}": one for key, one in labels.items()})
                span.set_attributes({f"mvsearch.{key}": one for key, one in named().items()})

    def tell(self, name: str, labels: Labels, value: float) -> None:
        """Numbers are not traced."""


def is_tracing_asked() -> bool:
    """Whether the environment names a collector."""
    is_off = os.environ.get(_GLOBAL_SWITCH, "").lower() == "true"
    return not is_off and any(os.environ.get(name) for name in ENDPOINTS)


@contextmanager
def tracing(part: str) -> Iterator[None]:
    """Send traces of this process while it works, if they are asked for.

    Args:
        part: what this process does: "serve", "index" or "worker".

    Raises:
        MvsearchError: they are asked for, and OpenTelemetry is not installed.
    """
    if not is_tracing_asked():
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        raise MvsearchError(
            f"${ENDPOINTS[0]} asks for traces, which need OpenTelemetry; type:"
            f" {name_install('telemetry')}"
        ) from None
    told = {"service.version": read_version() or "", "mvsearch.part": part}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        told["service.name"] = "mvsearch"
    provider = TracerProvider(resource=Resource.create(told))
    # What it has to say, such as that the collector is away, is said in our form.
    log, handler = logging.getLogger("opentelemetry"), StderrLines()
    log.addHandler(handler)
    # A collector that is away must not hold up the end of a command for long.
    seconds = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else WAIT_SECONDS
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=seconds)))
    leave = observe(Traces(provider.get_tracer("mvsearch")))
    try:
        yield
    finally:
        leave()
        provider.shutdown()
        log.removeHandler(handler)


def continuing(headers: Mapping[str, str]) -> Any:
    """Go on with the trace that the headers of a request name, if traces are asked for."""
    if "traceparent" not in headers or not is_tracing_asked():
        return nullcontext()
    return _continuing(headers)


@contextmanager
def _continuing(headers: Mapping[str, str]) -> Iterator[None]:
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract(headers))
    try:
        yield
    finally:
        context.detach(token)
