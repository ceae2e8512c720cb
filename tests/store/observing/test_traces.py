"""Traces by OpenTelemetry: spans with ids and labels, and nothing that was asked."""

import json
import sys

import pytest

from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing import traces
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import observe, timing


@pytest.fixture
def exported():
    """The spans that end."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    leave = observe(traces.Traces(provider.get_tracer("test")))
    yield exporter.get_finished_spans
    leave()


def test_work_is_a_tree_of_spans_without_messages_of_errors(exported):
    with naming(job_id="j1"), timing("run", part="index"):
        with naming(video_id="v1"), timing("stage", stage="decode"):
            pass
        with pytest.raises(ValueError, match="secret"), timing("stage", stage="store"):
            raise ValueError("a secret path")
    decode, store, run = exported()
    assert [one.name for one in (run, decode, store)] == [
        "run index",
        "stage decode",
        "stage store",
    ]
    assert {one.parent.span_id for one in (decode, store)} == {run.context.span_id}
    assert dict(decode.attributes) == {
        "mvsearch.stage": "decode",
        "mvsearch.job_id": "j1",
        "mvsearch.video_id": "v1",
    }
    assert store.status.description == "ValueError"
    assert "secret" not in json.dumps([json.loads(one.to_json()) for one in exported()])


def test_a_request_goes_on_with_the_trace_of_its_sender(exported, monkeypatch):
    monkeypatch.setenv(traces.ENDPOINTS[0], "http://127.0.0.1:1")
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    for given in (headers, {"traceparent": "\x00nonsense"}, {}):
        with traces.continuing(given), timing("request", route="/"):
            pass
    ids = [f"{one.context.trace_id:032x}" for one in exported()]
    assert ids[0] == "0af7651916cd43dd8448eb211c80319c"
    assert len(set(ids)) == 3


def test_without_a_collector_nothing_is_imported_and_without_the_extra_a_line_says_so(monkeypatch):
    for name in traces.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with traces.tracing("index"):
        pass
    monkeypatch.setenv(traces.ENDPOINTS[0], "http://127.0.0.1:1")
    with pytest.raises(MvsearchError, match=r"install '.*\[telemetry\]'"), traces.tracing("index"):
        pass
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with traces.tracing("index"):
        pass
