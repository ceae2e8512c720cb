"""Determines the kind of a bare argument: a picture, a clip, a sound, a video or words."""

import mimetypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mvsearch.indexer.media.files.containers import HEAD_BYTES, has_media_ending, is_media_head
from mvsearch.indexer.media.pictures import is_picture_head
from mvsearch.search.query.query import QueryKind, QueryPart, check_file, parse_part, parse_section
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.lookup import describe_video, fold_name
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video
from mvsearch.store.unicode import MAX_NAME_LETTERS

_SAID: dict[QueryKind, str] = {
    "text": "the words",
    "image": "the picture",
    "clip": "the clip",
    "audio": "the sound",
    "like": "the video of the library",
}


class Holder(Protocol):
    """What has to be known of a library."""

    def videos(self, filter: Filter) -> list[Video]:
        """The videos that pass a filter."""

    def holds_file(self, path: Path) -> bool:
        """Whether a file is a video of the library."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What an argument was taken for."""

    part: QueryPart

    def __str__(self) -> str:
        """It in words, such as `the picture 'beach.jpg'`."""
        return f"{_SAID[self.part.kind]} {self.part.value!r}"


def guess_parts(arguments: Sequence[str], library: Holder) -> list[Guess]:
    """Take each argument for a file or a video of the library, and what is left for words.

    A file of the library is that video; another file is what its content says. Arguments that are
    neither are joined, so that words need no quotation marks. They mean a video where they are the
    whole of its title, or of "Artist - Title", and of no other's.

    Raises:
        QueryError: an argument looks like a path, but is no file that can be searched by.
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


def _guess_file(argument: str, library: Holder) -> QueryPart | None:
    """The part that a file stands for; None where the argument is no path."""
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
    """Whether there is such a file; words may be no name that a file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _looks_like_path(name: str) -> bool:
    """Whether a name that is no file is a path gone wrong: `AC/DC` and `and/or` are words."""
    is_placed = name.startswith(("/", "./", "../", "~/")) or name.endswith(os.sep)
    kind = mimetypes.guess_type(name)[0] or ""
    is_media = kind.startswith(("image/", "video/", "audio/"))
    return is_placed or is_media or has_media_ending(Path(name))


def _find_kind(path: Path) -> QueryKind:
    """What a file is, by its content; by its name where a container may be sound or video."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise QueryError(f"cannot read {path.name!r}: {error.strerror}") from None
    if is_picture_head(head):
        return "image"
    if is_media_head(head) or has_media_ending(path):
        kind = mimetypes.guess_type(path.name)[0] or ""
        return "audio" if kind.startswith("audio/") else "clip"
    raise QueryError(
        f"{path.name!r} is not a picture, sound or video; to search for these words, use --text"
    )


def _guess_words(words: str, library: Holder) -> QueryPart:
    """A video of the library, where the words are the whole of its name; else the words."""
    name, section = parse_section(words)
    if len(_find_named(name, library)) == 1:
        return QueryPart("like", name, section)
    return parse_part("text", words)


def _find_named(name: str, library: Holder) -> list[Video]:
    """The videos of which a name is the whole title, or the whole of "Artist - Title"."""
    folded = fold_name(name)
    if not folded or len(name) > MAX_NAME_LETTERS:
        return []
    # Asked of the database: to go through the names of a large library takes seconds.
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
