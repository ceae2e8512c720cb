"""The endpoints about the server itself: health, numbers, the token, and the description."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from mvsearch.search.web.access.tokens import Verdict, find_address
from mvsearch.search.web.problems import RETRY_SECONDS, refuse
from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.templating import render

logger = logging.getLogger(__name__)
router = APIRouter(tags=["server"])


@router.get("/health")
@router.get("/healthz")
async def show_health() -> dict[str, str]:
    """Whether the server answers; asks for no token."""
    return {"status": "ok"}


@router.get("/readyz")
def show_readiness(request: Request, served: ServedLibrary) -> Response:
    """Whether the library can be read now; asks for no token, and tells nothing of the library."""
    problem = served.readiness.find_problem()
    if problem:
        logger.warning("not ready: %s", problem)
        refusal = refuse(request, 503, "not ready: the log of the server says why")
        refusal.headers["Retry-After"] = str(RETRY_SECONDS)
        return refusal
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
def show_metrics(served: ServedLibrary) -> Response:
    """Requests and their times in Prometheus' text format."""
    return Response(served.metrics.write(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.post("/login", include_in_schema=False)
def log_in(
    request: Request, served: ServedLibrary, token: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Take the token from the form of the page that asks for it, and set the cookie."""
    verdict = served.tokens.judge_words(token, None, find_address(request))
    if verdict is Verdict.BLOCKED:
        return refuse(request, 429, "too many wrong tokens: wait a minute")
    if verdict is not Verdict.ADMITTED:
        return refuse(request, 401, "that is not the token")
    response = RedirectResponse("/", 303)
    served.tokens.remember(request, response)
    return response


@router.get("/docs", include_in_schema=False)
def describe_api(request: Request) -> HTMLResponse:
    """The description of the API as a page that loads nothing from elsewhere."""
    described: dict[str, Any] = request.app.openapi()
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return HTMLResponse(render("docs.html", title="HTTP API", operations=operations))
