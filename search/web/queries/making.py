"""Makes queries of the API from requests: uploads stand for the files that they name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mvsearch import Clip, Filter, Query, make_query
from mvsearch.search.query.language.parsing import parse_with_parts
from mvsearch.search.query.make_query import OF_FILES
from mvsearch.search.query.query import QueryPart, Section
from mvsearch.search.web.requests import MAX_CLIP_SECONDS, MediaPart, QueryFields
from mvsearch.search.web.uploads import Uploads, parse_name
from mvsearch.store.errors import QueryError
from mvsearch.store.unicode import printable


def make_asked_query(asked: QueryFields, uploads: Uploads, filter: Filter) -> Query:
    """The query of a request; of plain parts, uploads come first.

    Raises:
        QueryError: it is empty, cannot be read, or names what was not uploaded.
    """
    if asked.query is not None:
        files = _list_files(asked, uploads)
        return parse_with_parts(
            asked.query, filter, lambda part: _find_file(part, files, asked.uploads, uploads)
        )
    like = [Clip(one.video, one.start_seconds, one.end_seconds) for one in asked.like]
    begun = tuple(uploads.find_part(name) for name in asked.uploads)
    given: dict[str, Any] = {
        "text": asked.text, "lyric": asked.lyric, "ocr": asked.ocr, "like": like,
        "not_text": asked.not_text,
        **{
            name: [make_media_part(one, uploads) for one in getattr(asked, name)]
            for name in ("look_of", "sound_of", "lyrics_of", "unlike")
        },
    }  # fmt: skip
    if not any(given.values()):
        return Query(begun, filter)
    return (
        make_query(Query(begun), filter=filter, **given)
        if begun
        else make_query(filter=filter, **given)
    )


def make_media_part(asked: MediaPart, uploads: Uploads) -> Query:
    """The query of one part that is a video or an upload.

    Raises:
        QueryError: there is no such upload.
    """
    if asked.upload is not None:
        return Query((uploads.find_part(asked.upload),))
    return make_query(like=Clip(asked.video or "", asked.start_seconds, asked.end_seconds))


def _list_files(asked: QueryFields, uploads: Uploads) -> dict[str, str]:
    """The uploads of a request by the names that a query may have for them."""
    named = {uploads.get(parse_name(one)[0]).name: one for one in asked.uploads}
    return {**{name: one for name, one in named.items() if name}, **asked.files}


def _find_file(
    part: QueryPart, files: Mapping[str, str], sent: Sequence[str], uploads: Uploads
) -> QueryPart:
    """The same part of an upload; never of a file of this machine.

    Raises:
        QueryError: nothing of this name was uploaded, or it is of another kind.
    """
    if part.kind not in OF_FILES:
        return part
    name = files.get(part.value, part.value)
    if name == part.value and name not in sent and not uploads.holds(name):
        told = f"no file {printable(part.value)[:80]!r} was sent with the query"
        raise QueryError(f"{told}: upload it, and name it by its id or in 'files'")
    found = uploads.find_part(name)
    if (found.kind == "image") != (part.kind == "image"):
        raise QueryError(f"{printable(part.value)[:80]!r} was sent as {found.kind}")
    found = replace(found, kind=part.kind, role=part.role)
    if part.section is None:
        return found
    start = part.section.start_seconds or 0.0
    longest = start + MAX_CLIP_SECONDS
    end = min(longest if part.section.end_seconds is None else part.section.end_seconds, longest)
    return replace(found, section=Section(start, end))
