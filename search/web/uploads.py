"""Keeps uploaded pictures, clips and sounds in memory for a while, for queries that name them."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import mvsearch
from mvsearch import Query
from mvsearch.search.web.requests import MAX_CLIP_SECONDS
from mvsearch.store.errors import QueryError

if TYPE_CHECKING:
    from mvsearch.search.query.encode import Made

UploadKind = Literal["image", "clip", "audio"]

MAX_UPLOADS = 64
MAX_ALL_BYTES = 256 * 2**20
LIFETIME_SECONDS = 3600.0
# Words are small when encoded, and older ones than so many are seldom asked again.
MAX_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Upload:
    """Media that a client sent.

    Attributes:
        id: cannot be guessed.
        query: the media as a query of one part.
        n_bytes: their size.
        begun_seconds: when they came, by the clock of `Uploads`.
    """

    id: str
    kind: UploadKind
    query: Query
    n_bytes: int
    begun_seconds: float

    def to_dict(self) -> dict[str, object]:
        """The upload as the API tells it."""
        return {"id": self.id, "kind": self.kind, "bytes": self.n_bytes}


class Uploads:
    """The uploads of a server; the oldest go first.

    Args:
        now: a monotonic clock in seconds.

    Attributes:
        memory: the encoded parts of queries; see `VideoLibrary.search`.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._lock = threading.Lock()
        self.memory: Made = {}

    def add(self, kind: UploadKind, data: bytes) -> Upload:
        """Keep media.

        Raises:
            QueryError: they are empty.
        """
        query = make_media_query(kind, data)
        upload = Upload(secrets.token_urlsafe(16), kind, query, len(data), self._now())
        with self._lock:
            self._kept[upload.id] = upload
            self._tidy()
        return upload

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

    def _tidy(self) -> None:
        """Drop what is old or too much, with what is remembered of it."""
        n_bytes = sum(each.n_bytes for each in self._kept.values())
        for upload in list(self._kept.values()):
            is_old = self._now() - upload.begun_seconds > LIFETIME_SECONDS
            if is_old or n_bytes > MAX_ALL_BYTES or len(self._kept) > MAX_UPLOADS:
                del self._kept[upload.id]
                n_bytes -= upload.n_bytes

    def forget(self) -> None:
        """Forget encoded parts whose media are gone, and the oldest words if there are many."""
        with self._lock:
            held = {part for each in self._kept.values() for part in each.query.parts}
        known = list(self.memory)
        words = [key for key in known if key[0].media is None]
        gone = [key for key in known if key[0].media is not None and key[0] not in held]
        for key in gone + words[: max(0, len(words) - MAX_REMEMBERED)]:
            self.memory.pop(key, None)


def make_media_query(kind: UploadKind, data: bytes) -> Query:
    """A query of one picture, or of the beginning of a clip or sound.

    Raises:
        QueryError: the media are empty.
    """
    if kind == "image":
        return mvsearch.make_query(image=data)
    clip = mvsearch.Clip(data, 0.0, MAX_CLIP_SECONDS)
    return mvsearch.make_query(clip=clip) if kind == "clip" else mvsearch.make_query(audio=clip)
