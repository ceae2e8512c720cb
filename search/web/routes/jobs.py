"""The endpoints of jobs: index runs that are started, watched and cancelled."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from mvsearch.search.web.index_process import index_apart
from mvsearch.search.web.jobs import Job
from mvsearch.search.web.options import check_folder
from mvsearch.search.web.requests import IndexRequest
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.store.errors import NoLibraryError

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

POLL_SECONDS = 0.25
# Proxies close connections on which nothing is sent.
QUIET_POLLS = 40
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events named job.", "content": {"text/event-stream": {}}}
}


@router.get("")
def list_jobs(served: ServedLibrary) -> list[dict[str, Any]]:
    """The jobs since the start of the server, the newest first."""
    return [job.to_dict() for job in served.jobs.list()]


@router.post("/index", status_code=202, dependencies=[Depends(check_writable)])
def start_index(served: ServedLibrary, asked: IndexRequest) -> dict[str, Any]:
    """Index folders and files on the server; videos can be found while the run goes on."""
    roots = served.list_roots()
    places = [check_folder(Path(path), roots) for path in asked.paths]
    return served.jobs.start("index", lambda job: _index(served, job, places, asked)).to_dict()


@router.get("/{job_id}")
def show_job(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """The state of a job."""
    return _find(served, job_id).to_dict()


@router.delete("/{job_id}", dependencies=[Depends(check_writable)])
def cancel_job(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """End a job; what it has done is kept."""
    job = _find(served, job_id)
    job.cancel.set()
    return job.to_dict()


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=_EVENTS)
def watch_job(served: ServedLibrary, job_id: str) -> StreamingResponse:
    """The state of a job whenever it changes, as server-sent events, until its end."""
    events = _write_events(_find(served, job_id))
    return StreamingResponse(events, media_type="text/event-stream")


def _index(served: Served, job: Job, places: list[Path], asked: IndexRequest) -> dict[str, Any]:
    try:
        profile = served.library.profile
    except NoLibraryError:
        profile = None
    return index_apart(served.library.folder, profile, places, asked.to_arguments(), job)


def _find(served: Served, job_id: str) -> Job:
    job = served.jobs.get(job_id)
    if job is None:
        raise HTTPException(404, "there is no such job")
    return job


async def _write_events(job: Job) -> AsyncIterator[str]:
    """An event for each state that differs from the one before."""
    seen, n_quiet = -1, 0
    while True:
        is_running, version = job.is_running, job.version
        if version != seen:
            seen, n_quiet = version, 0
            yield f"event: job\ndata: {json.dumps(job.to_dict())}\n\n"
        if not is_running:
            return
        n_quiet += 1
        if n_quiet % QUIET_POLLS == 0:
            yield ": waiting\n\n"
        await asyncio.sleep(POLL_SECONDS)
