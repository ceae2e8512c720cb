"""Numbers of a process are served while it works; nothing is counted otherwise."""

import socket
from contextlib import closing, suppress
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.numbers import Numbers, parse_place, serving_numbers
from mvsearch.store.observing.observers import observe, tell, timing
from tests.servers.postgres import find_port

HERE = "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "place"),
    [("9100", (HERE, 9100)), ("0.0.0.0:1", ("0.0.0.0", 1)), ("[::1]:80", ("::1", 80))],
)
def test_a_place_is_a_port_or_has_a_host(text, place):
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "a", ":1", "a b:1", "1:2:3", "-1", "٣", "x\x1b:1"]
)
def test_another_place_is_refused_in_one_line(text):
    with pytest.raises(MvsearchError, match="numbers are served at PORT or HOST:PORT") as refused:
        parse_place(text)
    assert str(refused.value).isprintable()


def test_work_is_counted_timed_and_seen_while_it_goes_on():
    registry = CollectorRegistry()
    leave = observe(Numbers(registry))
    with suppress(OSError), timing("stage") as labels:
        assert registry.get_sample_value("mvsearch_stages_in_flight") == 1
        labels["stage"] = "decode"
        raise OSError("full")
    with timing("nothing that is kept", kind="x"):
        tell("files", 2, outcome="done", person="not a label")
    tell("queue", 7, stage="analyse")
    tell("results", 3, kind="text")
    leave()
    tell("files", 100, outcome="done")
    for name, labels, value in (
        ("mvsearch_stages_in_flight", {}, 0),
        ("mvsearch_stage_seconds_count", {"stage": "decode"}, 1),
        ("mvsearch_indexed_files_total", {"outcome": "done"}, 2),
        ("mvsearch_queue_files", {"stage": "analyse"}, 7),
        ("mvsearch_query_results_sum", {"kind": "text"}, 3),
    ):
        assert registry.get_sample_value(name, labels) == value


def test_a_run_serves_its_numbers_on_this_machine_alone():
    port = find_port()
    with serving_numbers((HERE, port)):
        tell("lost")
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
        assert "mvsearch_database_connections_lost_total 1.0" in text
        assert "process_resident_memory_bytes" in text
        refused = pytest.raises(MvsearchError, match=f"numbers cannot be served at .*{port}")
        with refused, serving_numbers((HERE, port)):
            pass
        with serving_numbers((HERE, port), n_ports=64):  # a second worker of the machine
            pass
    with closing(socket.socket()) as asked:
        assert asked.connect_ex(("127.0.0.1", port)) != 0
    with serving_numbers(None):
        tell("lost")
