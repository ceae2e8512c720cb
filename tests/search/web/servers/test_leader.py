"""The server that leads, where its link to the database is lost in the middle of a change."""

import threading
import time
from collections.abc import Sequence

import pytest

from mvsearch.search.web.jobs.leader import Leader
from mvsearch.search.web.jobs.shared_jobs import LIMITS
from mvsearch.store.errors import LibraryUnreachableError
from mvsearch.store.library import Library
from mvsearch.store.servers.jobs import SharedJobs
from mvsearch.store.servers.records import JobOrder
from tests.limits import HANG_SECONDS

pytestmark = pytest.mark.postgres


def test_a_job_that_was_taken_without_an_answer_is_told_as_interrupted(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = SharedJobs.take_orders
    is_cut = threading.Event()

    def lose(jobs: SharedJobs, runner: str) -> Sequence[JobOrder]:
        taken = take(jobs, runner)
        if taken and not is_cut.is_set():
            is_cut.set()
            raise LibraryUnreachableError("the link is lost")
        return taken

    monkeypatch.setattr(SharedJobs, "take_orders", lose)
    with Library.open(postgres_address, create=True) as library:
        servers = library.servers()
        assert servers is not None
        jobs = servers.jobs(LIMITS)
        jobs.add(JobOrder("a", "index", "", True, {}))
        leader = Leader(
            "one", jobs, servers.leadership(), lambda _: {}, threading.Event(), beat_seconds=0.05
        )
        leader.start()
        try:
            assert is_cut.wait(HANG_SECONDS)
            until = time.monotonic() + HANG_SECONDS
            while jobs.take("a").is_running and time.monotonic() < until:
                time.sleep(0.05)
            assert jobs.take("a").state == "interrupted"
            resumed = jobs.resume("a", "b")
            while jobs.take(resumed.id).is_running and time.monotonic() < until:
                time.sleep(0.05)
            assert jobs.take(resumed.id).state == "done"
        finally:
            leader.close()
