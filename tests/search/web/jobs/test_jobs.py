"""Index runs are started, watched and cancelled from outside."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch import CancelledError, LibraryBusyError, MvsearchError
from mvsearch.search.api.methods.pictures import PictureFolders
from mvsearch.search.web.access.tokens import TokenCheck
from mvsearch.search.web.curate.sweeps import Sweeps
from mvsearch.search.web.jobs.board import MAX_JOBS, MAX_TEXTS, find_running
from mvsearch.search.web.jobs.job import Job
from mvsearch.search.web.jobs.jobs import Jobs
from mvsearch.search.web.options import WebOptions
from mvsearch.search.web.routes.jobs import start_sweep
from mvsearch.search.web.served import Served
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
    begun = threading.Event()

    def work(job: Job) -> dict[str, object]:
        job.begin("files", 2)
        job.advance("files")
        begun.set()
        assert job.cancel.wait(HANG_SECONDS)
        raise CancelledError

    jobs = Jobs(work)
    job = jobs.start("index", {})
    assert begun.wait(HANG_SECONDS)
    with pytest.raises(LibraryBusyError):
        jobs.start("index", {})
    assert job.to_dict()["stages"] == [
        {"stage": "files", "done": 1, "total": 2, "unit": "files", "share": None}
    ]
    jobs.close()
    (thread,) = [one for one in threading.enumerate() if one.name == "job-index"]
    thread.join(HANG_SECONDS)
    assert (job.to_dict()["state"], job.is_running) == ("cancelled", False)


def test_a_page_finds_the_running_job_of_its_kind_alone() -> None:
    end = threading.Event()
    jobs = Jobs(lambda _: {"ended": end.wait(HANG_SECONDS)})
    running = jobs.start("index", {})
    assert (find_running(jobs, "index"), find_running(jobs, "versions")) == (running.id, "")
    end.set()
    for thread in [one for one in threading.enumerate() if one.name == "job-index"]:
        thread.join(HANG_SECONDS)
    assert find_running(jobs, "index") == ""


def test_what_pages_show_of_the_last_job_outlasts_other_jobs() -> None:
    def work(job: Job) -> dict[str, object]:
        job.text = job.kind
        return {}

    jobs = Jobs(work)
    for kind, topic, n in (("evaluate", "one", 2), ("versions-report", "", MAX_JOBS + MAX_TEXTS)):
        for _ in range(n):
            jobs.start(kind, {}, topic=topic)
            for thread in [one for one in threading.enumerate() if one.name == f"job-{kind}"]:
                thread.join(HANG_SECONDS)
    last = jobs.find_last("evaluate", "one", "done")
    assert last is not None
    assert jobs.read_text(last.id) == "evaluate"
    assert [job.kind for job in jobs.list()].count("evaluate") == 1
    assert sum(job.text is not None for job in jobs.list()) <= MAX_TEXTS + 2


def test_a_fault_of_a_job_is_told_without_details() -> None:
    job = Job("index")
    job.run(lambda _: {"a": 1 // 0})
    told = job.to_dict()
    assert (told["state"], told["problem"]["status"]) == ("failed", 500)
    assert "division" not in json.dumps(told)


def test_a_paused_job_is_resumed_and_no_sweep_overtakes_it() -> None:
    begun, rounds = threading.Event(), list[Job]()

    def work(job: Job) -> dict[str, object]:
        rounds.append(job)
        if len(rounds) == 1:
            begun.set()
            assert job.cancel.wait(HANG_SECONDS)
        return {"rounds": len(rounds)}

    def finish(job: Job) -> dict[str, Any]:
        for thread in threading.enumerate():
            if thread.name == "job-index":
                thread.join(HANG_SECONDS)
        return job.to_dict()

    jobs = Jobs(work)
    first = jobs.start("index", {})
    assert begun.wait(HANG_SECONDS)
    with pytest.raises(MvsearchError, match="not paused"):
        jobs.resume(first.id)
    first.is_paused = True
    with pytest.raises(LibraryBusyError, match="still ending"):
        jobs.resume(first.id)
    jobs.pause(first.id)
    told = finish(first)
    assert (told["state"], told["is_paused"]) == ("cancelled", True)
    second = jobs.resume(first.id)
    assert finish(second)["result"] == {"rounds": 2}
    assert not first.is_paused


class StubbedRuns:
    """Stands in for the process of an index run; the first run waits to be cancelled."""

    def __init__(self) -> None:
        self.paths: list[list[Path]] = []

    def __call__(self, _: Path, __: str, paths: list[Path], ___: object, job: Job) -> Any:
        self.paths.append(paths)
        if len(self.paths) == 1:
            assert job.cancel.wait(HANG_SECONDS)
        return {"unchanged": len(paths)}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> StubbedRuns:
    made = StubbedRuns()
    monkeypatch.setattr("mvsearch.search.web.jobs.works.index_apart", made)
    return made


def test_an_index_run_is_paused_over_http(
    client: TestClient, connect: Callable[..., TestClient], folder: Path, runs: StubbedRuns
) -> None:
    job = client.post("/api/v1/jobs/index", json={"paths": [str(folder)]}).json()
    place = f"/api/v1/jobs/{job['id']}"
    assert client.post(f"{place}/pause").json()["is_paused"]
    client.get(f"{place}/events")  # until its end
    assert client.get(place).json()["state"] == "cancelled"
    assert 'id="resume"' in client.get("/library").text
    resumed = client.post(f"{place}/resume").json()
    client.get(f"/api/v1/jobs/{resumed['id']}/events")
    assert client.get(f"/api/v1/jobs/{resumed['id']}").json()["state"] == "done"
    assert runs.paths == [[folder], [folder]]
    assert client.post(f"{place}/pause").status_code == 409
    assert client.post(f"{place}/resume").status_code == 400
    reading = connect(is_read_only=True)
    for way in ("pause", "resume"):
        assert reading.post(f"{place}/{way}").status_code == 403


def test_a_sweep_indexes_the_folders_unless_a_run_is_paused(
    library: mvsearch.VideoLibrary, folder: Path, runs: StubbedRuns
) -> None:
    served = Served(library, WebOptions(), TokenCheck(None), PictureFolders(()))
    job = start_sweep(served)
    assert job is not None
    assert start_sweep(served) is None  # one is running
    served.jobs.pause(job.id)
    for thread in threading.enumerate():
        if thread.name == "job-index":
            thread.join(HANG_SECONDS)
    assert start_sweep(served) is None
    assert runs.paths == [[folder]]
    served.close()


def test_sweeps_go_on_after_a_failure_and_end() -> None:
    calls: list[int] = []
    is_third = threading.Event()

    def sweep() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise MvsearchError("busy")
        is_third.set()

    sweeps = Sweeps(sweep, 0.0)
    sweeps.start()
    assert is_third.wait(HANG_SECONDS)
    sweeps.stop()
    [*threads] = [one for one in threading.enumerate() if one.name == "sweeps"]
    for thread in threads:
        thread.join(HANG_SECONDS)
        assert not thread.is_alive()


def test_watching_and_reading_only_exclude_each_other() -> None:
    with pytest.raises(MvsearchError, match="--watch"):
        WebOptions(is_read_only=True, sweep_minutes=5)
