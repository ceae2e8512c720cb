"""The endpoints of what goes together: music for pictures, pictures for music, and contrasts."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from mvsearch.search.picture_music import PictureMusic, WayName
from mvsearch.search.web.queries.making import make_media_part
from mvsearch.search.web.requests import FilterFields, MediaPart, Moments, SearchOptionFields
from mvsearch.search.web.served import Served, ServedLibrary

router = APIRouter(prefix="/api/v1", tags=["search"])


class FitRequest(SearchOptionFields, MediaPart):
    """A picture or a sound to find the other one for; see `VideoLibrary.music_for`."""

    way: WayName | None = None
    filter: FilterFields = FilterFields()
    n_moments: Moments = 3

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.music_for`."""
        return super().to_arguments() | {"n_moments": self.n_moments, "way": self.way}


class ContrastRequest(SearchOptionFields):
    """A contrast; see `VideoLibrary.contrast`."""

    looks_like: MediaPart | None = None
    sounds_like: MediaPart | None = None
    looks_unlike: MediaPart | None = None
    sounds_unlike: MediaPart | None = None
    filter: FilterFields = FilterFields()
    n_moments: Moments = 3


@router.post("/music")
def find_music(served: ServedLibrary, asked: FitRequest) -> dict[str, Any]:
    """The songs that fit a picture, the best first, and how they were found."""
    return _fit(served, asked, served.library.music_for)


@router.post("/pictures-for")
def find_pictures(served: ServedLibrary, asked: FitRequest) -> dict[str, Any]:
    """The videos whose pictures fit a sound, the best first, and how they were found."""
    return _fit(served, asked, served.library.pictures_for)


def _fit(served: Served, asked: FitRequest, find: Callable[..., PictureMusic]) -> dict[str, Any]:
    arguments = asked.to_arguments() | {"filter": served.to_filter(asked.filter)}
    with served.uploads.remembering() as memory:
        return find(make_media_part(asked, served.uploads), memory=memory, **arguments).to_dict()


@router.post("/contrast")
def find_contrast(served: ServedLibrary, asked: ContrastRequest) -> dict[str, Any]:
    """The videos that look like one thing and sound unlike one, or the other way round."""
    names = ("looks_like", "sounds_like", "looks_unlike", "sounds_unlike")
    given = {name: part for name in names if (part := getattr(asked, name)) is not None}
    parts: dict[str, Any] = {
        name: make_media_part(part, served.uploads) for name, part in given.items()
    }
    arguments = asked.to_arguments() | {"n_moments": asked.n_moments}
    arguments["filter"] = served.to_filter(asked.filter)
    with served.uploads.remembering() as memory:
        return served.library.contrast(**parts, memory=memory, **arguments).to_dict()
