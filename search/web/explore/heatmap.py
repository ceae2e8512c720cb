"""The similarity of every song with every other as a heat map: the report of similar songs."""

import re

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from mvsearch.search.web.jobs.board import find_running
from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.templating import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

# The report is one file without scripts; its only style is named by its hash.
_STYLE = re.compile(r"style-src '(sha256-[A-Za-z0-9+/=]{44})'")
N_HEAD_LETTERS = 1000


@router.get("/heatmap")
def show_heatmap(served: ServedLibrary) -> HTMLResponse:
    """A form that compares all songs, and the reports that are kept."""
    reports = [job for job in served.jobs.list() if job.kind == "similar-report"]
    page = render(
        "explore/heatmap.html",
        title="Heat map",
        running=find_running(served.jobs, "similar-report"),
        done=[job.id for job in reports if _find_style(served.jobs.read_text(job.id))],
    )
    return HTMLResponse(page)


@router.get("/heatmap/{job_id}")
def show_report(served: ServedLibrary, job_id: str) -> HTMLResponse:
    """A report that a job has written as a page."""
    job = served.jobs.get(job_id)
    text = None if job is None else served.jobs.read_text(job.id)
    style = _find_style(text)
    if job is None or job.kind != "similar-report" or style is None:
        raise HTTPException(404, "there is no such report, or none any more: compare again")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{style}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


def _find_style(text: str | None) -> str | None:
    """The hash of the style of a report; None for another text."""
    found = _STYLE.search(text or "", 0, N_HEAD_LETTERS)
    return None if found is None else found[1]
