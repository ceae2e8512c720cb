"""Runs long work in a thread, with progress that can be read and a way to cancel it."""

import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Literal, Self

from mvsearch.search.web.problems import find_status, name_error
from mvsearch.store.errors import LibraryBusyError, MvsearchError
from mvsearch.store.unicode import printable

State = Literal["running", "done", "cancelled", "failed"]

MAX_JOBS = 50
MAX_LINES = 100
# Of jobs at once, and of the reports that are kept.
MAX_RUNNING = 4
MAX_TEXTS = 4

# Does the work: gets the job for its progress, and returns JSON.
Work = Callable[["Job"], dict[str, Any]]


class Job:
    """One piece of long work; it is the `Progress` of that work.

    Attributes:
        cancel: set it to end the work.
        version: grows with each change.
        text: of a report, which is asked for by itself.
        work: what it does, and does again when it is resumed.
        is_paused: whether it was ended to be resumed.
    """

    def __init__(self, kind: str, work: Work | None = None, *, is_writing: bool = True) -> None:
        self.id = secrets.token_urlsafe(12)
        self.kind = kind
        self.is_writing = is_writing
        self.text: str | None = None
        self.work = work
        self.is_paused = False
        self.cancel = threading.Event()
        self.version = 0
        self._state: State = "running"
        self._stages: dict[str, dict[str, Any]] = {}
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._n_lines = 0
        self._result: dict[str, Any] | None = None
        self._problem: dict[str, Any] | None = None
        self._lock = threading.Lock()

    @property
    def is_running(self) -> bool:
        """Whether the work goes on."""
        return self._state == "running"

    def to_dict(self) -> dict[str, Any]:
        """The job as the API tells it."""
        with self._lock:
            return {
                "id": self.id,
                "kind": self.kind,
                "state": self._state,
                "stages": [{"stage": name, **one} for name, one in self._stages.items()],
                "lines": list(self._lines),
                "n_lines": self._n_lines,
                "result": self._result,
                "problem": self._problem,
                "is_paused": self.is_paused,
            }

    def begin(self, stage: str, total: int, unit: str = "files") -> None:
        """Begin a stage."""
        with self._lock:
            self._stages[stage] = {"done": 0, "total": total, "unit": unit, "share": None}
            self.version += 1

    def advance(self, stage: str) -> None:
        """Count a unit of a stage."""
        with self._lock:
            self._stages[stage]["done"] += 1
            self.version += 1

    def measure(self, stage: str, done: float, total: float) -> None:
        """Set the share of the work that is done."""
        with self._lock:
            share = min(done / total, 1.0) if total > 0 else None
            self._stages[stage]["share"] = None if share is None else round(share, 4)
            self.version += 1

    def note(self, message: str) -> None:
        """Keep a line."""
        with self._lock:
            self._lines.append(printable(message))
            self._n_lines += 1
            self.version += 1

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tidy."""

    def run(self, work: Work) -> None:
        """Do the work, and keep its result or what went wrong."""
        state, result, problem = _attempt(work, self)
        with self._lock:
            # First: a reader of the state, which takes no lock, must not take it for told already.
            self.version += 1
            self._state, self._result, self._problem = state, result, problem


class Jobs:
    """The jobs of a server; one at a time changes the library, as one process writes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, kind: str, work: Work, *, is_writing: bool = True) -> Job:
        """Start work in a thread.

        Args:
            kind: of the work.
            work: is done.
            is_writing: whether it changes the library.

        Raises:
            LibraryBusyError: another job is writing, or enough are running.
        """
        with self._lock:
            running = [job for job in self._kept.values() if job.is_running]
            if len(running) >= MAX_RUNNING or (is_writing and any(o.is_writing for o in running)):
                raise LibraryBusyError("another job is running: wait for its end, or cancel it")
            job = Job(kind, work, is_writing=is_writing)
            self._kept[job.id] = job
            self._forget()
        threading.Thread(target=job.run, args=(work,), name=f"job-{kind}", daemon=True).start()
        return job

    def _forget(self) -> None:
        """Forget old jobs, and the texts of those before."""
        over = [job for job in self._kept.values() if not job.is_running]
        for job in over[: max(len(self._kept) - MAX_JOBS, 0)]:
            del self._kept[job.id]
        for job in [job for job in over if job.text is not None][:-MAX_TEXTS]:
            job.text = None

    def resume(self, job: Job) -> Job:
        """Do the work of a paused job again; what it had done is kept, and not done again.

        Raises:
            LibraryBusyError: it is still ending, or another job is writing.
            MvsearchError: it is not paused.
        """
        if not job.is_paused or job.work is None:
            raise MvsearchError("the job is not paused")
        if job.is_running:
            raise LibraryBusyError("the job is still ending: wait a moment")
        resumed = self.start(job.kind, job.work, is_writing=job.is_writing)
        job.is_paused = False
        return resumed

    def get(self, job_id: str) -> Job | None:
        """The job with an id, if it is kept."""
        with self._lock:
            return self._kept.get(job_id)

    def list(self) -> list[Job]:
        """All jobs that are kept, the newest first."""
        with self._lock:
            return list(reversed(self._kept.values()))

    def find_running(self, kind: str) -> str:
        """The id of the newest running job of a kind; empty for none."""
        return next((job.id for job in self.list() if job.kind == kind and job.is_running), "")

    def cancel_all(self) -> None:
        """End all work."""
        for job in self.list():
            job.cancel.set()


def _attempt(work: Work, job: Job) -> tuple[State, dict[str, Any] | None, dict[str, Any] | None]:
    """Do the work: the state it ends in, its result, and the problem."""
    try:
        result = work(job)
    except MvsearchError as error:
        problem = {
            "status": find_status(error),
            "detail": printable(error),
            **name_error(error),
        }
        return ("cancelled" if job.cancel.is_set() else "failed"), None, problem
    except Exception as error:  # noqa: BLE001  the thread's end must not leave a running job
        job.note(f"{type(error).__name__}")
        return "failed", None, {"status": 500, "detail": "an error of mvsearch itself"}
    return ("cancelled" if job.cancel.is_set() else "done"), result, None
