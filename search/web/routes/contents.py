"""The endpoints that find, list and remove videos, for `mvsearch.connect`."""

import json
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from mvsearch import __version__
from mvsearch.search.output.lyrics_files import safe_stem
from mvsearch.search.web.access.guard import MAX_BODY_BYTES
from mvsearch.search.web.requests import FilePath, Name, NfoRequest, PagedRequest
from mvsearch.search.web.served import ServedLibrary, check_writable
from mvsearch.store.records import Modality

router = APIRouter(prefix="/api/v1", tags=["library"])

MAX_IDS = 100
_NFO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"application/xml": {}}}
}
_EXPORTING = threading.Lock()
_EMBEDDINGS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The vectors.", "content": {"application/octet-stream": {}}}
}


@router.get("/library")
def describe_library(served: ServedLibrary) -> dict[str, Any]:
    """The library and what the server takes; `profile` is null before the first index run."""
    return {
        "folder": served.library.address,
        "profile": served.find_profile(),
        "is_read_only": served.options.is_read_only,
        "max_request_bytes": MAX_BODY_BYTES,
        "version": __version__,
    }


@router.get("/find")
def find_video(served: ServedLibrary, name: Annotated[FilePath, Query()]) -> dict[str, Any]:
    """The one video with an id or its beginning, a path, or part of a title."""
    return served.library.find(name).to_dict()


@router.get("/lyrics")
def list_lyrics(served: ServedLibrary, asked: Annotated[PagedRequest, Query()]) -> dict[str, Any]:
    """The videos that have lyrics, with these."""
    found = served.library.all_lyrics()
    shown = found[asked.offset : asked.offset + asked.limit]
    return {
        "total": len(found),
        "lyrics": [
            {"video": video.to_dict(), "lyrics": lyrics.to_dict()} for video, lyrics in shown
        ],
    }


@router.get("/stills")
def list_stills(
    served: ServedLibrary, video: Annotated[list[Name], Query(min_length=1, max_length=MAX_IDS)]
) -> dict[str, Any]:
    """The times of the stored stills of several videos in seconds, by id."""
    videos = [served.library.find(one) for one in video]
    return {"seconds": {k: list(v) for k, v in served.library.still_seconds(videos).items()}}


@router.get("/files")
def check_file(served: ServedLibrary, path: Annotated[FilePath, Query()]) -> dict[str, bool]:
    """Whether a path is that of a video of the library."""
    return {"is_video": "\0" not in path and served.library.holds_file(Path(path))}


@router.get("/embeddings", response_class=Response, responses=_EMBEDDINGS)
def export_embeddings(
    served: ServedLibrary,
    form: Literal["npz", "parquet"] = "npz",
    modality: Modality | None = None,
) -> Response:
    """All vectors with their videos and times as a file; one is written at a time.

    The header `Mvsearch-Vectors` has the number of vectors of each space.
    """
    if not _EXPORTING.acquire(blocking=False):
        raise HTTPException(503, "vectors are being exported: try again", {"Retry-After": "10"})
    folder = TemporaryDirectory(dir=served.scratch.path)
    try:
        file = Path(folder.name) / f"vectors.{form}"
        counts = served.library.export_embeddings(file, modality=modality)
    except BaseException:
        folder.cleanup()
        raise
    finally:
        _EXPORTING.release()
    return FileResponse(
        file,
        media_type="application/octet-stream",
        headers={"Mvsearch-Vectors": json.dumps(counts)},
        filename=file.name,
        background=BackgroundTask(folder.cleanup),
    )


@router.get("/videos/{video_id}/nfo", response_class=Response, responses=_NFO)
def write_nfo(served: ServedLibrary, video_id: str) -> Response:
    """What is known of a video as a `.nfo` file, in the form of Kodi and Jellyfin."""
    video = served.library.find(video_id)
    file = quote(f"{safe_stem(video)}.nfo")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
    return Response(served.library.nfo(video), media_type="application/xml", headers=headers)


@router.post("/nfo", dependencies=[Depends(check_writable)])
def export_nfo(served: ServedLibrary, asked: NfoRequest) -> dict[str, Any]:
    """Write `.nfo` files beside videos, or beside all; existing ones are replaced on request."""
    return served.library.export_nfo(*asked.videos, overwrite=asked.overwrite).to_dict()


@router.get("/removed")
def list_removed(served: ServedLibrary) -> list[dict[str, Any]]:
    """The videos that were removed, and stay so until their file is indexed by name."""
    return [video.to_dict() for video in served.library.removed()]


@router.delete("/videos/{video_id}", dependencies=[Depends(check_writable)])
def remove_video(served: ServedLibrary, video_id: str) -> dict[str, int]:
    """Remove a video from the library; its files are kept."""
    return {"removed": served.library.remove(video_id)}


@router.post("/videos/remove-missing", dependencies=[Depends(check_writable)])
def remove_missing(served: ServedLibrary) -> dict[str, int]:
    """Remove all videos whose files are missing."""
    return {"removed": served.library.remove_missing()}
