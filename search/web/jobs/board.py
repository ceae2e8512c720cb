"""What the endpoints ask of jobs, whether they run in this process or in one of several."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mvsearch.store.servers.records import JobState

# The JSON of a request; whoever does the work needs nothing else.
Asked = Mapping[str, Any]
# "queued" and "interrupted" are of jobs that several servers share.
State = JobState

MAX_JOBS = 50
MAX_LINES = 100
# Of jobs at once, and of the reports that are kept.
MAX_RUNNING = 4
MAX_TEXTS = 4
# What pages show of the last job of these kinds and topics is kept longer than others.
LASTING = frozenset({("versions", "all"), ("evaluate", "one"), ("evaluate", "comparison")})


class AnyJob(Protocol):
    """A job, as it is or as it was when it was read."""

    @property
    def id(self) -> str:
        """What it is called."""
        ...

    @property
    def kind(self) -> str:
        """What it does; see `works`."""
        ...

    @property
    def topic(self) -> str:
        """What it is about, among the jobs of its kind."""
        ...

    @property
    def is_writing(self) -> bool:
        """Whether it changes the library."""
        ...

    @property
    def state(self) -> State:
        """How far it is."""
        ...

    @property
    def is_paused(self) -> bool:
        """Whether it was ended to be resumed."""
        ...

    @property
    def is_running(self) -> bool:
        """Whether its end is to come."""
        ...

    @property
    def version(self) -> int:
        """A number that grows with each change."""
        ...

    @property
    def result(self) -> dict[str, Any] | None:
        """What the work returned."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The job as the API tells it."""
        ...


class JobBoard(Protocol):
    """The jobs of a library; one at a time changes it."""

    @property
    def is_leading(self) -> bool:
        """Whether this server does the jobs."""
        ...

    def start(self, kind: str, asked: Asked, *, topic: str = "", is_writing: bool = True) -> AnyJob:
        """Start work, or let it wait for the server that does it.

        Args:
            kind: of the work; see `works`.
            asked: what to do.
            topic: what the job is about, among those of its kind.
            is_writing: whether it changes the library.

        Raises:
            LibraryBusyError: another job is writing, or enough are running.
        """
        ...

    def get(self, job_id: str) -> AnyJob | None:
        """The job with an id, if it is kept."""
        ...

    def list(self) -> Sequence[AnyJob]:
        """All jobs that are kept, the newest first."""
        ...

    def find_last(self, kind: str, topic: str, state: State | None = None) -> AnyJob | None:
        """The newest job of a kind and topic, if one is kept; one in a state where it is given."""
        ...

    def read_text(self, job_id: str) -> str | None:
        """The report that a job wrote, if it is kept."""
        ...

    def cancel(self, job_id: str) -> AnyJob:
        """End a job; what it has done is kept."""
        ...

    def pause(self, job_id: str) -> AnyJob:
        """End a job so that it can be resumed."""
        ...

    def resume(self, job_id: str) -> AnyJob:
        """Do the work of a job again that was paused; what it had done is not done again.

        Raises:
            LibraryBusyError: it is still ending, or another job is writing.
            MvsearchError: it is not paused.
        """
        ...

    def close(self) -> None:
        """End what runs in this process."""
        ...


def find_running(jobs: JobBoard, kind: str) -> str:
    """The id of the newest running job of a kind; empty for none."""
    return next((job.id for job in jobs.list() if job.kind == kind and job.is_running), "")
