"""The endpoints that play videos and show their stills."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from email.utils import formatdate
from types import MappingProxyType
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, Request
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mvsearch.search.web.requests import Seconds
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Still

router = APIRouter(prefix="/api/v1/videos/{video_id}", tags=["media"])

# A still does not change while its video does not.
STILL_CACHE = "private, max-age=86400"
# A picture beside a video may be replaced.
PICTURE_CACHE = "private, max-age=600"
MEDIA_CACHE = "private, no-cache"
MAX_CLIP_SECONDS = 60.0

STILL_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The still.", "content": {"image/webp": {}}},
    304: {"description": "The client has this still."},
}
_MEDIA: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole video.", "content": {"video/*": {}, "audio/*": {}}},
    206: {"description": "The range.", "content": {"video/*": {}, "audio/*": {}}},
    416: {"description": "The range lies behind the end."},
}
_CLIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The piece.", "content": {"video/mp4": {}, "audio/mp4": {}}},
    304: {"description": "The client has this piece."},
}


@router.get("/thumbnail", response_class=Response, responses=STILL_RESPONSES)
def show_still(
    request: Request,
    served: ServedLibrary,
    video_id: str,
    t: Annotated[Seconds, Query()] = 0.0,
    size: Annotated[int, Query(ge=16, le=512)] = 512,
) -> Response:
    """The stored still nearest to a time, a WebP of at most so many pixels a side.

    Stills are stored with 192 pixels; they are not enlarged.
    """
    still = served.library.still(video_id, t, max_side=size)
    if still is None:
        raise HTTPException(404, "there is no picture of this video")
    return send_still(request, still)


@router.get("/picture", response_class=Response, responses=STILL_RESPONSES)
def show_picture(
    request: Request,
    served: ServedLibrary,
    video_id: str,
    size: Annotated[int, Query(ge=16, le=512)] = 512,
    *,
    own: bool = False,
) -> Response:
    """The picture that lies beside a video, such as its poster, a WebP of at most so many pixels.

    Where there is none, or it cannot be decoded, a still of the video; with `own` nothing.
    """
    try:
        image = served.library.picture(video_id, max_side=size)
    except MediaError:
        if own:
            raise
        image = None
    if image is None and not own:
        video = served.library.find(video_id)
        still = served.library.still(video.id, video.duration_seconds / 3, max_side=size)
        image = None if still is None else still.image
    if image is None:
        raise HTTPException(404, "there is no picture of this video")
    return send_picture(request, image, PICTURE_CACHE)


@router.get("/frame", response_class=Response, responses=STILL_RESPONSES)
def show_frame(
    request: Request,
    served: ServedLibrary,
    video_id: str,
    t: Annotated[Seconds, Query()] = 0.0,
    size: Annotated[int, Query(ge=16, le=192)] = 192,
) -> Response:
    """The frame that is shown at a time, decoded now, a WebP of at most so many pixels a side."""
    with served.conversions.decoding_frame():
        return send_still(request, served.library.frame(video_id, t, max_side=size))


def send_still(request: Request, still: Still) -> Response:
    """Send a still with its time, unless the client has it."""
    answer = send_picture(request, still.image, STILL_CACHE)
    answer.headers["Mvsearch-Seconds"] = str(still.seconds)
    return answer


def send_picture(request: Request, image: bytes, cache: str) -> Response:
    """Send a WebP with its ETag, unless the client has it; `cache` says how long it is kept."""
    tag = _make_tag(image)
    headers = {"ETag": tag, "Cache-Control": cache}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(image, media_type="image/webp", headers=headers)


@router.get("/stills")
def list_stills(served: ServedLibrary, video_id: str) -> dict[str, Any]:
    """The times of the stored stills in seconds."""
    video = served.library.find(video_id)
    return {"seconds": list(served.library.still_seconds([video]).get(video.id, ()))}


@router.get("/playback")
def describe_playback(served: ServedLibrary, video_id: str) -> dict[str, Any]:
    """How a browser plays a video: as it is, in another container, or encoded anew.

    An encoded one has no ranges: to begin later, ask for `media?start=SECONDS`.
    """
    media = served.open_media(video_id)
    return {
        "way": media.way,
        "content_type": media.content_type,
        "has_ranges": media.way != "transcode",
    }


@router.head("/media", response_class=Response, include_in_schema=False)
@router.get("/media", response_class=Response, responses=_MEDIA)
def play(
    served: ServedLibrary, video_id: str, start: Annotated[Seconds, Query()] = 0.0
) -> Response:
    """The video, in a form that browsers play; ranges of bytes (RFC 9110, 14) seek in it."""
    media = served.open_media(video_id)
    headers = {"Cache-Control": MEDIA_CACHE, "Content-Disposition": "inline"}
    if media.way == "transcode":
        return _encode(served, media.transcode(start), media.content_type)
    path = media.path
    if media.way == "remux":
        path = served.conversions.remux(media)
        # Another server makes the same file at another time: players go on with its ranges.
        headers["ETag"] = _make_tag(f"{video_id} {media.size} {media.modified_ns}")
        headers["Last-Modified"] = formatdate(media.modified_ns / 10**9, usegmt=True)
    return FileResponse(path, media_type=media.content_type, headers=headers)


@router.get("/clip", response_class=Response, responses=_CLIP)
def cut_clip(
    request: Request,
    served: ServedLibrary,
    video_id: str,
    start: Annotated[Seconds, Query()],
    end: Annotated[Seconds, Query()],
    height: Annotated[int, Query(ge=36, le=1080)] = 360,
) -> Response:
    """A piece of a video of at most a minute as MP4, its picture no higher than asked."""
    if not 0 < end - start <= MAX_CLIP_SECONDS:
        raise HTTPException(422, f"a clip has up to {MAX_CLIP_SECONDS:.0f} s, and ends later")
    media = served.library.open_media(video_id)
    made_of = f"{video_id} {media.size} {media.modified_ns} {start} {end} {height}"
    headers = {
        "ETag": _make_tag(made_of),
        "Cache-Control": STILL_CACHE,
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content_type = "video/mp4" if media.probe.picture is not None else "audio/mp4"
    return _encode(served, media.transcode(start, end, height), content_type, headers)


def _make_tag(content: str | bytes) -> str:
    """The ETag of something that is made of this content alone, by whatever server."""
    data = content.encode() if isinstance(content, str) else content
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def _encode(
    served: Served,
    chunks: Iterator[bytes],
    content_type: str,
    caching: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store"}),
) -> Response:
    """Send what is encoded while it is encoded.

    Raises:
        HTTPException: enough encoders are at work.
    """
    if not served.conversions.encoders.acquire(blocking=False):
        raise HTTPException(
            503, "several videos are being converted: try again", {"Retry-After": "5"}
        )
    headers = {"Accept-Ranges": "none", **caching}
    return _EncodedResponse(_Encoding(served, chunks), media_type=content_type, headers=headers)


class _Encoding:
    """The output of an encoder, which is ended by `close`."""

    def __init__(self, served: Served, chunks: Iterator[bytes]) -> None:
        self._served = served
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks."""
        return iterate_in_threadpool(self._chunks).__aiter__()

    async def close(self) -> None:
        """End the encoder, and let others encode."""
        try:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._chunks.close)  # type: ignore[attr-defined]
        finally:
            self._served.conversions.encoders.release()


class _EncodedResponse(StreamingResponse):
    """A response that ends its encoder, also if nobody reads it to the end."""

    def __init__(self, encoding: _Encoding, **settings: Any) -> None:
        super().__init__(encoding, **settings)
        self._encoding = encoding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of a HEAD request only the headers."""
        try:
            if scope["method"] == "HEAD":
                await Response(headers=dict(self.headers))(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)
        finally:
            await self._encoding.close()
