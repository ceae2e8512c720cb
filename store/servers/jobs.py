"""The jobs that several servers share: each may be started, followed and ended at any of them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.orm import Session, load_only

from mvsearch.store.database.connection import Database, DatabaseReader
from mvsearch.store.errors import LibraryBusyError, MvsearchError
from mvsearch.store.servers.records import (
    UNFINISHED,
    JobEnd,
    JobLimits,
    JobOrder,
    JobState,
    StoredJob,
)
from mvsearch.store.servers.tables import JobRow

INTERRUPTED = {
    "status": 503,
    "detail": "the server that did this job has ended: start it again",
    "error": "MvsearchError",
}
_SHOWN = (
    JobRow.id,
    JobRow.kind,
    JobRow.topic,
    JobRow.is_writing,
    JobRow.state,
    JobRow.version,
    JobRow.is_paused,
    JobRow.told,
    JobRow.result,
    JobRow.problem,
)


class SharedJobs(DatabaseReader):
    """The table of jobs.

    Args:
        database: of the library.
        limits: how many jobs there may be.
    """

    def __init__(self, database: Database, limits: JobLimits) -> None:
        super().__init__(database)
        self._limits = limits

    def add(self, order: JobOrder) -> StoredJob:
        """Let a job wait for the server that does jobs.

        Raises:
            LibraryBusyError: another job changes the library as well, or enough are running.
        """
        with self._changing() as session:
            self._insert(session, order)
        return self.take(order.id)

    def get(self, job_id: str) -> StoredJob | None:
        """The job with an id, if it is kept."""
        return next(self._read(select(JobRow).where(JobRow.id == job_id)), None)

    def take(self, job_id: str) -> StoredJob:
        """The job with an id.

        Raises:
            MvsearchError: it is not kept any more.
        """
        job = self.get(job_id)
        if job is None:
            raise MvsearchError("the job is not kept any more")
        return job

    def list(self) -> Sequence[StoredJob]:
        """All jobs that are kept, the newest first."""
        return list(self._read(select(JobRow).order_by(JobRow.number.desc())))

    def find_last(self, kind: str, topic: str, state: str | None = None) -> StoredJob | None:
        """The newest job of a kind and topic, and of a state where one is given."""
        query = select(JobRow).where(JobRow.kind == kind, JobRow.topic == topic)
        if state is not None:
            query = query.where(JobRow.state == state)
        return next(self._read(query.order_by(JobRow.number.desc()).limit(1)), None)

    def read_text(self, job_id: str) -> str | None:
        """The report that a job wrote, if it is kept."""
        with self._database.reading() as session:
            found = session.scalar(select(JobRow.text).where(JobRow.id == job_id))
        return None if found is None else found.decode("utf-8", "surrogateescape")

    def end(self, job_id: str, *, is_paused: bool) -> StoredJob:
        """Ask the server that does a job to end it; one that still waits has ended.

        Args:
            job_id: of the job.
            is_paused: whether it is to be resumed.

        Raises:
            MvsearchError: it is not kept any more.
        """
        with self._changing() as session:
            row = session.get(JobRow, job_id, with_for_update=True)
            if row is not None:
                row.is_paused, row.version = is_paused, row.version + 1
                row.is_cancelled = True
                if row.state == "queued":
                    row.state = "cancelled"
        return self.take(job_id)

    def resume(self, job_id: str, new_id: str) -> StoredJob:
        """Let a job that was paused or interrupted wait again, as a new one.

        Raises:
            LibraryBusyError: it is still ending, or another job is in the way.
            MvsearchError: it was neither.
        """
        with self._changing() as session:
            row = session.get(JobRow, job_id, with_for_update=True)
            if row is None or not (row.is_paused or row.state == "interrupted"):
                raise MvsearchError("the job is not paused")
            if row.state in UNFINISHED:
                raise LibraryBusyError("the job is still ending: wait a moment")
            self._insert(session, _to_order(row, new_id))
            row.is_paused, row.version = False, row.version + 1
            if row.state == "interrupted":
                row.state, row.problem = "cancelled", None
        return self.take(new_id)

    def take_orders(self, runner: str) -> Sequence[JobOrder]:
        """Take all jobs that wait; they are done by this server then."""
        waiting = select(JobRow).where(JobRow.state == "queued").order_by(JobRow.number)
        with (
            self._database.reading() as session
        ):  # seldom one waits, and a lock keeps others waiting
            if session.scalar(select(waiting.exists())) is not True:
                return []
        with self._changing() as session:
            rows = session.scalars(waiting.with_for_update()).all()
            for row in rows:
                row.state, row.runner, row.version = "running", runner, row.version + 1
            return [_to_order(row, row.id) for row in rows]

    def tell(self, job_id: str, runner: str, told: Mapping[str, Any]) -> bool | None:
        """Store the progress of a job.

        Returns:
            Whether it is to end; None if it is not this server's any more.
        """
        with self._database.writing() as session:
            own = JobRow.id == job_id, JobRow.runner == runner, JobRow.state == "running"
            change = update(JobRow).where(*own).returning(JobRow.is_cancelled)
            return session.scalar(change.values(told=_write(told), version=JobRow.version + 1))

    def find_ending(self, runner: str) -> Mapping[str, bool]:
        """The jobs of a server, each with whether it is to end."""
        query = select(JobRow.id, JobRow.is_cancelled)
        with self._database.reading() as session:
            found = session.execute(query.where(JobRow.runner == runner, JobRow.state == "running"))
            return {row.id: row.is_cancelled for row in found}

    def finish(self, job_id: str, runner: str, ended: JobEnd) -> bool:
        """Store how a job ended; whether it was still this server's."""
        values = {name: value for name, value in asdict(ended).items() if name != "state"}
        text_ = values.pop("text")
        stored = {name: None if value is None else _write(value) for name, value in values.items()}
        if text_ is not None:
            stored["text"] = text_.encode("utf-8", "surrogateescape")
        with self._changing() as session:
            own = JobRow.id == job_id, JobRow.runner == runner, JobRow.state == "running"
            change = update(JobRow).where(*own).returning(JobRow.id)
            values = {**stored, "state": ended.state, "version": JobRow.version + 1}
            is_own = session.scalar(change.values(values)) is not None
            self._tidy(session)
        return is_own

    def interrupt_lost(self, runner: str, known: Collection[str] = ()) -> Sequence[str]:
        """Tell that what nobody does any more was interrupted; the ids.

        A job that was to end has ended.

        Args:
            runner: the server that leads now; others do no jobs any more.
            known: the jobs that it does. It took others where the link was lost meanwhile.
        """
        is_other = (JobRow.runner != runner) | JobRow.id.not_in(known)
        lost = JobRow.state == "running", is_other
        with self._changing() as session:
            ended = update(JobRow).where(*lost, JobRow.is_cancelled).returning(JobRow.id)
            found = list(
                session.scalars(ended.values(state="cancelled", version=JobRow.version + 1))
            )
            others = update(JobRow).where(*lost).returning(JobRow.id)
            values = {"state": "interrupted", "problem": _write(INTERRUPTED)}
            change = others.values(**values, version=JobRow.version + 1)
            return [*found, *session.scalars(change)]

    def _read(self, query: Select[JobRow]) -> Iterator[StoredJob]:
        with self._database.reading() as session:
            rows = session.scalars(query.options(load_only(*_SHOWN))).all()
            return iter([_to_job(row) for row in rows])

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        """A transaction that changes the list of jobs; one at a time does."""
        with self._database.writing() as session:
            session.execute(text("LOCK TABLE job IN SHARE ROW EXCLUSIVE MODE"))
            yield session

    def _insert(self, session: Session, order: JobOrder) -> None:
        running = session.execute(
            select(func.count(), func.count().filter(JobRow.is_writing)).where(
                JobRow.state.in_(UNFINISHED)
            )
        ).one()
        n_running, n_writing = running
        if n_running >= self._limits.n_running or (order.is_writing and n_writing):
            raise LibraryBusyError("another job is running: wait for its end, or cancel it")
        given = asdict(order) | {"asked": _write(order.asked)}
        session.add(JobRow(**given, state="queued"))
        session.flush()

    def _tidy(self, session: Session) -> None:
        """Forget old jobs, and the texts of those before."""
        query = select(JobRow.id, JobRow.kind, JobRow.topic, JobRow.state, JobRow.text.is_not(None))
        rows = session.execute(query.order_by(JobRow.number.desc())).all()
        seen: set[tuple[str, str]] = set()
        over, texts = list[str](), list[str]()
        for job_id, kind, topic, state, has_text in rows:
            is_lasting = (kind, topic) in self._limits.lasting and state == "done"
            if state in UNFINISHED or (is_lasting and (kind, topic) not in seen):
                seen |= {(kind, topic)} if state not in UNFINISHED else set()
                continue
            over.append(job_id)
            texts += [job_id] * has_text
        gone = over[max(self._limits.n_kept - (len(rows) - len(over)), 0) :]
        session.execute(delete(JobRow).where(JobRow.id.in_(gone)))
        old = texts[self._limits.n_texts :]
        session.execute(update(JobRow).where(JobRow.id.in_(old)).values(text=None))


def _to_order(row: JobRow, job_id: str) -> JobOrder:
    return JobOrder(job_id, row.kind, row.topic, row.is_writing, json.loads(row.asked))


def _to_job(row: JobRow) -> StoredJob:
    return StoredJob(
        row.id,
        row.kind,
        row.topic,
        row.is_writing,
        cast(JobState, row.state),
        row.version,
        row.is_paused,
        json.loads(row.told),
        None if row.result is None else json.loads(row.result),
        None if row.problem is None else json.loads(row.problem),
    )


def _write(value: Any) -> str:
    """JSON in ASCII, which any text of a database can hold."""
    return json.dumps(value, ensure_ascii=True)
