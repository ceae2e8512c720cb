"""Builds queries for programs, from paths, bytes, images, arrays and videos of the library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mvsearch.search.query.language.roles import Role
from mvsearch.search.query.media import (
    Encoded,
    Frames,
    Media,
    Samples,
    encode_picture,
    is_pillow_image,
)
from mvsearch.search.query.query import QUERY_KINDS, Query, QueryKind, QueryPart, Section
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.opening import expand_home
from mvsearch.store.records import Video

if TYPE_CHECKING:
    from PIL.Image import Image

    from mvsearch.search.temporal.expression import Expression, Leaf

Source: TypeAlias = "str | Path | bytes | Image | npt.NDArray[np.uint8] | Frames | Samples | Video"

OF_FILES: tuple[QueryKind, ...] = ("image", "clip", "audio")
ROLE_KINDS: tuple[QueryKind, ...] = (*OF_FILES, "like")


@dataclass(frozen=True, slots=True)
class Clip:
    """A section of video or sound as part of a query.

    Attributes:
        source: a path, the bytes of a file, `Frames` or `Samples`; for `like`, a video of the
            library or what `VideoLibrary.find` takes.
        start_seconds, end_seconds: of the section; None for the start or end of the source.
    """

    source: Source
    start_seconds: float | None = None
    end_seconds: float | None = None


Asked: TypeAlias = "Source | Clip"
Many: TypeAlias = "Asked | list[Any] | tuple[Any, ...] | None"
Contrasted: TypeAlias = "Query | Asked | None"
Sided: TypeAlias = "Query | Many"
Words: TypeAlias = "str | list[str] | tuple[str, ...] | None"


def make_query(
    query: "Query | Expression | str | None" = None,
    *,
    text: Words = None,
    lyric: Words = None,
    ocr: Words = None,
    image: Many = None,
    clip: Many = None,
    audio: Many = None,
    like: Many = None,
    look_of: Sided = None,
    sound_of: Sided = None,
    lyrics_of: Sided = None,
    not_text: Words = None,
    unlike: Sided = None,
    tag: Words = None,
    filter: Filter = Filter(),
) -> Query:
    """Build a query of its parts; each part is one value or a list of values.

    Args:
        query: a query to extend, an expression of parts that lie in time, or words as for `text`.
        text: words that describe pictures, lyrics or sound, or that are shown.
        lyric: a lyric line.
        ocr: words that the picture shows.
        image: a picture: a path, bytes, a Pillow image, or (height, width, 3) uint8 RGB.
        clip: a video clip with its sound: a path, bytes, `Frames`, or a `Clip` of these.
        audio: an audio clip: a path, bytes, `Samples`, or a `Clip` of these.
        like: a video of the library, or a `Clip` of one.
        look_of: likewise, of which the picture alone counts; or a query of one picture or clip.
        sound_of: likewise, of which the sound alone counts; or a query of one clip or sound.
        lyrics_of: likewise, of which the lyrics alone count.
        not_text: words; videos that they describe or that hold them are pushed down.
        unlike: a video of the library, or a `Clip` of one, or a query of one picture, clip or
            sound; videos that are like it are pushed down.
        tag: only videos with this tag, in addition to those of the filter.
        filter: selects the videos; if it has any condition, it replaces that of `query`.

    Raises:
        QueryError: the query is empty, or a part is invalid.
    """
    asked: dict[QueryKind, Many] = {
        "text": text, "lyric": lyric, "ocr": ocr, "image": image, "clip": clip, "audio": audio,
        "like": like,
    }  # fmt: skip
    begun = None
    if not isinstance(query, str) and query is not None:
        begun = query if isinstance(query, Query) else Query((), expression=query)
    parts = list(begun.parts) if begun is not None else []
    parts += [QueryPart("text", query)] if isinstance(query, str) else []
    parts += [make_part(kind, one) for kind, many in asked.items() for one in _iterate(many)]
    sides: dict[Role, Sided] = {
        "look-of": look_of, "sound-of": sound_of, "lyrics-of": lyrics_of, "not": unlike
    }  # fmt: skip
    parts += [_give_role(role, one) for role, many in sides.items() for one in _iterate(many)]
    parts += [replace(make_part("text", one), role="not") for one in _iterate(not_text)]
    chosen = begun.filter if begun is not None and not filter else filter
    tags = (tag,) if isinstance(tag, str) else tuple(tag or ())
    whole = replace(chosen, tags=(*chosen.tags, *tags))
    return Query(tuple(parts), whole, None if begun is None else _extend_expression(begun, parts))


def _extend_expression(query: Query, parts: Sequence[QueryPart]) -> "Expression | None":
    """The expression of a query with more parts, which are anywhere in the video."""
    more = parts[len(query.parts) :]
    if query.expression is None or not more:
        return query.expression
    from mvsearch.search.temporal.expression import And, Leaf

    return And((query.expression, *map(Leaf, more)))


def make_leaf(*, weight: float = 1.0, **part: Any) -> "Leaf":
    """Build one part of an expression.

    Args:
        weight: of its evidence, above zero.
        **part: one part as for `make_query`, such as `text="rain"`.

    Raises:
        QueryError: it is not one part.
    """
    from mvsearch.search.temporal.expression import Leaf

    is_known = part and set(part) <= set(QUERY_KINDS)
    parts = make_query(**part).parts if is_known else ()
    if len(parts) != 1:
        raise QueryError(f"a part of an expression is one of {', '.join(QUERY_KINDS)}")
    return Leaf(parts[0], weight)


def make_picture_query(image: "Query | Many") -> Query:
    """Build a query of one picture, or of one clip or video whose pictures count.

    Args:
        image: as for `make_query`, or such a query.

    Raises:
        QueryError: it is none of these.
    """
    query = image if isinstance(image, Query) else make_query(image=image)
    return _check_single(query, ("image", "clip", "like"), "music is found for one picture")


def make_sound_query(audio: "Query | Many") -> Query:
    """Build a query of one piece of sound, or of one clip or video whose sound counts.

    Args:
        audio: as for `make_query`, or such a query.

    Raises:
        QueryError: it is none of these.
    """
    query = audio if isinstance(audio, Query) else make_query(audio=audio)
    return _check_single(query, ("audio", "clip", "like"), "pictures are found for one sound")


def _check_single(query: Query, kinds: tuple[QueryKind, ...], what: str) -> Query:
    if len(query.parts) != 1 or query.parts[0].kind not in kinds:
        raise QueryError(f"{what}, clip or video at a time")
    return query


def make_contrast(
    *,
    looks_like: Contrasted = None,
    sounds_like: Contrasted = None,
    looks_unlike: Contrasted = None,
    sounds_unlike: Contrasted = None,
    filter: Filter = Filter(),
) -> Query:
    """Build a query for what is like one thing by look and unlike one by sound, or the reverse.

    Args:
        looks_like: a video of the library, or a `Clip` of one, as for `like`; or a query of one
            picture, clip or sound. It goes with `sounds_unlike`.
        sounds_like: likewise; it goes with `looks_unlike`.
        looks_unlike: likewise.
        sounds_unlike: likewise.
        filter: selects the videos.

    Raises:
        QueryError: they do not go together, or a part lacks the picture or the sound.
    """
    asked: dict[Role, Contrasted] = {
        "looks-like": looks_like, "sounds-like": sounds_like, "looks-unlike": looks_unlike,
        "sounds-unlike": sounds_unlike,
    }  # fmt: skip
    parts = [_give_role(role, one) for role, one in asked.items() if one is not None]
    if not parts:
        raise QueryError("a contrast says what the videos look or sound like")
    return Query(tuple(parts), filter)


def _give_role(role: Role, asked: "Query | Asked") -> QueryPart:
    """A part with a role: a video, or the one part of a query."""
    parts = asked.parts if isinstance(asked, Query) else (make_part("like", asked),)
    if len(parts) != 1 or parts[0].kind not in ROLE_KINDS:
        name = "unlike" if role == "not" else role
        raise QueryError(f"--{name} takes one video of the library, picture, clip or sound")
    return replace(parts[0], role=role)


def make_part(kind: QueryKind, asked: Asked) -> QueryPart:
    """Build one part of a query; an `@` in a path has no meaning here.

    Raises:
        QueryError: the value is invalid for this kind.
    """
    section = None
    if isinstance(asked, Clip):
        if (asked.start_seconds, asked.end_seconds) != (None, None):
            section = Section(asked.start_seconds, asked.end_seconds)
        asked = asked.source
    if kind == "like" and isinstance(asked, Video):
        return QueryPart(kind, asked.id, section)
    if kind in OF_FILES and isinstance(asked, (str, Path)):
        return QueryPart(kind, str(expand_home(asked)), section)
    if isinstance(asked, str) or (kind == "like" and isinstance(asked, Path)):
        return QueryPart(kind, str(asked), section)
    media = _find_media(kind, asked)
    if media is None:
        raise QueryError(_describe_mismatch(kind, asked))
    return QueryPart(kind, media.name, section, media)


def _find_media(kind: QueryKind, asked: object) -> Media | None:
    """The media in memory; None if the value is none, or of another kind."""
    if kind in OF_FILES and isinstance(asked, (bytes, bytearray, memoryview)):
        return Encoded(bytes(asked))
    if kind == "image" and (isinstance(asked, np.ndarray) or is_pillow_image(asked)):
        picture: Any = asked
        return encode_picture(picture)
    if (kind == "clip" and isinstance(asked, Frames)) or (
        kind == "audio" and isinstance(asked, Samples)
    ):
        return asked
    return None


def _describe_mismatch(kind: QueryKind, asked: object) -> str:
    takes = {
        "text": "words",
        "lyric": "words",
        "ocr": "words",
        "image": "a path, bytes, an image of Pillow or an array (height, width, 3) of uint8",
        "clip": "a path, bytes, Frames(pixels, frame_rate), or a Clip of one of these",
        "audio": "a path, bytes, Samples(values, sample_rate), or a Clip of one of these",
        "like": "a video of the library, its name, or a Clip of it",
    }
    return f"{kind} takes {takes[kind]}, not {type(asked).__name__}"


def _iterate(many: "Sided | Many") -> Iterator[Any]:
    if isinstance(many, (list, tuple)):
        yield from many
    elif many is not None:
        yield many
