"""The pages of TV, which plays one similar song after another, and of playlists."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from mvsearch import Video
from mvsearch.search.web.explore.playlists import PlaylistName, find_playlist
from mvsearch.search.web.requests import Name
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.store.errors import VideoNotFoundError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

LIKED = "Liked"


@router.get("/tv")
def show_tv(
    served: ServedLibrary,
    start: Name | None = None,
    playlist: PlaylistName | None = None,
    by: Annotated[Literal["all", "frames", "lyrics", "audio"], Query()] = "all",
) -> HTMLResponse:
    """Plays a song, or a playlist, and goes on with similar songs; without either, any song."""
    playlists = served.library.playlists()
    queue = _choose_first(served, start, playlist, playlists)
    liked = playlists.get(LIKED, [])
    page = render(
        "explore/tv.html",
        title="TV",
        queue=[describe(video) for video in queue],
        by=by,
        liked=[video.id for video in liked],
        is_read_only=served.options.is_read_only,
    )
    return HTMLResponse(page)


@router.get("/playlists")
def show_playlists(served: ServedLibrary) -> HTMLResponse:
    """The stored playlists, to play, download or delete."""
    page = render(
        "explore/playlists.html",
        title="Playlists",
        playlists=list(served.library.playlists().items()),
        is_read_only=served.options.is_read_only,
    )
    return HTMLResponse(page)


def describe(video: Video) -> dict[str, Any]:
    """A video as the script of the page needs it."""
    return {
        "id": video.id,
        "title": video.title,
        "artist": video.artist or "",
        "duration_seconds": video.duration_seconds,
    }


def _choose_first(
    served: Served,
    start: str | None,
    playlist: str | None,
    playlists: Mapping[str, list[Video]],
) -> list[Video]:
    """The songs to begin with."""
    if playlist is not None:
        videos = find_playlist(playlists, playlist)
        if not videos:
            raise VideoNotFoundError(f"the playlist {playlist} is empty")
        return videos
    if start is not None:
        return [served.library.find(start)]
    videos = served.library.videos()
    if not videos:
        raise VideoNotFoundError("this library is empty: index a folder first")
    return [secrets.choice(videos)]
