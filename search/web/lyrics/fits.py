"""The endpoints of fits of lyrics, and what the page of a video shows of them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from mvsearch.search.output.tables.lyric_fits import describe_fit
from mvsearch.search.web.jobs.board import AnyJob
from mvsearch.search.web.jobs.job_requests import WhisperFields
from mvsearch.search.web.requests import FilePath, Strict
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.search.web.templating import render
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import FitEvidence

router = APIRouter(tags=["lyrics"])

KIND = "fit-lyrics"
Deed = Literal["check", "apply", "undo"]


class FitRequest(WhisperFields):
    """A fit of the lyrics of a video; see `mvsearch lyrics --fit`."""

    video: FilePath
    by: FitEvidence | None = None
    fetch: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")] | None = None

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.fit_lyrics`."""
        return self.model_dump(exclude={"video"})


class ApplyRequest(Strict):
    """Whether the moved lyrics are also written beside the video on the server."""

    write: bool = False


@router.post("/api/v1/jobs/fit-lyrics", status_code=202, dependencies=[Depends(check_writable)])
def start_fit(served: ServedLibrary, asked: FitRequest) -> dict[str, Any]:
    """Compare the times of lyrics with what is heard; the lyrics stay as they are."""
    return _start(served, asked).to_dict()


@router.get("/api/v1/videos/{video_id}/lyrics/fit")
def show_fit(served: ServedLibrary, video_id: str) -> dict[str, Any]:
    """How the lyrics of a video fit it; `fitted` is null if that is not known."""
    told = served.library.lyrics_fit(video_id)
    return {"fitted": None if told is None else told.to_dict()}


@router.post("/api/v1/videos/{video_id}/lyrics/fit", dependencies=[Depends(check_writable)])
def apply_fit(
    served: ServedLibrary, video_id: str, asked: ApplyRequest | None = None
) -> dict[str, Any]:
    """Move the lyrics of a video as was found."""
    write = asked is not None and asked.write
    return served.library.apply_lyrics_fit(video_id, write=write).to_dict()


@router.delete("/api/v1/videos/{video_id}/lyrics/fit", dependencies=[Depends(check_writable)])
def undo_fit(served: ServedLibrary, video_id: str) -> dict[str, Any]:
    """Put the lyrics of a video back as they were."""
    lyrics = served.library.undo_lyrics_fit(video_id)
    return {"lyrics": None if lyrics is None else lyrics.to_dict()}


@router.get("/video/{video_id}/lyrics-fit", include_in_schema=False)
def show_offer(served: ServedLibrary, video_id: str) -> HTMLResponse:
    """What the page of a video shows of the fit: an offer, what is known, or a button to look."""
    return _render(served, video_id)


@router.post(
    "/video/{video_id}/lyrics-fit", include_in_schema=False, dependencies=[Depends(check_writable)]
)
def do_deed(served: ServedLibrary, video_id: str, do: Annotated[Deed, Query()]) -> HTMLResponse:
    """Look how the lyrics fit, move them, or undo that; moved lyrics are shown anew."""
    try:
        if do == "check":
            _start(served, FitRequest(video=video_id))
            return _render(served, video_id)
        if do == "apply":
            served.library.apply_lyrics_fit(video_id)
        else:
            served.library.undo_lyrics_fit(video_id)
    except MvsearchError as error:
        return _render(served, video_id, str(error))
    return HTMLResponse("", headers={"HX-Refresh": "true"})


def _start(served: Served, asked: FitRequest) -> AnyJob:
    video = served.library.find(asked.video)
    given = {"video": video.id, **asked.to_arguments()}
    return served.jobs.start(KIND, given, topic=video.id, is_writing=False)


def _render(served: Served, video_id: str, problem: str = "") -> HTMLResponse:
    job = served.jobs.find_last(KIND, video_id)
    told = served.library.lyrics_fit(video_id)
    state = job.to_dict() if job is not None else {}
    if told is None and not problem and state.get("state") == "failed":
        problem = state["problem"]["detail"]
    page = render(
        "lyrics/fit.html",
        video_id=video_id,
        told=told,
        how="" if told is None else describe_fit(told.fit),
        is_running=job is not None and job.is_running,
        line=(state.get("lines") or [""])[-1],
        is_read_only=served.options.is_read_only,
        problem=problem,
    )
    return HTMLResponse(page)
