"""The page of the library: its folders, its failures, and index runs with live progress."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.store.errors import NoLibraryError
from mvsearch.store.records import Failure
from mvsearch.store.servers.records import UNFINISHED

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

MAX_FAILURES = 500


@router.get("/library")
def show_library(served: ServedLibrary) -> HTMLResponse:
    """What the library holds and lacks, and a form that indexes a folder."""
    status: dict[str, Any] = {
        "videos": 0,
        "folders": [],
        "missing_folders": [],
        "removed": 0,
        "profile": None,
    }
    failures: list[Failure] = []
    with suppress(NoLibraryError):
        status, failures = served.library.status(), served.library.failures()
    runs = [job for job in served.jobs.list() if job.kind in ("index", "transcribe")]
    # One that can be followed or resumed.
    running = next(
        (job.id for job in runs[:1] if job.is_paused or job.state in (*UNFINISHED, "interrupted")),
        "",
    )
    page = render(
        "library.html",
        title="Library",
        status=status,
        failures=failures[:MAX_FAILURES],
        n_failures=len(failures),
        roots=served.list_roots(status["folders"]),
        running=running,
        sweep_minutes=served.options.sweep_minutes,
        is_read_only=served.options.is_read_only,
    )
    return HTMLResponse(page)
