"""Keeps copies of the pictures, clips and sounds in memory by which sessions search."""

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from mvsearch.search.feedback.records import AskedPart, FeedbackSession
from mvsearch.search.query.media import Encoded, Media, written
from mvsearch.search.query.query import QueryPart
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.files.kept import LibraryFiles

FOLDER = "session-media"
MAX_COPY_BYTES = 64 * 2**20
NEW_SECONDS = 600.0
_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


def keep_part(library_files: LibraryFiles, part: QueryPart) -> AskedPart:
    """A part as a session keeps it; of media in memory, a copy is written.

    Raises:
        QueryError: the media are too large.
        MvsearchError: the folder cannot be written.
    """
    if part.media is None:
        return AskedPart.take(part)
    data = _read(part.media)
    if len(data) > MAX_COPY_BYTES:
        raise QueryError(f"a session keeps media of up to {MAX_COPY_BYTES >> 20} MiB: cut a part")
    name = hashlib.sha256(data).hexdigest()
    with _explaining(library_files):
        # Also where there is one: it may be damaged, or about to be dropped as old and unused.
        library_files.write(f"{FOLDER}/{name}", data)
    return AskedPart.take(part, name)


def restore_part(library_files: LibraryFiles, asked: AskedPart) -> QueryPart:
    """The part of a query, with its media.

    Raises:
        QueryError: the copy is gone or another one.
    """
    part = asked.to_part()
    if asked.copy is None:
        return part
    gone = QueryError(f"the {asked.kind} that the session searched by is gone: search again")
    if not _NAME.fullmatch(asked.copy):
        raise gone
    try:
        data = library_files.read(f"{FOLDER}/{asked.copy}")
    except OSError:
        raise gone from None
    if hashlib.sha256(data).hexdigest() != asked.copy:
        raise gone
    media = Encoded(data)
    return replace(part, value=media.name, media=media)


def drop_unused(library_files: LibraryFiles, sessions: Iterable[FeedbackSession]) -> None:
    """Delete the copies that no session names, after the sessions are written.

    A new one may be of a session that is just being kept.
    """
    used = {f"{FOLDER}/{part.copy}" for one in sessions for part in one.parts}
    with _explaining(library_files):
        for name, changed_seconds in library_files.list_files(FOLDER).items():
            if name not in used and changed_seconds < time.time() - NEW_SECONDS:
                library_files.drop(name)


def _read(media: Media) -> bytes:
    if isinstance(media, Encoded):
        return media.data
    with written(media) as file:
        if file.stat().st_size > MAX_COPY_BYTES:
            return bytes(MAX_COPY_BYTES + 1)
        return file.read_bytes()


@contextmanager
def _explaining(library_files: LibraryFiles) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or "it is refused"
        place = getattr(error, "filename", None) or FOLDER
        raise MvsearchError(f"{place} cannot be written: {reason}") from error
