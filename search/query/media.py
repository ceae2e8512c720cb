"""What a program asks with: files, and pieces of files or of videos of the library."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mvsearch.search.query.query import Query, QueryKind, QueryPart, Section
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video

Source = str | Path | Video


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of a file, or of a video of the library.

    Attributes:
        source: a path; in a part of the kind `like`, what `VideoLibrary.find` takes.
        start_seconds, end_seconds: None is its beginning, or its end.
    """

    source: Source
    start_seconds: float | None = None
    end_seconds: float | None = None


Asked = Source | Clip
Many = Asked | list[Asked] | tuple[Asked, ...] | None


def make_query(
    query: Query | str | None = None,
    *,
    text: Many = None,
    lyric: Many = None,
    image: Many = None,
    clip: Many = None,
    audio: Many = None,
    like: Many = None,
    tag: str | list[str] | tuple[str, ...] | None = None,
) -> Query:
    """Make a query of its parts, each one thing or a list of things; they are fused.

    Args:
        query: a query to extend, or words, which are a part of the kind `text`.
        text: words for what is seen, sung or heard.
        lyric: a line that is sung.
        image: a picture.
        clip: a piece of video, with its sound.
        audio: a piece of sound.
        like: a video of the library, or a piece of it.
        tag: only videos with this tag.

    Raises:
        QueryError: there is nothing to ask, or a part makes no sense.
    """
    asked: dict[QueryKind, Many] = {
        "text": text, "lyric": lyric, "image": image, "clip": clip, "audio": audio, "like": like,
    }  # fmt: skip
    begun = query if isinstance(query, Query) else None
    parts = list(begun.parts) if begun is not None else []
    parts += [QueryPart("text", query)] if isinstance(query, str) else []
    parts += [make_part(kind, one) for kind, many in asked.items() for one in _iterate(many)]
    tags = (tag,) if isinstance(tag, str) else tuple(tag or ())
    return Query(tuple(parts), (*(begun.tags if begun is not None else ()), *tags))


def make_part(kind: QueryKind, asked: Asked) -> QueryPart:
    """One part of a query; a path is a path, whatever is in its name.

    Raises:
        QueryError: it makes no sense as a part of this kind.
    """
    section = None
    if isinstance(asked, Clip):
        if (asked.start_seconds, asked.end_seconds) != (None, None):
            section = Section(asked.start_seconds, asked.end_seconds)
        asked = asked.source
    if kind == "like" and isinstance(asked, Video):
        return QueryPart(kind, asked.id, section)
    if isinstance(asked, str) or (kind not in ("text", "lyric") and isinstance(asked, Path)):
        return QueryPart(kind, str(asked), section)
    raise QueryError(f"{kind} cannot be a {type(asked).__name__}")


def _iterate(many: Many) -> Iterator[Asked]:
    if isinstance(many, (list, tuple)):
        yield from many
    elif many is not None:
        yield many
