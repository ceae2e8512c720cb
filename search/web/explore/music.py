"""The endpoint that finds music for a picture, with whole results, for programs."""

from typing import Any

from fastapi import APIRouter

from mvsearch.search.web.requests import FilterFields, Moments, Name, SearchOptionFields
from mvsearch.search.web.served import ServedLibrary

router = APIRouter(prefix="/api/v1", tags=["gallery"])


class MusicRequest(SearchOptionFields):
    """A picture to find music for, by the id of its upload; see `VideoLibrary.music_for`."""

    upload: Name
    filter: FilterFields = FilterFields()
    n_moments: Moments = 3

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.music_for`."""
        return super().to_arguments() | {"n_moments": self.n_moments}


@router.post("/music")
def find_music(served: ServedLibrary, asked: MusicRequest) -> dict[str, Any]:
    """The songs that fit an uploaded picture, the best first, and how they were found."""
    query = served.uploads.get(asked.upload).query
    arguments = asked.to_arguments() | {"filter": served.to_filter(asked.filter)}
    with served.uploads.remembering() as memory:
        found = served.library.music_for(query, memory=memory, **arguments)
    return {
        "way": found.way,
        "words": list(found.words),
        "results": [one.to_dict() for one in found.results],
    }
