"""Keeps which job, request and video a thread works on, for logs and traces."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NAMED: ContextVar[Mapping[str, str]] = ContextVar("named", default=MappingProxyType({}))


def named() -> Mapping[str, str]:
    """The ids of what this thread works on, such as "job_id", "request_id" and "video_id"."""
    return _NAMED.get()


@contextmanager
def naming(**ids: str | None) -> Iterator[None]:
    """Work on what these ids name; None names nothing.

    A thread that is started meanwhile knows them if it runs in a copy of the context
    (`contextvars.copy_context`).
    """
    before = _NAMED.set({**_NAMED.get(), **{name: one for name, one in ids.items() if one}})
    try:
        yield
    finally:
        _NAMED.reset(before)
