"""An evaluation is a job, and its report a page, a file and JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.web.jobs import works
from mvsearch.search.web.jobs.job import Job
from tests import other_encoders

HTML = {"Accept": "text/html"}


def test_the_report_of_an_evaluation_is_a_page(connect: Callable[..., TestClient]) -> None:
    client = connect(is_read_only=True)  # nothing of the library changes
    assert "Nothing was measured" in client.get("/quality", headers=HTML).text
    assert client.get("/api/v1/evaluation").status_code == 404
    asked = {"n_clips": 1, "kinds": ["image"], "distortions": ["none"]}
    job = client.post("/api/v1/jobs/evaluate", json=asked).json()
    events = client.get(f"/api/v1/jobs/{job['id']}/events").text
    last = json.loads([line[6:] for line in events.splitlines() if line.startswith("data: ")][-1])
    assert (last["state"], last["problem"]) == ("done", None)
    told = client.get("/api/v1/evaluation").json()
    assert (told["n_videos"], told["profile"]) == (2, "toy")
    page = client.get("/quality", headers=HTML).text
    assert "profile toy · 2 videos" in page
    assert all(name in page for name in ("<h2>pictures", "<table", "What the figures are"))
    report = client.get("/api/v1/evaluation.html")
    assert "attachment" in report.headers["content-disposition"]
    assert report.text.startswith("<!doctype html>")
    assert client.post("/api/v1/jobs/evaluate", json={"n_clips": 0}).status_code == 422


def test_a_job_is_cancelled_also_where_nothing_may_be_written(
    connect: Callable[..., TestClient],
) -> None:
    client = connect(is_read_only=True)
    job = client.post("/api/v1/jobs/evaluate", json={"n_clips": 1000}).json()
    client.delete(f"/api/v1/jobs/{job['id']}")
    client.get(f"/api/v1/jobs/{job['id']}/events")  # until its end
    assert client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "cancelled"


def test_an_encoder_is_added_compared_and_switched_to(
    connect: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    other_encoders.register(monkeypatch)
    client = connect()

    def do(kind: str, **asked: object) -> None:
        job = client.post(f"/api/v1/jobs/{kind}", json=asked).json()
        client.get(f"/api/v1/jobs/{job['id']}/events")  # until its end
        told = client.get(f"/api/v1/jobs/{job['id']}").json()
        assert (told["state"], told["problem"]) == ("done", None)

    assert client.get("/api/v1/evaluation/comparison").status_code == 404
    do("add-encoder", name="other-frames")
    page = client.get("/encoders", headers=HTML).text
    assert 'data-switch="other-frames"' in page
    assert '<option value="other-frames">' in client.get("/quality", headers=HTML).text
    monkeypatch.setattr(works, "evaluate_apart", evaluate_here)
    asked = {"n_clips": 2, "kinds": ["image"], "distortions": ["none"]}
    do("evaluate", profiles=["toy", "other-frames"], **asked)
    told = client.get("/api/v1/evaluation/comparison").json()
    assert [one["profile"] for one in told["evaluations"]] == ["toy", "toy with other-frames"]
    page = client.get("/quality", headers=HTML).text
    assert "toy with other-frames" in page
    assert "less first" in page
    report = client.get("/api/v1/evaluation/comparison.html")
    assert "attachment" in report.headers["content-disposition"]
    do("switch-encoder", name="other-frames")
    assert 'data-switch="toy-frames"' in client.get("/encoders", headers=HTML).text
    do("rollback-encoder")
    assert client.get("/api/v1/encoders").json()[0]["name"] == "toy-frames"
    assert client.post("/api/v1/jobs/add-encoder", json={"name": ""}).status_code == 422


def evaluate_here(
    folder: Path, profile: str, arguments: dict[str, Any], job: Job
) -> list[dict[str, Any]]:
    """The work of another process, which knows no encoder of the tests."""
    given = arguments | {"sample": SampleOptions(**arguments["sample"])}
    with mvsearch.open(folder) as library:
        found = library.evaluate(**given)
    return cast(list[dict[str, Any]], json.loads(json.dumps([asdict(one) for one in found])))
