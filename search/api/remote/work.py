"""Runs long work as a job of a server, and tells its progress here."""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

from mvsearch.search.api.remote.requests.problems import make_error
from mvsearch.search.api.remote.requests.records import read
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.api.watching import AnyProgress, Watched
from mvsearch.store.errors import CancelledError, LibraryUnreachableError, MvsearchError
from mvsearch.store.unicode import printable

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, GROWTH = 0.05, 0.5, 1.4
# For which the database of a server may be lost while a job is followed.
PATIENCE_SECONDS = 30.0
MAX_UNITS = 10**7


@dataclass(frozen=True, slots=True)
class JobStage:
    """A stage of a job: how many of its units are done, or which share of it."""

    stage: str
    done: int
    total: int
    unit: str
    share: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 0 <= self.done <= MAX_UNITS or not 0 <= self.total <= MAX_UNITS:
            raise ValueError(f"a stage has 0 to {MAX_UNITS} units: {self.done} of {self.total}")


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job of a server.

    Attributes:
        lines: the last ones.
        n_lines: the number of all lines.
        result: of work that came to an end.
        problem: why it did not.
    """

    id: str
    state: Literal["queued", "running", "done", "cancelled", "failed", "interrupted"]
    stages: Sequence[JobStage] = ()
    lines: Sequence[str] = ()
    n_lines: int = 0
    result: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its end is to come; a queued one waits for the server that does jobs."""
        return self.state in ("queued", "running")


def run_job(
    server: Server,
    kind: str,
    given: Mapping[str, Any],
    progress: AnyProgress,
    cancel: threading.Event | None,
    *,
    leaves: Literal["nothing", "result"] = "nothing",
) -> JobState:
    """Start a job and wait for its end; `cancel` and `close` end it there, as errors here do.

    Args:
        server: does the work.
        kind: of the job.
        given: the request.
        progress: is told what the job tells.
        cancel: when set, ends the job.
        leaves: what cancelled work leaves.

    Returns:
        The job with its result.

    Raises:
        CancelledError: it was cancelled, and leaves nothing.
        MvsearchError: the work failed.
    """
    with server.calls.using(), server.calls.watching(progress, cancel) as watched:
        job = read(JobState, server.send("POST", f"jobs/{kind}", dict(given)))
        place = f"jobs/{quote(job.id, safe='')}"
        try:
            job = _follow(server, place, job, watched)
            if job.problem is not None and job.state != "cancelled":
                raise make_error(job.problem, read(int, job.problem.get("status", 500)))
            if job.result is None or (leaves == "nothing" and watched.stop.is_set()):
                raise CancelledError
            return job
        except BaseException:
            if job.is_running:
                with suppress(MvsearchError):
                    server.send("DELETE", place)
            raise


def _follow(server: Server, place: str, job: JobState, watched: Watched) -> JobState:
    """Ask for the state until the work ends, and forward what is new in it."""
    forwarded = Forwarded()
    pause, is_cancelled = FIRST_PAUSE_SECONDS, False
    lost_at: float | None = None
    while True:
        if not watched.stop.is_set():
            with suppress(CancelledError):
                forwarded.update(job, watched)
        if not job.is_running:
            return job
        if watched.stop.is_set() and not is_cancelled:
            server.send("DELETE", place)
            is_cancelled = True
        threading.Event().wait(pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
        try:
            job, lost_at = read(JobState, server.get(place)), None
        except LibraryUnreachableError:  # the work goes on, and its state is asked for again
            lost_at = lost_at or time.monotonic()
            if time.monotonic() - lost_at > PATIENCE_SECONDS:
                raise


def read_text(server: Server, job: JobState) -> str:
    """The text that a job wrote."""
    content = server.fetch("GET", f"jobs/{quote(job.id, safe='')}/text").content
    return content.decode("utf-8", "surrogateescape")


class Forwarded:
    """What of a job was told already."""

    def __init__(self) -> None:
        self._stages: dict[str, JobStage] = {}
        self._n_lines = 0

    def update(self, job: JobState, watched: Watched) -> None:
        """Tell what is new.

        Raises:
            CancelledError: the work was cancelled meanwhile.
        """
        for stage in job.stages:
            self._tell_stage(stage, watched)
        n_new = min(max(job.n_lines - self._n_lines, 0), len(job.lines))
        self._n_lines = job.n_lines
        for line in job.lines[len(job.lines) - n_new :]:
            watched.note(printable(line))

    def _tell_stage(self, stage: JobStage, watched: Watched) -> None:
        name = printable(stage.stage)
        told = self._stages.get(name)
        if told is None or stage.done < told.done or stage.total != told.total:
            told = replace(stage, done=0, share=None)
            watched.begin(name, stage.total, printable(stage.unit))
        self._stages[name] = stage
        if stage.share is not None and stage.share != told.share:
            watched.measure(name, stage.share, 1.0)
        for _ in range(stage.done - told.done):
            watched.advance(name)
