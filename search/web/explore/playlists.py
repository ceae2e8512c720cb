"""The endpoints of chains of similar songs, of mixes and of playlists, and their files."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from mvsearch import Result, Video
from mvsearch.search.mixing.points import MixBy
from mvsearch.search.mixing.through import MAX_STOPS
from mvsearch.search.mood.mix import MAX_MINUTES
from mvsearch.search.output.playlists import CONTENT_TYPES, WRITERS, PlaylistForm
from mvsearch.search.web.requests import FilterFields, Name, SimilarRequest, Strict
from mvsearch.search.web.served import Served, ServedLibrary, check_writable
from mvsearch.store.errors import VideoNotFoundError

router = APIRouter(prefix="/api/v1", tags=["playlists"])

MAX_PLAYED = 2000
MAX_LENGTH = 50
PlaylistName = Annotated[str, Field(max_length=100)]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The playlist.", "content": {kind: {} for kind in CONTENT_TYPES.values()}}
}


class ChainRequest(SimilarRequest):
    """A chain of similar songs to continue; see `VideoLibrary.chain`.

    Attributes:
        played: the songs so far, by id.
        length: the number of songs to add.
    """

    played: Annotated[list[Name], Field(min_length=1, max_length=MAX_PLAYED)]
    length: Annotated[int, Field(ge=1, le=MAX_LENGTH)] = 10


MoodValue = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
MoodEnd = Annotated[str, Field(max_length=40)] | tuple[MoodValue, MoodValue]


class MixRequest(FilterFields):
    """A mix from one mood to another; see `VideoLibrary.mix`."""

    start: MoodEnd
    end: MoodEnd
    minutes: Annotated[float, Field(gt=0, le=MAX_MINUTES, allow_inf_nan=False)] = 60.0


class PathRequest(FilterFields):
    """A mix through videos; see `VideoLibrary.mix_through`.

    Attributes:
        mix_by: what is alike from song to song.
        in_key: whether each key goes with the one before; `harmonic` is a filter.
    """

    videos: Annotated[list[Name], Field(min_length=1, max_length=MAX_STOPS)]
    minutes: Annotated[float, Field(gt=0, le=MAX_MINUTES, allow_inf_nan=False)] = 60.0
    mix_by: MixBy = "sound"
    in_key: bool = False
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class PlaylistRequest(Strict):
    """A playlist to store."""

    name: PlaylistName
    videos: Annotated[list[Name], Field(max_length=10_000)]
    replace: bool = False


class MarkRequest(Strict):
    """A video to put at the end of a playlist, or to take out."""

    name: PlaylistName
    video: Name
    is_in: bool = True


@router.post("/chain")
def continue_chain(served: ServedLibrary, asked: ChainRequest) -> list[dict[str, Any]]:
    """The songs that follow others, each similar to the one before, without repeats."""
    return [one.to_dict() for one in find_following(served, asked)]


@router.post("/mix")
def mix_songs(served: ServedLibrary, asked: MixRequest) -> dict[str, Any]:
    """Songs along a curve from one mood to another, without repeats of song or artist."""
    filter = served.to_filter(asked)
    return served.library.mix(asked.start, asked.end, asked.minutes, filter=filter).to_dict()


@router.post("/mix-through")
def mix_through(served: ServedLibrary, asked: PathRequest) -> dict[str, Any]:
    """Songs along a path through videos, each near the one before, without repeats."""
    mixed = served.library.mix_through(
        asked.videos,
        asked.minutes,
        by=asked.mix_by,
        harmonic=asked.in_key,
        seed=asked.seed,
        filter=served.to_filter(asked),
    )
    return mixed.to_dict()


@router.get("/playlists")
def list_playlists(served: ServedLibrary) -> list[dict[str, Any]]:
    """The stored playlists."""
    found = served.library.playlists()
    return [
        {"name": name, "videos": [one.to_dict() for one in videos]}
        for name, videos in found.items()
    ]


@router.post("/playlists", status_code=201, dependencies=[Depends(check_writable)])
def save_playlist(served: ServedLibrary, asked: PlaylistRequest) -> dict[str, Any]:
    """Store a playlist; one of the same name is replaced on request only."""
    served.library.save_playlist(asked.name, asked.videos, replace=asked.replace)
    return {"name": asked.name, "videos": len(asked.videos)}


@router.delete("/playlists", dependencies=[Depends(check_writable)])
def delete_playlist(served: ServedLibrary, name: PlaylistName) -> dict[str, Any]:
    """Delete a playlist; its videos are kept."""
    served.library.delete_playlist(name)
    return {"name": name}


@router.post("/playlists/mark", dependencies=[Depends(check_writable)])
def mark_video(served: ServedLibrary, asked: MarkRequest) -> dict[str, Any]:
    """Put a video into a playlist, which is made if it is missing, or take it out."""
    served.library.mark(asked.name, asked.video, is_in=asked.is_in)
    return asked.model_dump()


@router.get("/playlist-file", response_class=Response, responses=_FILE)
def write_playlist(
    served: ServedLibrary,
    form: PlaylistForm = "m3u8",
    name: PlaylistName = "mvsearch",
    video: Annotated[list[Name], Query(max_length=400)] = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """A playlist as a file for players: of the videos given by id, else the stored one."""
    videos = [served.library.find(one) for one in video] or find_playlist(
        served.library.playlists(), name
    )
    file = quote(f"{name}.{form}".replace("/", "_"))
    return Response(
        WRITERS[form](name, videos),
        media_type=CONTENT_TYPES[form],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file}"},
    )


def find_following(served: Served, asked: ChainRequest) -> list[Result]:
    """The songs that continue a chain."""
    arguments = asked.to_arguments() | {"top": 1, "collapse": False, "per_artist": None}
    return served.library.chain(
        asked.played, length=asked.length, filter=served.to_filter(asked), **arguments
    )


def find_playlist(playlists: Mapping[str, list[Video]], name: str) -> list[Video]:
    """The videos of a stored playlist.

    Raises:
        VideoNotFoundError: there is no such playlist.
    """
    found = playlists.get(name)
    if found is None:
        raise VideoNotFoundError(f"there is no playlist called {name}")
    return found
