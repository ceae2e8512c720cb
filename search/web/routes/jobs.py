"""The endpoints of jobs: index runs that are started, watched and cancelled."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from mvsearch.search.web.jobs.board import AnyJob
from mvsearch.search.web.jobs.job_requests import (
    EvaluateRequest,
    IndexRequest,
    SimilarReportRequest,
    TranscribeRequest,
    VersionsReportRequest,
    VersionsRequest,
)
from mvsearch.search.web.options import check_folder
from mvsearch.search.web.requests import Strict
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.store.errors import LibraryBusyError, LibraryUnreachableError, NoLibraryError

# Files that changed just now wait for the next sweep.
SETTLE_SECONDS = 10.0

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

POLL_SECONDS = 0.25
# Proxies close connections on which nothing is sent.
QUIET_POLLS = 40
# nginx collects what it passes on unless it is told.
_EVENT_HEADERS = {"X-Accel-Buffering": "no"}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events named job.", "content": {"text/event-stream": {}}}
}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report, whatever its format.", "content": {"text/plain": {}}}
}


@router.get("")
def list_jobs(served: ServedLibrary) -> list[dict[str, Any]]:
    """The jobs that are kept, the newest first: since the start of the server, or of several."""
    return [job.to_dict() for job in served.jobs.list()]


@router.post("/index", status_code=202, dependencies=[Depends(check_writable)])
def start_index(served: ServedLibrary, asked: IndexRequest) -> dict[str, Any]:
    """Index folders and files on the server; videos can be found while the run goes on."""
    roots = served.list_roots()
    places = [check_folder(Path(path), roots) for path in asked.paths]
    return start_run(served, places, asked).to_dict()


@router.post("/transcribe", status_code=202, dependencies=[Depends(check_writable)])
def start_transcription(served: ServedLibrary, asked: TranscribeRequest) -> dict[str, Any]:
    """Transcribe lyrics that no other source had."""
    return served.jobs.start("transcribe", to_json(asked)).to_dict()


@router.post("/versions", status_code=202)
def start_versions(served: ServedLibrary, asked: VersionsRequest | None = None) -> dict[str, Any]:
    """Look for versions, without a body in the whole library; the result is that of `/versions`."""
    given = asked or VersionsRequest()
    topic = "part" if served.to_filter(given.filter) else "all"  # the review shows all
    started = served.jobs.start("versions", to_json(given), topic=topic, is_writing=False)
    return started.to_dict()


@router.post("/versions-report", status_code=202)
def start_versions_report(served: ServedLibrary, asked: VersionsReportRequest) -> dict[str, Any]:
    """Write a report of the versions; `/jobs/{id}/text` has it."""
    served.to_filter(asked.filter)  # refuses one that no video can meet
    return served.jobs.start("versions-report", to_json(asked), is_writing=False).to_dict()


@router.post("/similar-report", status_code=202)
def start_similar_report(served: ServedLibrary, asked: SimilarReportRequest) -> dict[str, Any]:
    """Write a report of similar songs; `/jobs/{id}/text` has it."""
    served.to_filter(asked.filter)
    return served.jobs.start("similar-report", to_json(asked), is_writing=False).to_dict()


@router.post("/evaluate", status_code=202)
def start_evaluation(
    request: Request, served: ServedLibrary, asked: EvaluateRequest
) -> dict[str, Any]:
    """Measure retrieval quality; `/jobs/{id}/text` has each outcome, as JSON."""
    if asked.profiles:
        check_writable(request)
    asked.to_sample()  # refuses a length or a distortion that is none
    # The page of quality shows the last one, and the last comparison.
    topic = {0: "one", 1: ""}.get(len(asked.profiles), "comparison")
    is_writing = bool(asked.profiles)
    started = served.jobs.start("evaluate", to_json(asked), topic=topic, is_writing=is_writing)
    return started.to_dict()


@router.get("/{job_id}/text", response_class=Response, responses=_TEXT)
def show_text(served: ServedLibrary, job_id: str) -> Response:
    """The text of a report that is complete; the last four are kept."""
    text = served.jobs.read_text(_find(served, job_id).id)
    if text is None:
        raise HTTPException(404, "there is no text of this job, or none any more")
    content = text.encode("utf-8", "surrogateescape")
    return Response(content, media_type="text/plain; charset=utf-8")


@router.get("/{job_id}")
def show_job(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """The state of a job."""
    return _find(served, job_id).to_dict()


@router.delete("/{job_id}")
def cancel_job(request: Request, served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """End a job; what it has done is kept."""
    job = _find(served, job_id)
    if job.is_writing:
        check_writable(request)
    return served.jobs.cancel(job.id).to_dict()


@router.post("/{job_id}/pause", dependencies=[Depends(check_writable)])
def pause_index(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """End an index run so that it can be resumed; what it has done is kept."""
    job = _find(served, job_id)
    if job.kind != "index" or not job.is_running:
        raise HTTPException(409, "an index run can be paused while it is running")
    return served.jobs.pause(job.id).to_dict()


@router.post("/{job_id}/resume", status_code=202, dependencies=[Depends(check_writable)])
def resume_index(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """Go on with a paused index run, as a new job."""
    return served.jobs.resume(_find(served, job_id).id).to_dict()


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=_EVENTS)
def watch_job(served: ServedLibrary, job_id: str) -> StreamingResponse:
    """The state of a job whenever it changes, as server-sent events, until its end."""
    events = _write_events(served, _find(served, job_id).id)
    return StreamingResponse(events, media_type="text/event-stream", headers=_EVENT_HEADERS)


def start_run(served: Served, places: Sequence[Path], asked: IndexRequest) -> AnyJob:
    """Start an index run of these places with the options of a request."""
    given = {"paths": list(map(str, places)), "arguments": asked.to_arguments()}
    return served.jobs.start("index", given)


def start_sweep(served: Served) -> AnyJob | None:
    """Index the folders of the library anew; None where there are none, or a job is in the way.

    A paused run is not overtaken by a sweep. Of several servers the one that does the jobs sweeps.
    """
    if not served.jobs.is_leading:
        return None
    try:
        folders = [Path(one) for one in served.library.status()["folders"]]
    except NoLibraryError:
        return None
    last = served.jobs.find_last("index", "")
    places = [folder for folder in folders if folder.is_dir()]
    if not places or (last is not None and (last.is_running or last.is_paused)):
        return None
    # The other options; all places are given.
    asked = IndexRequest(paths=[str(places[0])], settle_seconds=SETTLE_SECONDS)
    try:
        return start_run(served, places, asked)
    except LibraryBusyError:
        return None


def to_json(asked: Strict) -> dict[str, Any]:
    """A request as JSON, for whoever does the work."""
    return asked.model_dump(mode="json")


def _find(served: Served, job_id: str) -> AnyJob:
    job = served.jobs.get(job_id)
    if job is None:
        raise HTTPException(404, "there is no such job")
    return job


async def _write_events(served: Served, job_id: str) -> AsyncIterator[str]:
    """An event for each state that differs from the one before, until the end of the job.

    A server that stops ends the stream: a browser then asks again, and another one may answer.
    """
    seen, n_quiet = -1, 0
    while not served.stopping.is_set():
        job: AnyJob | None = None
        is_known = False
        with suppress(LibraryUnreachableError):  # a while later it may be reached
            job = await run_in_threadpool(served.jobs.get, job_id)
            is_known = True
        if is_known and job is None:
            return
        if job is not None:
            # In this order: one that ends now has another version by then.
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
