"""Does the jobs of several servers while this one leads, and tells their progress.

A server that loses the database goes on with its jobs: whether another one leads by then, and has
told that they were interrupted, is seen when the database is found again.
"""

import logging
import threading
import time
from dataclasses import dataclass, replace

from mvsearch.search.web.jobs.job import Job
from mvsearch.search.web.jobs.jobs import Do
from mvsearch.store.errors import MvsearchError
from mvsearch.store.servers.jobs import INTERRUPTED, SharedJobs
from mvsearch.store.servers.leadership import Leadership
from mvsearch.store.servers.records import JobEnd, JobOrder

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
# For what runs when the server ends; then it is left, and told as interrupted.
END_SECONDS = 10.0


@dataclass(slots=True)
class _Running:
    """A job that this server does.

    Attributes:
        told: the version of the job that was stored last.
    """

    job: Job
    thread: threading.Thread
    told: int = -1


class Leader:
    """A thread that leads if no other server does, and does the jobs then.

    Args:
        name: of this server, among the servers of all times.
        jobs: that the servers share.
        leadership: of this server.
        do: does the work of a job.
        stopping: is set when this server is told to end.
        beat_seconds: how often it looks.
    """

    def __init__(
        self,
        name: str,
        jobs: SharedJobs,
        leadership: Leadership,
        do: Do,
        stopping: threading.Event,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._name = name
        self._jobs = jobs
        self._leadership = leadership
        self._do = do
        self._stopping = stopping
        self._beat_seconds = beat_seconds
        self._running: dict[str, _Running] = {}
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader", daemon=True)
        self._was_leading = False
        self._problem = ""

    @property
    def is_leading(self) -> bool:
        """Whether this server does the jobs."""
        return self._leadership.is_leading

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def close(self) -> None:
        """Wait until another server may lead."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(2 * END_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._beat()
                self._problem = ""
            except MvsearchError as error:
                self._was_leading = False
                self._say_once(str(error))
            except Exception:
                # The thread's end would leave all jobs of all servers waiting.
                self._was_leading = False
                logger.exception("jobs could not be looked at")
            self._woken.wait(self._beat_seconds)
            self._woken.clear()
        self._hand_over()

    def _beat(self) -> None:
        """Lead if nobody does; take what waits, and tell how it goes on.

        Raises:
            MvsearchError: the database cannot be reached.
        """
        is_leading = self._leadership.hold()
        if is_leading and not self._was_leading:
            logger.info("this server leads: it does the jobs")
            for job_id in self._jobs.interrupt_lost(self._name, self._running.keys()):
                logger.warning("job %s: nobody does it any more", job_id)
        self._was_leading = is_leading
        if is_leading:
            for order in self._jobs.take_orders(self._name):
                self._start(order)
        self._tell()

    def _start(self, order: JobOrder) -> None:
        job = Job(
            order.kind,
            order.asked,
            topic=order.topic,
            is_writing=order.is_writing,
            job_id=order.id,
        )
        thread = threading.Thread(
            target=job.run, args=(self._do,), name=f"job-{order.kind}", daemon=True
        )
        thread.start()
        self._running[job.id] = _Running(job, thread)

    def _tell(self) -> None:
        """Store how far each job is, and end those that are to end.

        Raises:
            MvsearchError: the database cannot be reached.
        """
        wanted = self._jobs.find_ending(self._name) if self._running else {}
        for running in list(self._running.values()):
            job = running.job
            if job.id not in wanted:  # another server leads, and has told that it was interrupted
                logger.warning("job %s was given up: another server leads", job.id)
                job.cancel.set()
                del self._running[job.id]
                continue
            if wanted[job.id]:
                job.cancel.set()
            version = job.version
            if not job.is_running:
                self._finish(running, job.describe_end())
            elif version != running.told:
                self._jobs.tell(job.id, self._name, job.tell())
                running.told = version

    def _finish(self, running: _Running, ended: JobEnd) -> None:
        job = running.job
        self._jobs.finish(job.id, self._name, ended)
        del self._running[job.id]

    def _hand_over(self) -> None:
        """End what runs, tell it, and let another server lead."""
        wanted = set[str]()
        try:
            if self._running:
                ending = self._jobs.find_ending(self._name)
                wanted = {job_id for job_id, is_ending in ending.items() if is_ending}
            until = time.monotonic() + END_SECONDS
            for running in self._running.values():
                running.job.cancel.set()
            for job_id, running in list(self._running.items()):
                running.thread.join(max(until - time.monotonic(), 0.0))
                self._finish(running, self._describe_end(running.job, is_wanted=job_id in wanted))
        except MvsearchError as error:  # whoever leads next tells what was interrupted
            self._say_once(str(error))
        finally:
            self._leadership.release()

    @staticmethod
    def _describe_end(job: Job, *, is_wanted: bool) -> JobEnd:
        """How a job ended with its server: of itself, by request, or interrupted."""
        ended = job.describe_end()
        if ended.state in ("done", "failed"):
            return ended
        if is_wanted:
            return replace(ended, state="cancelled")
        return JobEnd("interrupted", ended.told, problem=INTERRUPTED)

    def _say_once(self, problem: str) -> None:
        if problem != self._problem:
            logger.warning("the jobs wait: %s", problem)
        self._problem = problem
