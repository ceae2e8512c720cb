"""What operators see of a server: numbers, an id of each request, its log and its trace."""

import io
import json
import logging

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.web.app import make_app
from mvsearch.search.web.monitoring.metrics import choose_id
from mvsearch.search.web.options import WebOptions
from mvsearch.store.library import Library
from mvsearch.store.observing import logs

SEARCH = "/api/v1/search"


def test_queries_jobs_and_the_library_are_counted_without_words(client):
    answer = client.post(SEARCH, json={"text": ["a secret wish"], "top": 1})
    client.post(SEARCH, json={"text": ["another"], "lyric": ["secret line"]})
    assert answer.status_code == 200
    text = client.get("/metrics").text
    for line in (
        'mvsearch_query_seconds_count{kind="text"}',
        'mvsearch_query_seconds_count{kind="several"}',
        'mvsearch_query_results_count{kind="text"}',
        "mvsearch_queries_in_flight 0.0",
        "mvsearch_requests_in_flight 1.0",
        "mvsearch_library_up 1.0",
        "mvsearch_library_videos 2.0",
        'mvsearch_library_generation_seconds{modality="frames"} 1',
        'mvsearch_database_connections{state="in use"}',
        "mvsearch_leads 1.0",
    ):
        assert line in text
    assert "secret" not in text


def test_methods_of_strangers_are_counted_as_one(client):
    for method in ("FIRST", "SECOND", "OPTIONS"):
        assert client.request(method, "/healthz").status_code == 405
    text = client.get("/metrics").text
    assert 'mvsearch_requests_total{method="other",route="/healthz",status="405"} 2.0' in text
    assert 'method="OPTIONS",route="/healthz"' in text
    assert "FIRST" not in text


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 65, "é", "a\nb"])
def test_a_request_gets_an_id_where_it_has_no_harmless_one(given):
    made = choose_id(given)
    assert made != given
    assert choose_id(made) == made


def test_a_request_is_logged_by_its_id_and_route_without_what_was_asked(client, monkeypatch):
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "json")
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    with logs.logging_to_stderr(logging.INFO):
        answer = client.get("/videos?q=secret", headers={"X-Request-ID": "from-proxy.1"})
    assert answer.headers["X-Request-ID"] == "from-proxy.1"
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "request"]
    assert line["request_id"] == "from-proxy.1"
    assert line["status"] == answer.status_code
    assert line["seconds"] >= 0
    assert "secret" not in written.getvalue()


@pytest.mark.postgres
def test_a_server_over_postgresql_tells_its_connections_and_when_it_is_cut_off(
    own_postgres, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    address = own_postgres.make_database()
    Library.open(address, create=True).close()
    with mvsearch.open(address) as library:
        app = make_app(library, WebOptions())
        with TestClient(app, base_url="http://127.0.0.1:8765") as asked:
            text = asked.get("/metrics").text
            assert "mvsearch_library_up 1.0" in text
            assert "mvsearch_library_videos 0.0" in text
            assert 'mvsearch_database_connections{state="idle"}' in text
            own_postgres.end_connections(address.partition("@/")[2].partition("?")[0])
            assert "mvsearch_library_up 1.0" in asked.get("/metrics").text
            text = asked.get("/metrics").text  # the one before has found it out
            assert "mvsearch_database_connections_lost_total 0.0" not in text
            own_postgres.stop()
            text = asked.get("/metrics").text
            assert "mvsearch_library_up 0.0" in text
            assert "mvsearch_requests_total" in text
            own_postgres.start()
