"""Selects and sorts the videos of a page of the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mvsearch import Filter, Video, VideoLibrary
from mvsearch.search.web.requests import ListRequest
from mvsearch.store.unicode import printable

Facet = Sequence[tuple[str | int, int]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list.

    Attributes:
        n_videos: that pass the filter, on all pages.
    """

    videos: Sequence[Video]
    n_videos: int

    def to_dict(self, facets: Mapping[str, Facet]) -> dict[str, Any]:
        """The page as the API tells it.

        Args:
            facets: for each property, its values and how many of the videos have each.
        """
        return {
            "total": self.n_videos,
            "videos": [video.to_dict() for video in self.videos],
            "facets": {
                name: [{"value": _clean(value), "count": n} for value, n in facet]
                for name, facet in facets.items()
            },
        }


def list_page(library: VideoLibrary, asked: ListRequest, filter: Filter) -> Listing:
    """The videos of a page that pass a filter."""
    videos = library.videos(filter, sort=asked.sort)
    shown = videos[asked.offset : asked.offset + asked.limit]
    return Listing(shown, len(videos))


def _clean(value: str | int) -> str | int:
    return printable(value) if isinstance(value, str) else value
