"""Keeps uploaded pictures, clips and sounds in memory for a while, for queries that name them."""

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import mvsearch
from mvsearch import Query
from mvsearch.search.api.methods.media import make_query_stills
from mvsearch.search.query.media import Encoded
from mvsearch.search.query.query import QueryPart, Section
from mvsearch.search.web.requests import MAX_CLIP_SECONDS
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Still
from mvsearch.store.unicode import MAX_NAME_LETTERS, printable, truncate

if TYPE_CHECKING:
    from mvsearch.search.query.encode import Made

UploadKind = Literal["image", "clip", "audio"]

MAX_UPLOADS = 64
MAX_ALL_BYTES = 256 * 2**20
LIFETIME_SECONDS = 3600.0
# Words are small when encoded, and older ones than so many are seldom asked again.
MAX_REMEMBERED = 256
# The id of an upload, and a section of it in seconds.
_NAME = re.compile(r"([\w-]{1,64})(?:@(\d{1,7}(?:\.\d{1,3})?)-(\d{1,7}(?:\.\d{1,3})?))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """Media that a client sent.

    Attributes:
        id: cannot be guessed.
        query: the media as a query of one part.
        name: of the file, as the client called it; empty without one.
        n_bytes: their size.
        begun_seconds: when they came, by the clock of `Uploads`.
    """

    id: str
    kind: UploadKind
    query: Query
    n_bytes: int
    begun_seconds: float
    name: str = ""

    @property
    def data(self) -> bytes:
        """What the client sent."""
        (part,) = self.query.parts
        assert isinstance(part.media, Encoded)
        return part.media.data

    def to_dict(self) -> dict[str, object]:
        """The upload as the API tells it."""
        return {"id": self.id, "kind": self.kind, "bytes": self.n_bytes, "name": self.name}


class Uploads:
    """The uploads of a server; the oldest go first.

    Args:
        now: a monotonic clock in seconds.

    Attributes:
        memory: the encoded parts of queries, for `remembering`; see `VideoLibrary.search`.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._stills: dict[str, tuple[Still, ...]] = {}
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self.memory: Made = {}

    def add(self, kind: UploadKind, data: bytes, name: str = "") -> Upload:
        """Keep media; queries may call them by their name.

        Raises:
            QueryError: they are empty.
        """
        return self._keep(secrets.token_urlsafe(16), kind, data, name)

    def get(self, upload_id: str) -> Upload:
        """The upload with an id.

        Raises:
            QueryError: there is none, or none any more.
        """
        with self._lock:
            self._tidy()
            if upload_id not in self._kept:
                raise QueryError("the picture, clip or sound is not kept any more: add it again")
            self._kept.move_to_end(upload_id)
            return self._kept[upload_id]

    def holds(self, name: str) -> bool:
        """Whether a name is that of an upload, or of a section of one."""
        try:
            return self.get(parse_name(name)[0]).id != ""
        except QueryError:
            return False

    def find_part(self, name: str) -> QueryPart:
        """The part of a query that an upload is, or a section of it, `ID@START-END`.

        Raises:
            QueryError: there is no such upload, or the section has no length.
        """
        upload_id, section = parse_name(name)
        (part,) = self.get(upload_id).query.parts
        if section is None or part.kind == "image":
            return part
        start = section.start_seconds or 0.0
        end = min(section.end_seconds or start, start + MAX_CLIP_SECONDS)
        return replace(part, section=Section(start, end))

    def find_stills(self, upload_id: str) -> tuple[Still, ...]:
        """The stills of an upload, made once; none of sound.

        Raises:
            QueryError: there is no such upload.
            MediaError: it cannot be read.
        """
        query = self.get(upload_id).query
        with self._making:
            if upload_id not in self._stills:
                self._stills[upload_id] = make_query_stills(query)
            return self._stills[upload_id]

    def _keep(self, upload_id: str, kind: UploadKind, data: bytes, name: str) -> Upload:
        query = make_media_query(kind, data)
        shown = truncate(printable(name), MAX_NAME_LETTERS)
        upload = Upload(upload_id, kind, query, len(data), self._now(), shown)
        with self._lock:
            self._kept[upload.id] = upload
            self._tidy()
        return upload

    def drop(self, upload_id: str) -> None:
        """Drop an upload; it need not be there any more."""
        with self._lock:
            self._kept.pop(upload_id, None)
            self._stills.pop(upload_id, None)

    def _tidy(self) -> None:
        """Drop what is old or too much, with what is remembered of it."""
        n_bytes = sum(each.n_bytes for each in self._kept.values())
        for upload in list(self._kept.values()):
            is_old = self._now() - upload.begun_seconds > LIFETIME_SECONDS
            if is_old or n_bytes > MAX_ALL_BYTES or len(self._kept) > MAX_UPLOADS:
                del self._kept[upload.id]
                n_bytes -= upload.n_bytes
                self._stills.pop(upload.id, None)

    @contextmanager
    def remembering(self) -> "Iterator[Made]":
        """The memory, for a search; afterwards what it has too much is forgotten."""
        try:
            yield self.memory
        finally:
            self._forget()

    def _forget(self) -> None:
        """Forget encoded parts whose media are gone, and the oldest words and sections."""
        with self._lock:
            whole = {part for each in self._kept.values() for part in each.query.parts}
        held = {part.media for part in whole}
        known = list(self.memory)
        gone = [key for key in known if key[0].media is not None and key[0].media not in held]
        others = [key for key in known if key[0] not in whole and key not in gone]
        for key in gone + others[: max(0, len(others) - MAX_REMEMBERED)]:
            self.memory.pop(key, None)


def parse_name(name: str) -> tuple[str, Section | None]:
    """The id of an upload and the section of it that a query names.

    Raises:
        QueryError: it is no such name, or the section has no length.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise QueryError("an upload is named by its id, or ID@START-END with times in seconds")
    upload_id, start, end = found.groups()
    return upload_id, None if start is None else Section(float(start), float(end))


def make_media_query(kind: UploadKind, data: bytes) -> Query:
    """A query of one picture, or of the beginning of a clip or sound.

    Raises:
        QueryError: the media are empty.
    """
    if kind == "image":
        return mvsearch.make_query(image=data)
    clip = mvsearch.Clip(data, 0.0, MAX_CLIP_SECONDS)
    return mvsearch.make_query(clip=clip) if kind == "clip" else mvsearch.make_query(audio=clip)
