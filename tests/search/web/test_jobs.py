"""Index runs are started, watched and cancelled from outside."""

import json
import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mvsearch import CancelledError, LibraryBusyError
from mvsearch.search.web.jobs import Job, Jobs
from tests.limits import HANG_SECONDS


def test_an_index_run_tells_its_progress_and_its_result(client: TestClient, folder: Path) -> None:
    started = client.post("/api/v1/jobs/index", json={"paths": [str(folder)]})
    assert started.status_code == 202
    events = client.get(f"/api/v1/jobs/{started.json()['id']}/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    data = [line[6:] for line in events.text.splitlines() if line.startswith("data: ")]
    last = json.loads(data[-1])
    assert (last["state"], last["result"]["unchanged"], last["problem"]) == ("done", 2, None)
    assert client.get("/api/v1/jobs").json()[0] == last


def test_a_job_is_cancelled_and_no_second_one_runs_beside_it() -> None:
    jobs, begun = Jobs(), threading.Event()

    def work(job: Job) -> dict[str, object]:
        job.begin("files", 2)
        job.advance("files")
        begun.set()
        assert job.cancel.wait(HANG_SECONDS)
        raise CancelledError

    job = jobs.start("index", work)
    assert begun.wait(HANG_SECONDS)
    with pytest.raises(LibraryBusyError):
        jobs.start("index", work)
    assert job.to_dict()["stages"] == [
        {"stage": "files", "done": 1, "total": 2, "unit": "files", "share": None}
    ]
    jobs.cancel_all()
    (thread,) = [one for one in threading.enumerate() if one.name == "job-index"]
    thread.join(HANG_SECONDS)
    assert (job.to_dict()["state"], job.is_running) == ("cancelled", False)


def test_a_fault_of_a_job_is_told_without_details() -> None:
    job = Job("index")
    job.run(lambda _: {"a": 1 // 0})
    told = job.to_dict()
    assert (told["state"], told["problem"]["status"]) == ("failed", 500)
    assert "division" not in json.dumps(told)
