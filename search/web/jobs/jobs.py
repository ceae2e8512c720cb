"""Runs long work in threads of this process, for a library that one server has for itself."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mvsearch.search.web.jobs.board import (
    LASTING,
    MAX_JOBS,
    MAX_RUNNING,
    MAX_TEXTS,
    Asked,
    State,
)
from mvsearch.search.web.jobs.job import Job
from mvsearch.store.errors import LibraryBusyError, MvsearchError

# Does what a job asks for: gets the job for its progress, and returns JSON.
Do = Callable[[Job], dict[str, Any]]


class Jobs:
    """The jobs of a server; one at a time changes the library, as one process writes.

    Args:
        do: does the work of a job, in a thread of its own.
    """

    def __init__(self, do: Do) -> None:
        self._do = do
        self._kept: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_leading(self) -> bool:
        """Whether this server does the jobs: it is alone."""
        return True

    def start(self, kind: str, asked: Asked, *, topic: str = "", is_writing: bool = True) -> Job:
        """Start work in a thread; see `JobBoard`.

        Raises:
            LibraryBusyError: another job is writing, or enough are running.
        """
        with self._lock:
            running = [job for job in self._kept.values() if job.is_running]
            check_room(len(running), is_writing and any(job.is_writing for job in running))
            job = Job(kind, asked, topic=topic, is_writing=is_writing)
            self._kept[job.id] = job
            self._forget()
        threading.Thread(target=job.run, args=(self._do,), name=f"job-{kind}", daemon=True).start()
        return job

    def _forget(self) -> None:
        """Forget old jobs, and the texts of those before."""
        last = {(job.kind, job.topic): job for job in self._kept.values() if job.state == "done"}
        lasting = [job for topic, job in last.items() if topic in LASTING]
        over = [job for job in self._kept.values() if not job.is_running and job not in lasting]
        for job in over[: max(len(self._kept) - MAX_JOBS, 0)]:
            del self._kept[job.id]
        for job in [job for job in over if job.text is not None][:-MAX_TEXTS]:
            job.text = None

    def get(self, job_id: str) -> Job | None:
        """The job with an id, if it is kept."""
        with self._lock:
            return self._kept.get(job_id)

    def list(self) -> list[Job]:
        """All jobs that are kept, the newest first."""
        with self._lock:
            return list(reversed(self._kept.values()))

    def find_last(self, kind: str, topic: str, state: State | None = None) -> Job | None:
        """The newest job of a kind and topic; see `JobBoard`."""
        found = (job for job in self.list() if (job.kind, job.topic) == (kind, topic))
        return next((job for job in found if state in (None, job.state)), None)

    def read_text(self, job_id: str) -> str | None:
        """The report that a job wrote, if it is kept."""
        job = self.get(job_id)
        return None if job is None else job.text

    def cancel(self, job_id: str) -> Job:
        """End a job; what it has done is kept."""
        return self._end(job_id, is_paused=False)

    def pause(self, job_id: str) -> Job:
        """End a job so that it can be resumed."""
        return self._end(job_id, is_paused=True)

    def resume(self, job_id: str) -> Job:
        """Do the work of a paused job again; what it had done is kept, and not done again.

        Raises:
            LibraryBusyError: it is still ending, or another job is writing.
            MvsearchError: it is not paused.
        """
        job = self._take(job_id)
        if not job.is_paused:
            raise MvsearchError("the job is not paused")
        if job.is_running:
            raise LibraryBusyError("the job is still ending: wait a moment")
        resumed = self.start(job.kind, job.asked, topic=job.topic, is_writing=job.is_writing)
        job.is_paused = False
        return resumed

    def close(self) -> None:
        """End all work."""
        for job in self.list():
            job.cancel.set()

    def _end(self, job_id: str, *, is_paused: bool) -> Job:
        job = self._take(job_id)
        job.is_paused = is_paused
        job.cancel.set()
        return job

    def _take(self, job_id: str) -> Job:
        job = self.get(job_id)
        if job is None:
            raise MvsearchError("the job is not kept any more")
        return job


def check_room(n_running: int, is_in_the_way: bool) -> None:
    """Check that one more job may run.

    Raises:
        LibraryBusyError: another job is writing as well, or enough are running.
    """
    if n_running >= MAX_RUNNING or is_in_the_way:
        raise LibraryBusyError("another job is running: wait for its end, or cancel it")
