"""Determines the kind of a bare argument: a picture, a clip, a sound, a video or words."""

import mimetypes
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from mvsearch.indexer.media.files.containers import (
    HEAD_BYTES,
    has_media_ending,
    has_media_signature,
)
from mvsearch.indexer.media.pictures import has_image_signature
from mvsearch.search.query.make_query import OF_FILES, Asked, Clip, make_part
from mvsearch.search.query.media import Frames, Samples
from mvsearch.search.query.query import (
    Query,
    QueryKind,
    QueryPart,
    check_file,
    parse_part,
    parse_section,
)
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.lookup import describe_video
from mvsearch.store.errors import QueryError
from mvsearch.store.opening import expand_home
from mvsearch.store.records import Video
from mvsearch.store.unicode import MAX_NAME_LETTERS, fold_name

_KIND_LABELS: dict[QueryKind, str] = {
    "text": "the words",
    "image": "the picture",
    "clip": "the clip",
    "audio": "the sound",
    "like": "the video of the library",
}


class VideoLookup(Protocol):
    """The part of the API that is needed here."""

    def videos(self, filter: Filter) -> list[Video]:
        """The videos that pass the filter."""

    def holds_file(self, path: Path) -> bool:
        """Whether a file is a video of the library."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The interpretation of an argument."""

    part: QueryPart

    def __str__(self) -> str:
        """The interpretation as text, such as `the picture 'beach.jpg'`."""
        return f"{_KIND_LABELS[self.part.kind]} {self.part.value!r}"


def guess_parts(arguments: Sequence[str], library: VideoLookup) -> list[Guess]:
    """Interpret each argument as a file or a video of the library, and the rest as words.

    A file of the library is that video; the kind of another file follows from its content. Other
    arguments are joined, so that words need no quotation marks. They mean a video if they equal
    the title, or "Artist - Title", of exactly one video.

    Raises:
        QueryError: an argument looks like a path, but is not a media file or picture.
    """
    guesses: list[Guess] = []
    words: list[str] = []
    for argument in arguments:
        part = _guess_file(argument, library)
        if part is None:
            words.append(argument)
        else:
            guesses.append(Guess(part))
    if words:
        guesses.append(Guess(_guess_words(" ".join(words), library)))
    return guesses


def guess_media(argument: str, library: VideoLookup) -> QueryPart:
    """Interpret an argument as a file, else as the name of a video of the library.

    Raises:
        QueryError: it looks like a path, but is not a media file or picture.
    """
    part = _guess_file(argument, library)
    return parse_part("like", argument) if part is None else part


def guess_part(media: "Query | Asked") -> QueryPart:
    """The part of a query that is a picture, clip or sound; its kind follows from its content.

    Args:
        media: a path, bytes, a Pillow image, an array, `Frames`, `Samples`, or a `Clip` of these;
            or a query of one.

    Raises:
        QueryError: it is none of these.
    """
    if isinstance(media, Query):
        if len(media.parts) != 1 or media.parts[0].kind not in OF_FILES:
            raise QueryError("a mood is of one picture, clip or sound")
        return media.parts[0]
    source = media.source if isinstance(media, Clip) else media
    kind: QueryKind = "image"
    if isinstance(source, Samples):
        kind = "audio"
    elif isinstance(source, Frames):
        kind = "clip"
    elif isinstance(source, str | Path | bytes | bytearray | memoryview):
        kind = "image" if has_image_signature(_read_head(source)) else "clip"
    return make_part(kind, media)


def guess_files(names: Sequence[str]) -> list[QueryPart]:
    """The parts of a query that files are, `FILE` or `FILE@START-END`; see `guess_part`.

    Raises:
        QueryError: there is no such file.
    """
    parts = []
    for name in names:
        path, section = parse_section(name)
        parts.append(replace(guess_part(path), section=section))
    return parts


def _read_head(source: str | Path | bytes | bytearray | memoryview) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[:HEAD_BYTES])
    path = expand_home(source)
    check_file(path, str(source))
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise QueryError(f"cannot read {path.name!r}: {error.strerror}") from None


def _guess_file(argument: str, library: VideoLookup) -> QueryPart | None:
    """The part for a file; None if the argument is not a path."""
    name, section = parse_section(argument)
    path = Path(name)
    if name.strip() and library.holds_file(path):
        return QueryPart("like", name, section)
    if _is_file(path):
        return QueryPart(_find_kind(path), name, section)
    if _looks_like_path(name):
        check_file(path, name)
        raise QueryError(f"{name!r} is neither a plain file nor a video of the library")
    return None


def _is_file(path: Path) -> bool:
    """Whether there is such a file; False if the words cannot be a file name."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _looks_like_path(name: str) -> bool:
    """Whether the name of a missing file is a path; `AC/DC` and `and/or` are words."""
    is_placed = name.startswith(("/", "./", "../", "~/")) or name.endswith(os.sep)
    kind = mimetypes.guess_type(name)[0] or ""
    is_media = kind.startswith(("image/", "video/", "audio/"))
    return is_placed or is_media or has_media_ending(Path(name))


def _find_kind(path: Path) -> QueryKind:
    """The kind of a file by its content; by its name if the container may be sound or video."""
    head = _read_head(path)
    if has_image_signature(head):
        return "image"
    if has_media_signature(head) or has_media_ending(path):
        kind = mimetypes.guess_type(path.name)[0] or ""
        return "audio" if kind.startswith("audio/") else "clip"
    raise QueryError(
        f"{path.name!r} is not a picture, sound or video; to search for these words, use --text"
    )


def _guess_words(words: str, library: VideoLookup) -> QueryPart:
    """A video of the library, if the words are its whole name; else the words."""
    name, section = parse_section(words)
    if len(_find_named(name, library)) == 1:
        return QueryPart("like", name, section)
    return parse_part("text", words)


def _find_named(name: str, library: VideoLookup) -> list[Video]:
    """The videos whose title, or "Artist - Title", equals a name."""
    folded = fold_name(name)
    if not folded or len(name) > MAX_NAME_LETTERS:
        return []
    # By the database: comparing all names of a large library here takes seconds.
    filters = [Filter(title=folded)]
    artist, dash, title = folded.partition(" - ")
    if dash and artist and title:
        filters.append(Filter(artist=artist, title=title))
    found = {video.id: video for each in filters for video in library.videos(each)}
    return [
        video
        for video in found.values()
        if folded in (fold_name(video.title), fold_name(describe_video(video)))
    ]
