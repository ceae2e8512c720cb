"""Serves a library from a thread, on a free port of this machine."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn

import mvsearch
from mvsearch.search.web.app import make_app
from mvsearch.search.web.jobs import works
from mvsearch.search.web.jobs.job import Job
from mvsearch.search.web.options import WebOptions
from tests.limits import HANG_SECONDS

# Both have the same methods.
AnyLibrary = mvsearch.VideoLibrary | mvsearch.RemoteLibrary


def index_here(
    folder: Path, profile: str | None, places: list[Path], arguments: dict[str, Any], job: Job
) -> dict[str, Any]:
    """Instead of `index_apart`: without the second that a process takes to start."""
    with mvsearch.open(folder, profile=profile) as library:
        summary = library.index(*places, progress=job, cancel=job.cancel, **arguments)
        return summary.to_dict()


@contextmanager
def serving(library: mvsearch.VideoLibrary, **options: object) -> Iterator[str]:
    """Serve a library; its address without a token."""
    app = make_app(library, WebOptions(**options))  # type: ignore[arg-type]
    with mock.patch.object(works, "index_apart", index_here), serving_app(app) as url:
        yield url


@contextmanager
def serving_app(app: object) -> Iterator[str]:
    """Serve an application."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as `serve` does
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(HANG_SECONDS)
