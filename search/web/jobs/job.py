"""Runs one piece of long work, with progress that can be read and a way to cancel it."""

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Self

from mvsearch.search.web.jobs.board import MAX_LINES, Asked, State
from mvsearch.search.web.problems import find_status, name_error
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import timing
from mvsearch.store.servers.records import UNFINISHED, JobEnd
from mvsearch.store.unicode import printable

logger = logging.getLogger(__name__)

# Does the work: gets the job for its progress, and returns JSON.
Work = Callable[["Job"], dict[str, Any]]


class Job:
    """One piece of long work; it is the `Progress` of that work.

    Attributes:
        cancel: set it to end the work.
        version: grows with each change.
        text: of a report, which is asked for by itself.
        asked: what to do, also when it is resumed.
        is_paused: whether it was ended to be resumed.
    """

    def __init__(
        self,
        kind: str,
        asked: Asked = MappingProxyType({}),
        *,
        topic: str = "",
        is_writing: bool = True,
        job_id: str | None = None,
    ) -> None:
        self.id = job_id or make_id()
        self.kind = kind
        self.topic = topic
        self.asked = asked
        self.is_writing = is_writing
        self.text: str | None = None
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
    def state(self) -> State:
        """How far it is."""
        return self._state

    @property
    def is_running(self) -> bool:
        """Whether the work goes on."""
        return self._state in UNFINISHED

    @property
    def result(self) -> dict[str, Any] | None:
        """What the work returned."""
        return self._result

    def to_dict(self) -> dict[str, Any]:
        """The job as the API tells it."""
        told = self.tell()
        with self._lock:
            return {
                "id": self.id,
                "kind": self.kind,
                "state": self._state,
                **told,
                "result": self._result,
                "problem": self._problem,
                "is_paused": self.is_paused,
            }

    def tell(self) -> dict[str, Any]:
        """How far it is: its stages and its lines."""
        with self._lock:
            return {
                "stages": [{"stage": name, **one} for name, one in self._stages.items()],
                "lines": list(self._lines),
                "n_lines": self._n_lines,
            }

    def describe_end(self) -> JobEnd:
        """How it ended, or how far it is, as other servers are told."""
        told = self.tell()
        with self._lock:
            return JobEnd(self._state, told, self._result, self._problem, self.text)

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
        with naming(job_id=self.id), timing("job", kind=self.kind):
            logger.info("job begins: %s", self.kind)
            state, result, problem = _attempt(work, self)
            logger.info("job has ended: %s", state)
        with self._lock:
            # First: a reader of the state, which takes no lock, must not take it for told already.
            self.version += 1
            self._state, self._result, self._problem = state, result, problem


def make_id() -> str:
    """The id of a new job, which cannot be guessed."""
    return secrets.token_urlsafe(12)


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
    except Exception as error:  # the thread's end must not leave a running job
        job.note(f"{type(error).__name__}")
        logger.exception("job has failed: %s", job.kind)
        return "failed", None, {"status": 500, "detail": "an error of mvsearch itself"}
    return ("cancelled" if job.cancel.is_set() else "done"), result, None
