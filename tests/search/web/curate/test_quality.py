"""An evaluation is a job, and its report a page, a file and JSON."""

import json
from collections.abc import Callable

from starlette.testclient import TestClient

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
