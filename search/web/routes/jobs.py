"""The endpoints of jobs: index runs that are started, watched and cancelled."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from mvsearch import Filter
from mvsearch.search.api.remote.requests.records import read
from mvsearch.search.output.report import ReportOptions
from mvsearch.search.output.tables.versions import VersionsReport
from mvsearch.search.web.jobs.job_requests import (
    EvaluateRequest,
    IndexRequest,
    SimilarReportRequest,
    TranscribeRequest,
    VersionsReportRequest,
    VersionsRequest,
)
from mvsearch.search.web.jobs.jobs import Job
from mvsearch.search.web.jobs.work_process import evaluate_apart, index_apart
from mvsearch.search.web.options import check_folder
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.store.errors import LibraryBusyError, NoLibraryError

# Files that changed just now wait for the next sweep.
SETTLE_SECONDS = 10.0

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

POLL_SECONDS = 0.25
# Proxies close connections on which nothing is sent.
QUIET_POLLS = 40
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events named job.", "content": {"text/event-stream": {}}}
}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report, whatever its format.", "content": {"text/plain": {}}}
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


@router.post("/transcribe", status_code=202, dependencies=[Depends(check_writable)])
def start_transcription(served: ServedLibrary, asked: TranscribeRequest) -> dict[str, Any]:
    """Transcribe lyrics that no other source had."""

    def work(job: Job) -> dict[str, Any]:
        arguments = asked.to_arguments()
        run = served.library.transcribe
        return run(*asked.videos, progress=job, cancel=job.cancel, **arguments).to_dict()

    return served.jobs.start("transcribe", work).to_dict()


@router.post("/versions", status_code=202)
def start_versions(served: ServedLibrary, asked: VersionsRequest | None = None) -> dict[str, Any]:
    """Look for versions, without a body in the whole library; the result is that of `/versions`."""
    filter = Filter() if asked is None else served.to_filter(asked.filter)

    def work(job: Job) -> dict[str, Any]:
        found = served.library.versions(filter=filter, progress=job, cancel=job.cancel)
        if not filter:
            served.results["versions"] = found.relations  # for the review
        return found.to_dict()

    return served.jobs.start("versions", work, is_writing=False).to_dict()


@router.post("/versions-report", status_code=202)
def start_versions_report(served: ServedLibrary, asked: VersionsReportRequest) -> dict[str, Any]:
    """Write a report of the versions; `/jobs/{id}/text` has it."""
    filter, report = served.to_filter(asked.filter), VersionsReport(asked.form, asked.width)

    def work(job: Job) -> str:
        write = served.library.report_versions
        return write(report, filter=filter, progress=job, cancel=job.cancel)

    return _start_report(served, "versions-report", work)


@router.post("/similar-report", status_code=202)
def start_similar_report(served: ServedLibrary, asked: SimilarReportRequest) -> dict[str, Any]:
    """Write a report of similar songs; `/jobs/{id}/text` has it."""
    report = ReportOptions(asked.form, asked.width, asked.has_links)
    filter = served.to_filter(asked.filter)

    def work(job: Job) -> str:
        arguments = asked.to_arguments() | {"filter": filter, "cancel": job.cancel}
        return served.library.report_similar(report, asked.video, progress=job, **arguments)

    return _start_report(served, "similar-report", work)


@router.post("/evaluate", status_code=202)
def start_evaluation(
    request: Request, served: ServedLibrary, asked: EvaluateRequest
) -> dict[str, Any]:
    """Measure retrieval quality; `/jobs/{id}/text` has each outcome, as JSON."""
    if asked.profiles:
        check_writable(request)
    from mvsearch.search.evaluation.evaluation import Evaluation

    sample = asked.to_sample()

    def work(job: Job) -> str:
        write = _writing_files
        with write(served, asked.groups) as files, write(served, asked.labels) as labels:
            arguments = {
                "sample": asdict(sample),
                "profiles": list(asked.profiles),
                "groups": list(map(str, files)),
                "labels": list(map(str, labels)),
                "workers": asked.workers,
            }
            library = served.library
            measured = evaluate_apart(library.folder, library.profile, arguments, job)
        found = read(list[Evaluation], measured)
        if len(found) > 1 or not asked.profiles:  # for the page of quality
            served.results["comparison" if len(found) > 1 else "evaluate"] = found
        return json.dumps(measured)

    return _start_report(served, "evaluate", work, is_writing=bool(asked.profiles))


@router.get("/{job_id}/text", response_class=Response, responses=_TEXT)
def show_text(served: ServedLibrary, job_id: str) -> Response:
    """The text of a report that is complete; the last four are kept."""
    text = _find(served, job_id).text
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
    job.is_paused = False
    job.cancel.set()
    return job.to_dict()


@router.post("/{job_id}/pause", dependencies=[Depends(check_writable)])
def pause_index(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """End an index run so that it can be resumed; what it has done is kept."""
    job = _find(served, job_id)
    if job.kind != "index" or not job.is_running:
        raise HTTPException(409, "an index run can be paused while it is running")
    job.is_paused = True
    job.cancel.set()
    return job.to_dict()


@router.post("/{job_id}/resume", status_code=202, dependencies=[Depends(check_writable)])
def resume_index(served: ServedLibrary, job_id: str) -> dict[str, Any]:
    """Go on with a paused index run, as a new job."""
    return served.jobs.resume(_find(served, job_id)).to_dict()


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=_EVENTS)
def watch_job(served: ServedLibrary, job_id: str) -> StreamingResponse:
    """The state of a job whenever it changes, as server-sent events, until its end."""
    events = _write_events(_find(served, job_id))
    return StreamingResponse(events, media_type="text/event-stream")


def start_sweep(served: Served) -> Job | None:
    """Index the folders of the library anew; None where there are none, or a job is in the way.

    A paused run is not overtaken by a sweep.
    """
    try:
        folders = [Path(one) for one in served.library.status()["folders"]]
    except NoLibraryError:
        return None
    last = next((job for job in served.jobs.list() if job.kind == "index"), None)
    places = [folder for folder in folders if folder.is_dir()]
    if not places or (last is not None and (last.is_running or last.is_paused)):
        return None
    # The other options; all places are given.
    asked = IndexRequest(paths=[str(places[0])], settle_seconds=SETTLE_SECONDS)
    try:
        return served.jobs.start("index", lambda job: _index(served, job, places, asked))
    except LibraryBusyError:
        return None


def _index(served: Served, job: Job, places: list[Path], asked: IndexRequest) -> dict[str, Any]:
    profile = served.find_profile()
    return index_apart(served.library.folder, profile, places, asked.to_arguments(), job)


@contextmanager
def _writing_files(served: Served, contents: Sequence[str]) -> Iterator[list[Path]]:
    """Temporary files of these contents."""
    with served.scratch.subfolder() as folder:
        files = [folder / f"groups-{at}.csv" for at in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_text(content, encoding="utf-8", errors="surrogateescape")
        yield files


def _start_report(
    served: Served, kind: str, write: Callable[[Job], str], *, is_writing: bool = False
) -> dict[str, Any]:
    """Start a job that writes a text."""

    def work(job: Job) -> dict[str, Any]:
        job.text = write(job)
        return {"letters": len(job.text)}

    return served.jobs.start(kind, work, is_writing=is_writing).to_dict()


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
