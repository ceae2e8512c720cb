"""The pages of artists: all of them, and one with the videos and the artists nearest to it."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import HTMLResponse

from mvsearch import Video
from mvsearch.search.web.requests import Name
from mvsearch.search.web.served import Served, ServedLibrary
from mvsearch.search.web.templating import render
from mvsearch.search.web.view_models.cards import describe_videos
from mvsearch.store.errors import MvsearchError, VideoNotFoundError
from mvsearch.store.unicode import fold_name

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

# Videos of an artist that similar artists are looked for by, and the similar videos of each.
N_ASKED = 4
N_SIMILAR = 12
N_NEAR = 12


@router.get("/artists")
def show_artists(served: ServedLibrary) -> HTMLResponse:
    """All artists by name, with the number of their videos."""
    found: Counter[str] = Counter()
    names: dict[str, str] = {}
    for video in served.library.videos():
        if video.artist:
            key = fold_name(video.artist)
            names.setdefault(key, video.artist)
            found[key] += 1
    artists = [(names[key], found[key]) for key in sorted(found)]
    return HTMLResponse(render("explore/artists.html", title="Artists", artists=artists))


@router.get("/artist")
def show_artist(served: ServedLibrary, name: Annotated[Name, Field(min_length=1)]) -> HTMLResponse:
    """The videos of an artist."""
    videos = _find_videos(served, name)
    years = sorted({video.year for video in videos if video.year is not None})
    page = render(
        "explore/artist.html",
        title=videos[0].artist,
        videos=videos,
        cards=describe_videos(served.library, videos),
        years=years,
    )
    return HTMLResponse(page)


@router.get("/artist/near")
def show_near(served: ServedLibrary, name: Annotated[Name, Field(min_length=1)]) -> HTMLResponse:
    """The artists of the videos most similar to those of an artist."""
    own = fold_name(name)
    scores: Counter[str] = Counter()
    for video in _find_videos(served, name)[:N_ASKED]:
        try:
            found = served.library.similar(video, top=N_SIMILAR, per_artist=1)
        except MvsearchError:
            continue
        for result in found:
            artist = result.video.artist
            if artist and fold_name(artist) != own and not result.is_weak:
                scores[artist] += 1
    near = [artist for artist, _ in scores.most_common(N_NEAR)]
    return HTMLResponse(render("explore/near.html", near=near))


def _find_videos(served: Served, name: str) -> list[Video]:
    """The videos of an artist, in any spelling of its case and accents.

    Raises:
        VideoNotFoundError: there are none.
    """
    own = fold_name(name)
    videos = [one for one in served.library.videos() if fold_name(one.artist or "") == own]
    if not own or not videos:
        raise VideoNotFoundError(f"no video is by {name}")
    return videos
