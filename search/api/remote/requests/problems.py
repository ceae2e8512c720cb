"""Turns what went wrong at a server, or on the way to it, into the errors of the Python API."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from mvsearch.search.api.remote.requests.address import Address
from mvsearch.store import errors
from mvsearch.store.errors import (
    FAILURE_CODES,
    MediaError,
    MvsearchError,
    QueryError,
    QuerySyntaxError,
    ServerError,
)
from mvsearch.store.unicode import printable, truncate

MAX_DETAIL_LETTERS = 1000
_CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, MvsearchError)
}


class NothingError(ServerError):
    """A video has nothing of what was asked for, such as stills."""


def raise_problem(
    address: Address, status: int, content: bytes, headers: Mapping[str, str]
) -> NoReturn:
    """Raise the error that an answer tells.

    Args:
        address: of the server.
        status: of HTTP, no success.
        content: a problem (RFC 9457), or anything else.
        headers: of the answer.
    """
    problem: Any = None
    with suppress(ValueError, RecursionError):
        problem = json.loads(content)
    if 300 <= status < 400:
        place = _clean(headers.get("location", "elsewhere"))
        raise ServerError(f"the server at {address} points to {place}: connect to that address")
    if not isinstance(problem, dict) or not isinstance(problem.get("detail"), str):
        raise ServerError(f"the server at {address} answers with status {status}")
    if status == 401:
        raise ServerError(
            f"the server at {address} asks for its token, which is another one or was not given"
        )
    raise make_error(problem, status)


# What is too large or malformed was so in the query.
_UNNAMED = {413: QueryError, 414: QueryError, 422: QueryError, 404: NothingError}


def make_error(problem: Mapping[str, Any], status: int) -> MvsearchError:
    """The error that a problem names, with its one line."""
    detail = _clean(problem.get("detail")) or f"status {status}"
    kind = _CLASSES.get(str(problem.get("error")))
    if kind is None:
        return _UNNAMED.get(status, ServerError)(detail)
    if issubclass(kind, MediaError):
        code = problem.get("code")
        return kind(code if code in FAILURE_CODES else "internal", detail)
    found = kind(detail)
    position = problem.get("position")
    if isinstance(found, QuerySyntaxError) and isinstance(position, int):
        found.position = position
    return found


def explain_failure(address: Address, error: Exception, timeout_seconds: float) -> ServerError:
    """The line for a request that got no answer."""
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return ServerError(f"the server at {address} did not answer within {timeout_seconds:g} s")
    reason = _clean(error) or type(error).__name__
    if isinstance(error, httpx2.ConnectError):
        return ServerError(f"cannot connect to {address}: {reason}")
    return ServerError(f"the connection to {address} failed: {reason}")


def _clean(text: object) -> str:
    """One line of untrusted text."""
    return truncate(" ".join(printable(text).split()), MAX_DETAIL_LETTERS)
