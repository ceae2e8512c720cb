"""Jobs of several servers over one library: any starts, follows and ends them, one does them."""

import secrets
import threading
from collections.abc import Sequence

from mvsearch.search.web.jobs.board import (
    LASTING,
    MAX_JOBS,
    MAX_RUNNING,
    MAX_TEXTS,
    Asked,
    State,
)
from mvsearch.search.web.jobs.job import make_id
from mvsearch.search.web.jobs.jobs import Do
from mvsearch.search.web.jobs.leader import Leader
from mvsearch.store.servers.records import JobLimits, JobOrder, StoredJob
from mvsearch.store.servers.servers import Servers

LIMITS = JobLimits(MAX_RUNNING, MAX_JOBS, MAX_TEXTS, LASTING)


class BoardOfServers:
    """The jobs in the database; this server does them while it leads.

    Args:
        servers: what the servers share.
        do: does the work of a job.
        stopping: is set when this server is told to end.
    """

    def __init__(self, servers: Servers, do: Do, stopping: threading.Event) -> None:
        self._jobs = servers.jobs(LIMITS)
        name = secrets.token_urlsafe(12)
        self._leader = Leader(name, self._jobs, servers.leadership(), do, stopping)
        self._leader.start()

    @property
    def is_leading(self) -> bool:
        """Whether this server does the jobs."""
        return self._leader.is_leading

    def start(
        self, kind: str, asked: Asked, *, topic: str = "", is_writing: bool = True
    ) -> StoredJob:
        """Let work wait for the server that leads; see `JobBoard`.

        Raises:
            LibraryBusyError: another job is writing, or enough are running.
        """
        job = self._jobs.add(JobOrder(make_id(), kind, topic, is_writing, asked))
        self._leader.wake()
        return job

    def get(self, job_id: str) -> StoredJob | None:
        """The job with an id, if it is kept."""
        return self._jobs.get(job_id)

    def list(self) -> Sequence[StoredJob]:
        """All jobs that are kept, the newest first."""
        return self._jobs.list()

    def find_last(self, kind: str, topic: str, state: State | None = None) -> StoredJob | None:
        """The newest job of a kind and topic; see `JobBoard`."""
        return self._jobs.find_last(kind, topic, state)

    def read_text(self, job_id: str) -> str | None:
        """The report that a job wrote, if it is kept."""
        return self._jobs.read_text(job_id)

    def cancel(self, job_id: str) -> StoredJob:
        """End a job; what it has done is kept."""
        return self._end(job_id, is_paused=False)

    def pause(self, job_id: str) -> StoredJob:
        """End a job so that it can be resumed."""
        return self._end(job_id, is_paused=True)

    def resume(self, job_id: str) -> StoredJob:
        """Do the work of a job again that was paused or interrupted; see `JobBoard`."""
        resumed = self._jobs.resume(job_id, make_id())
        self._leader.wake()
        return resumed

    def close(self) -> None:
        """End what runs in this server, and let another one lead."""
        self._leader.close()

    def _end(self, job_id: str, *, is_paused: bool) -> StoredJob:
        ended = self._jobs.end(job_id, is_paused=is_paused)
        self._leader.wake()
        return ended
