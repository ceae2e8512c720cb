"""What the addresses of pages say: the whole query, so that they can be kept and sent."""

from typing import Annotated, Literal

from pydantic import Field

from mvsearch.search.web.requests import (
    MAX_PARTS,
    MAX_TOP,
    FilterFields,
    LikePart,
    ListRequest,
    MediaPart,
    Name,
    SearchRequest,
    Seconds,
    Weight,
    Words,
    gather_weights,
)
from mvsearch.store.errors import QueryError


class PageRequest(FilterFields):
    """The address of the search page: it holds the whole query.

    Attributes:
        q: the words.
        mode: "auto" compares them with pictures, lyrics and sound; "lyric" takes them for a line,
            "ocr" for words in the picture, "query" for the language of docs/queries.md.
        without: words that push down what has them; `unlike`: a video, likewise.
        upload: ids of uploaded media.
        like: a video, with `start` and `end` in seconds.
        frames, lyrics, audio: weights, such as from sliders; without any, those of the library.
        fold: whether copies are listed under the best, which takes longer.
        fits: "music" finds the songs that fit the picture, "picture" the pictures that fit the
            sound.
    """

    q: Words = ""
    mode: Literal["auto", "lyric", "ocr", "query"] = "auto"
    without: Words = ""
    unlike: Name | None = None
    upload: Annotated[list[Name], Field(max_length=MAX_PARTS, default_factory=list)]
    like: Name | None = None
    start: Seconds | None = None
    end: Seconds | None = None
    frames: Weight | None = None
    lyrics: Weight | None = None
    audio: Weight | None = None
    fold: bool = False
    fits: Literal["", "music", "picture"] = ""
    top: Annotated[int, Field(ge=1, le=MAX_TOP)] = 24

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.has_parts or self.has_filter)

    @property
    def has_parts(self) -> bool:
        """Whether it asks for more than that a filter is passed."""
        has_negative = self.without.strip() or self.unlike
        return bool(self.q.strip() or self.upload or self.like or has_negative)

    def to_search(self) -> SearchRequest:
        """The search that the address describes.

        Raises:
            QueryError: a query in the language of queries has other parts beside it.
        """
        words = [self.q] if self.q.strip() else []
        without = [self.without] if self.without.strip() else []
        like = []
        if self.like is not None:
            like.append(LikePart(video=self.like, start_seconds=self.start, end_seconds=self.end))
        if words and self.mode == "query" and (like or without or self.unlike):
            raise QueryError("a query has all parts in it: write and not …, like(…) into it")
        return SearchRequest(
            text=words if self.mode == "auto" else [],
            lyric=words if self.mode == "lyric" else [],
            ocr=words if self.mode == "ocr" else [],
            like=like,
            uploads=self.upload,
            not_text=without,
            unlike=[] if self.unlike is None else [MediaPart(video=self.unlike)],
            query=self.q if words and self.mode == "query" else None,
            filter=FilterFields(**self.model_dump(include=set(FilterFields.model_fields))),
            weights=gather_weights(self),
            top=self.top,
            collapse=self.fold,
        )


class BrowseRequest(ListRequest):
    """The address of the page with all videos."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 60
