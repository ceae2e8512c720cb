"""Builds the application: the guard, the endpoints, the pages and the static files."""

import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from mvsearch import VideoLibrary, __version__
from mvsearch.search.api.methods.pictures import PictureFolders
from mvsearch.search.web.access.guard import Guard
from mvsearch.search.web.access.tokens import TokenCheck
from mvsearch.search.web.curate import doctor, quality, review
from mvsearch.search.web.curate import encoders as encoders_page
from mvsearch.search.web.curate.sweeps import Sweeps
from mvsearch.search.web.explore import artists, gallery, heatmap, maps, playlists, tv
from mvsearch.search.web.feedback import session_page, sessions
from mvsearch.search.web.lyrics import fits
from mvsearch.search.web.monitoring.metrics import Measured
from mvsearch.search.web.options import WebOptions
from mvsearch.search.web.problems import PROBLEM_RESPONSES, add_handlers
from mvsearch.search.web.routes import (
    contents,
    encoders,
    fitting,
    jobs,
    media,
    moods,
    pages,
    search,
    server,
    videos,
    why,
)
from mvsearch.search.web.routes import library as library_page
from mvsearch.search.web.served import Served
from mvsearch.search.web.templating import STATIC
from mvsearch.store.observing.observers import observe


class PathJSONResponse(JSONResponse):
    """JSON that may have names of files that are not UTF-8, with surrogates as the commands do."""

    def render(self, content: Any) -> bytes:
        """Write UTF-8, or ASCII with escapes where that is impossible."""
        try:
            return super().render(content)
        except UnicodeEncodeError:
            return json.dumps(content, allow_nan=False).encode()


def make_app(
    library: VideoLibrary, options: WebOptions, stopping: threading.Event | None = None
) -> ASGIApp:
    """Build the application that serves a library.

    Args:
        library: is open, and is left open.
        options: address, token and what may be changed.
        stopping: is set when the server is told to end.
    """
    pictures = PictureFolders(options.pictures)
    tokens, end = TokenCheck(options.token), stopping or threading.Event()
    served = Served(library, options, tokens, pictures, end)

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        leave, sweeps = observe(served.metrics.numbers), None
        if options.sweep_minutes is not None:
            sweeps = Sweeps(lambda: jobs.start_sweep(served), 60 * options.sweep_minutes)
            sweeps.start()
        yield
        if sweeps is not None:
            sweeps.stop()
        leave()
        served.close()

    app = FastAPI(
        title="mvsearch",
        version=__version__,
        description="Search a library of music videos.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=live,
        default_response_class=PathJSONResponse,
        responses=PROBLEM_RESPONSES,
    )
    app.state.served = served
    add_handlers(app)
    for one in (
        pages,
        why,
        library_page,
        search,
        fitting,
        contents,
        videos,
        media,
        jobs,
        moods,
        server,
        fits,
    ):
        app.include_router(one.router)
    for one in (
        playlists, tv, gallery, maps, heatmap, artists, review, quality, encoders, sessions,
        encoders_page, session_page, doctor,
    ):  # fmt: skip
        app.include_router(one.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return Measured(Guard(app, options, served.tokens), served.metrics)
