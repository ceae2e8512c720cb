"""Answers errors: as a problem (RFC 9457) for programs, as a page for people, never a trace."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from mvsearch.search.web.templating import render
from mvsearch.store.errors import (
    AmbiguousVideoError,
    CancelledError,
    LibraryBusyError,
    LibraryClosedError,
    LibraryDamagedError,
    LibraryUnreachableError,
    MediaError,
    MvsearchError,
    NoLibraryError,
    QuerySyntaxError,
    ToolMissingError,
    VideoNotFoundError,
    WeightsMissingError,
)
from mvsearch.store.unicode import printable

logger = logging.getLogger(__name__)

_STATUSES: dict[type[MvsearchError], int] = {
    VideoNotFoundError: 404,
    NoLibraryError: 409,
    AmbiguousVideoError: 409,
    LibraryBusyError: 409,
    CancelledError: 409,
    MediaError: 422,
    LibraryClosedError: 503,
    LibraryDamagedError: 503,
    LibraryUnreachableError: 503,
    ToolMissingError: 503,
    WeightsMissingError: 503,
}
MAX_INVALID = 10
# After which a server whose library cannot be reached is asked again.
RETRY_SECONDS = 5
_FOR_PROGRAMS = ("/api/", "/metrics", "/health", "/readyz", "/static/")
_STRING = {"type": "string"}
# For the description of the API.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457).",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        **dict.fromkeys(("type", "title", "detail", "error"), _STRING),
                        "status": {"type": "integer"},
                    },
                }
            }
        },
    }
}


def refuse(request: Request, status: int, detail: str, **more: Any) -> Response:
    """The answer to a request that cannot be met.

    Args:
        request: browsers that ask for a page get one.
        status: of HTTP.
        detail: one line for people.
        more: further members of the problem.
    """
    title = HTTPStatus(status).phrase
    if wants_page(request):
        page = render("error.html", title=title, status=status, detail=printable(detail))
        return HTMLResponse(page, status)
    problem = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(
        {**problem, "detail": printable(detail), **more},
        status,
        media_type="application/problem+json",
    )


def wants_page(request: Request) -> bool:
    """Whether a person asks by a browser, and not a program or a script of a page."""
    is_page = not request.url.path.startswith(_FOR_PROGRAMS)
    return is_page and "text/html" in request.headers.get("accept", "")


def add_handlers(app: FastAPI) -> None:
    """Let an application answer all errors as problems."""
    app.add_exception_handler(MvsearchError, _answer_own)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_fault)


def find_status(error: MvsearchError) -> int:
    """The status of HTTP for an error of the library; 400 for a query that is invalid."""
    return next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 400)


def name_error(error: MvsearchError) -> dict[str, str | int]:
    """The name of an error, the code of one of media, and the place in a query, for programs."""
    code = {"code": error.code} if isinstance(error, MediaError) else {}
    place = {"position": error.position} if isinstance(error, QuerySyntaxError) else {}
    return {"error": type(error).__name__, **code, **place}


def _answer_own(request: Request, error: Exception) -> Response:
    assert isinstance(error, MvsearchError)
    answer = refuse(request, find_status(error), str(error), **name_error(error))
    if isinstance(error, LibraryUnreachableError):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = refuse(request, error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _answer_invalid(request: Request, error: Exception) -> Response:
    """Name the fields and what is wrong with each, without their values."""
    assert isinstance(error, RequestValidationError)
    invalid = [
        {"field": ".".join(printable(one) for one in each["loc"]), "reason": each["msg"]}
        for each in error.errors()[:MAX_INVALID]
    ]
    told = "; ".join(f"{each['field']}: {each['reason']}" for each in invalid)
    return refuse(request, 422, told, invalid=invalid)


def _answer_fault(request: Request, error: Exception) -> Response:
    """Hide what went wrong inside; the log has it."""
    logger.error("the request %s failed: %r", request.url.path, error)
    return refuse(request, 500, "an error of mvsearch itself; its log has more")
