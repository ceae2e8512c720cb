"""The gallery: pictures on walls, and the music that fits each."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import model_validator
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mvsearch import Query as SearchQuery
from mvsearch import Video
from mvsearch.search.output.text import format_seconds
from mvsearch.search.web.explore.reasons import Fit, describe_fits
from mvsearch.search.web.requests import Name, Seconds, Strict
from mvsearch.search.web.routes.media import send_picture
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.search.web.view_models.cards import find_picture
from mvsearch.store.errors import MvsearchError, QueryError

router = APIRouter(tags=["gallery"])

# On the walls; more would not be walked along.
MAX_STILLS = 60
N_FITS = 4
# It may change under its name, so it is asked for by its ETag each time.
PICTURE_CACHE = "private, no-cache"
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/webp": {}}},
    304: {"description": "The client has this picture."},
}


class PictureRequest(Strict):
    """A picture to find music for: an upload, a picture of a folder, or a still of a video.

    Attributes:
        way: by what alone the music is found; None for all in turn.
    """

    upload: Name | None = None
    picture: Name | None = None
    video: Name | None = None
    seconds: Seconds = 0.0
    way: Literal["look", "words", "trained", "mood"] | None = None

    @model_validator(mode="after")
    def _check_one(self) -> "PictureRequest":
        if sum(one is not None for one in (self.upload, self.picture, self.video)) != 1:
            raise ValueError("give one of upload, picture and video")
        return self


@router.post("/api/v1/picture-music")
def find_music(served: ServedLibrary, asked: PictureRequest) -> dict[str, Any]:
    """The songs that fit a picture, the best first, each with its moment and why."""
    own = None if asked.video is None else served.library.find(asked.video)
    picture = _read_picture(served, asked, own)
    with served.uploads.remembering() as memory:
        found = served.library.music_for(picture, way=asked.way, top=N_FITS, memory=memory)
    fits = describe_fits(found)
    if own is not None and asked.way is None:
        why = f"The picture is from this video, at {format_seconds(asked.seconds)}"
        first = Fit(own, asked.seconds, (why,))
        fits = [first, *(fit for fit in fits if fit.video.id != own.id)]
    return {
        "way": found.way,
        "words": list(found.words),
        "is_weak": (own is None or asked.way is not None) and found.is_weak,
        "songs": [fit.to_dict() for fit in fits],
    }


@router.get("/api/v1/pictures")
def list_pictures(served: ServedLibrary) -> list[dict[str, str]]:
    """The pictures of the folders given by `--pictures`."""
    return [{"id": one.id, "name": one.name} for one in served.pictures.list()]


@router.get("/api/v1/pictures/{picture_id}", response_class=Response, responses=_PICTURE)
def show_picture(request: Request, served: ServedLibrary, picture_id: str) -> Response:
    """A picture of these folders, a WebP of at most 512 pixels a side."""
    try:
        image = served.pictures.thumbnail(picture_id)
    except QueryError as error:
        raise HTTPException(404, str(error)) from None
    return send_picture(request, image, PICTURE_CACHE)


@router.get("/gallery", include_in_schema=False)
def show_gallery(
    served: ServedLibrary, view: Annotated[str, Query(pattern="^(hall|grid)?$")] = ""
) -> HTMLResponse:
    """A hall of pictures, and the same pictures as a grid."""
    videos = served.list_videos()
    works = [*_hang_pictures(served), *_hang_stills(served, videos)]
    page = render("explore/gallery.html", title="Gallery", works=works, view=view)
    return HTMLResponse(page)


def _hang_pictures(served: Served) -> Iterator[dict[str, Any]]:
    for one in served.pictures.list():
        yield {"picture": one.id, "label": one.name, "src": f"/api/v1/pictures/{one.id}"}


def _hang_stills(served: Served, videos: Sequence[Video]) -> Iterator[dict[str, Any]]:
    """A still of videos from all parts of the list."""
    seen = [video for video in videos if video.has_picture]
    some = seen[:: max(1, -(-len(seen) // MAX_STILLS))]
    stills = served.library.still_seconds(some) if some else {}
    for video in some:
        times = stills.get(video.id, ())
        seconds = times[len(times) // 3] if times else video.duration_seconds / 3
        yield {
            "video": video.id,
            "seconds": round(seconds, 3),
            "label": f"{video.artist} – {video.title}" if video.artist else video.title,
            "src": find_picture(video, seconds, stills),
        }


def _read_picture(served: Served, asked: PictureRequest, own: Video | None) -> SearchQuery | bytes:
    """The picture as a query, or its content.

    Raises:
        MvsearchError: there is no such picture.
    """
    if asked.upload is not None:
        return served.uploads.get(asked.upload).query
    if asked.picture is not None:
        return served.pictures.read(asked.picture)
    still = None if own is None else served.library.still(own.id, asked.seconds)
    if still is None:
        raise MvsearchError("there is no picture of this video")
    return still.image
