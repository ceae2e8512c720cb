"""Three processes of `mvsearch serve` over one PostgreSQL, of which one after the other ends."""

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import toy_library
from tests.limits import HANG_SECONDS
from tests.servers.processes import Server, serving_processes

pytestmark = pytest.mark.postgres

LEADS = "this server leads"


@pytest.fixture
def servers(copy: Callable[[], str], cache: Path, tmp_path: Path) -> Iterator[list[Server]]:
    path = toy_library.stop_decoder(tmp_path)["PATH"]
    words = ("--root", tmp_path, "--grace", 5)
    with serving_processes(copy(), 3, *words, cache=cache, logs=tmp_path, PATH=path) as started:
        yield started


def find_leader(servers: list[Server]) -> Server:
    """The server that does the jobs; waits until one does."""
    until = time.monotonic() + HANG_SECONDS
    while time.monotonic() < until:
        for server in servers:
            if LEADS in server.log.read_text():
                return server
        time.sleep(0.05)
    raise AssertionError("no server leads")


def wait_for(server: Server, job_id: str, *states: str) -> dict[str, Any]:
    until = time.monotonic() + HANG_SECONDS
    while time.monotonic() < until:
        told: dict[str, Any] = httpx2.get(f"{server.address}/api/v1/jobs/{job_id}").json()
        if told["state"] in states:
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_a_killed_server_is_replaced_and_its_job_is_started_again(
    servers: list[Server], folder: Path, tmp_path: Path
) -> None:
    videos = tmp_path / "more"
    videos.mkdir()
    shutil.copy(next(folder.glob("*.mp4")), videos / "long.mp4")
    with (videos / "long.mp4").open("ab") as file:
        file.write(b"\0" * 16)  # another video
    for server in servers:
        assert httpx2.get(f"{server.address}/readyz").status_code == 200
    leader = find_leader(servers)
    second, third = [server for server in servers if server is not leader]
    asked = {"paths": [str(videos)]}
    job = httpx2.post(f"{second.address}/api/v1/jobs/index", json=asked).json()
    decoder = toy_library.wait_for_decoder(tmp_path)
    wait_for(third, job["id"], "running")
    _wait_for_stages(third, job["id"])
    leader.end(signal.SIGKILL)
    killed = time.monotonic()
    told = wait_for(third, job["id"], "interrupted")
    assert time.monotonic() - killed < HANG_SECONDS
    assert "start it again" in told["problem"]["detail"]
    _wait_for_end(decoder)  # what the killed server had started ends too
    (tmp_path / "begun").unlink()
    (tmp_path / "programs" / "ffmpeg").unlink()  # decoders end from now on
    leader = find_leader([second, third])
    other = third if leader is second else second
    resumed = httpx2.post(f"{other.address}/api/v1/jobs/{job['id']}/resume").json()
    done = wait_for(other, resumed["id"], "done", "failed")
    assert done["state"] == "done", done
    assert done["result"]["indexed"] == 1
    # One that is told to end finishes what it was asked, and another one leads at once.
    assert leader.end() == 130
    assert find_leader([other]) is other
    assert len(httpx2.get(f"{other.address}/api/v1/videos").json()["videos"]) == 4


def _wait_for_stages(server: Server, job_id: str) -> None:
    """The progress of a job comes to other servers some time after it is running."""
    until = time.monotonic() + HANG_SECONDS
    while not httpx2.get(f"{server.address}/api/v1/jobs/{job_id}").json()["stages"]:
        assert time.monotonic() < until, "no progress is told"
        time.sleep(0.05)


def _wait_for_end(pid: int) -> None:
    until = time.monotonic() + HANG_SECONDS
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until, "the decoder goes on"
        time.sleep(0.05)
