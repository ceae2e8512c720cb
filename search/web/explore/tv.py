"""The pages of radio, which plays one similar song after another, and of playlists."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import HTMLResponse

from mvsearch import Video
from mvsearch.search.mixing.points import MixBy
from mvsearch.search.mixing.through import MAX_STOPS
from mvsearch.search.mood.mix import MAX_MINUTES
from mvsearch.search.web.explore.playlists import PlaylistName, find_playlist
from mvsearch.search.web.requests import Name
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.search.web.view_models.cards import find_artwork
from mvsearch.store.errors import VideoNotFoundError
from mvsearch.store.records import MOOD_NAMES

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

LIKED = "Liked"
Mood = Annotated[str, Field(max_length=40)]


@router.get("/tv")
def show_tv(
    served: ServedLibrary,
    start: Name | None = None,
    playlist: PlaylistName | None = None,
    by: Annotated[Literal["all", "frames", "lyrics", "audio"], Query()] = "all",
    begin: Annotated[Mood | None, Query(alias="from")] = None,
    end: Annotated[Mood | None, Query(alias="to")] = None,
    minutes: Annotated[float, Query(gt=0, le=MAX_MINUTES, allow_inf_nan=False)] = 60.0,
    through: Annotated[list[Name], Query(max_length=MAX_STOPS)] = [],  # noqa: B006  FastAPI copies it
    way: MixBy = "sound",
    in_key: bool = False,
) -> HTMLResponse:
    """Plays a song, a playlist or a mix, and goes on with similar songs; else begins with any."""
    playlists = served.library.playlists()
    notes: Sequence[str] = ()
    if through:
        path = served.library.mix_through(through, minutes, by=way, harmonic=in_key)
        queue, notes = path.videos, path.notes
    elif begin is not None and end is not None:
        mix = served.library.mix(begin, end, minutes)
        queue, notes = mix.videos, mix.notes
    else:
        queue = _choose_first(served, start, playlist, playlists)
    liked = playlists.get(LIKED, [])
    page = render(
        "explore/tv.html",
        title="Radio",
        queue=[describe(video) for video in queue],
        by=by,
        notes=notes,
        mood_names=MOOD_NAMES,
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
        mood_names=MOOD_NAMES,
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
        "gain": "" if video.gain_db is None else video.gain_db,
        "peak": "" if video.peak is None else video.peak,
        "picture": find_artwork(video),
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
