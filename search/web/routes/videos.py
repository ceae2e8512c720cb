"""The endpoints about the videos of the library, and about the library itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException

from mvsearch.search.web.requests import FilterFields, ListRequest, SimilarRequest
from mvsearch.search.web.served import ServedLibrary
from mvsearch.search.web.view_models.listing import list_page

router = APIRouter(prefix="/api/v1", tags=["videos"])


@router.get("/videos")
def list_videos(served: ServedLibrary, asked: Annotated[ListRequest, Query()]) -> dict[str, Any]:
    """The videos that pass a filter, with the number of videos of each value."""
    filter = served.to_filter(asked)
    facets = served.library.facets(filter) if asked.counts else {}
    return list_page(served.library, asked, filter).to_dict(facets)


@router.get("/videos/{video_id}")
def show_video(served: ServedLibrary, video_id: str) -> dict[str, Any]:
    """Everything known about a video; the JSON of `mvsearch show --json`."""
    return served.library.show(video_id).to_dict()


@router.get("/videos/{video_id}/lyrics")
def show_lyrics(served: ServedLibrary, video_id: str) -> dict[str, Any]:
    """The lyrics of a video with their source."""
    lyrics = served.library.lyrics(video_id)
    if lyrics is None:
        raise HTTPException(404, "there are no lyrics of this video")
    return lyrics.to_dict()


@router.get("/videos/{video_id}/similar")
def list_similar(
    served: ServedLibrary, video_id: str, asked: Annotated[SimilarRequest, Query()]
) -> dict[str, Any]:
    """The videos most similar to one; the JSON of `mvsearch similar --format json`."""
    video = served.library.find(video_id)
    found = served.library.similar(video, filter=served.to_filter(asked), **asked.to_arguments())
    return {"video": video.to_dict(), "similar": [one.to_dict() for one in found]}


@router.get("/versions")
def list_versions(served: ServedLibrary, asked: Annotated[FilterFields, Query()]) -> dict[str, Any]:
    """Copies, excerpts, dubs and covers; the JSON of `mvsearch versions --format json`."""
    return served.library.versions(filter=served.to_filter(asked)).to_dict()


@router.get("/status")
def show_status(served: ServedLibrary) -> dict[str, Any]:
    """The counts of the library; the JSON of `mvsearch status --json`."""
    return {**served.library.status(), "is_read_only": served.options.is_read_only}


@router.get("/failures")
def list_failures(served: ServedLibrary) -> list[dict[str, Any]]:
    """The files that could not be indexed; the JSON of `mvsearch failures --json`."""
    return [failure.to_dict() for failure in served.library.failures()]
