"""Diagnosis: what is wrong with the server's machine and the library, and how to mend it."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.templating import render

router = APIRouter(tags=["server"])


@router.get("/api/v1/doctor")
def show_diagnosis(served: ServedLibrary) -> dict[str, Any]:
    """What is wrong, and how to mend it; the JSON of `mvsearch doctor --json`."""
    return served.library.diagnose().to_dict()


@router.get("/doctor", include_in_schema=False)
def show_doctor(served: ServedLibrary) -> HTMLResponse:
    """The same as a page."""
    found = served.library.diagnose()
    return HTMLResponse(render("curate/doctor.html", title="Diagnosis", found=found))
