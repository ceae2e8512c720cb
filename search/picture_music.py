"""Chooses the music that fits a picture.

Several ways are tried in turn, the surest first: songs whose picture looks like it, then songs
whose words or sound are about what it shows. A way by mood is to be one more function in `WAYS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MediaError, QueryError

WayName = Literal["look", "words"]
# Answers a query; see `VideoLibrary.search`.
Search = Callable[[Query], Sequence[Result]]

MAX_WORDS = 5


@dataclass(frozen=True, slots=True)
class PictureMusic:
    """The music that fits a picture.

    Attributes:
        way: how it was found.
        results: the best first.
        words: what the picture shows, the surest first; of the way "look" not asked, and empty.
    """

    way: WayName
    results: tuple[Result, ...]
    words: tuple[str, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether chance would find as much."""
        return not self.results or self.results[0].is_weak


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture to find music for.

    Attributes:
        part: the picture.
        encoders: of the library.
        filter: selects the songs.
    """

    part: QueryPart
    encoders: Encoders
    filter: Filter
    search: Search


def find_by_look(asked: Asked) -> PictureMusic:
    """Songs with a moment that looks like the picture."""
    query = Query((asked.part,), asked.filter)
    return PictureMusic("look", tuple(asked.search(query)))


def find_by_words(asked: Asked) -> PictureMusic:
    """Songs in which what the picture shows is seen, sung of or heard."""
    words = name_picture(asked.part, asked.encoders)
    if not words:
        return PictureMusic("words", ())
    query = Query((QueryPart("text", ", ".join(words)),), asked.filter)
    try:
        return PictureMusic("words", tuple(asked.search(query)), words)
    except QueryError:  # nothing in the library can be compared with words
        return PictureMusic("words", (), words)


WAYS: tuple[Callable[[Asked], PictureMusic], ...] = (find_by_look, find_by_words)


def fit_music(asked: Asked) -> PictureMusic:
    """The music by the first way that finds more than chance would, else by the first of all.

    Raises:
        QueryError: the picture cannot be read.
    """
    tried: list[PictureMusic] = []
    for way in WAYS:
        tried.append(way(asked))
        if not tried[-1].is_weak:
            return tried[-1]
    return next((one for one in tried if one.results), tried[0])


def name_picture(part: QueryPart, encoders: Encoders) -> tuple[str, ...]:
    """What a picture shows in a few words.

    Raises:
        QueryError: it cannot be read.
    """
    from mvsearch.indexer.features.image_names import name_image

    try:
        with part.opened() as file:
            tags = name_image(file, encoders)
    except MediaError as error:
        raise QueryError(f"cannot read {part.name}: {error}") from error
    return tuple(dict.fromkeys(tag.name for tag in tags))[:MAX_WORDS]
