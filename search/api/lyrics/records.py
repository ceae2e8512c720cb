"""Fits of lyrics, as they are told and as a library keeps them until they are applied or undone."""

import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import LyricFit, Lyrics, Video
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.indexer.lyrics.fitting.files import WrittenFile
    from mvsearch.store.library import Library

FOLDER = "lyric-fits"
# "offered" and "fits" are sure: the lyrics should move, or are right. "unsure" is never applied.
FitState = Literal["offered", "fits", "unsure", "applied"]


@dataclass(frozen=True, slots=True)
class FittedLyrics:
    """How the lyrics of a video fit it.

    Attributes:
        source, origin: of the lyrics; see `Lyrics`.
        state: "offered": moving them would help; "fits": they are right; "unsure": it is not known,
            so that they stay; "applied": they were moved.
        file: the name of the lyric file that was written; empty if none was.
        kept: the name of the file that has what was there before; empty if nothing was.
    """

    video: Video
    fit: LyricFit
    source: str
    origin: str
    state: FitState
    file: str = ""
    kept: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The fit in the form of the JSON output."""
        return {
            "video": self.video.to_dict(),
            "fit": self.fit.to_dict(),
            "source": self.source,
            "origin": printable(self.origin),
            "state": self.state,
            "file": printable(self.file),
            "kept": printable(self.kept),
        }


@dataclass(frozen=True, slots=True)
class FitRecord:
    """A fit as a library keeps it.

    Attributes:
        lyrics: that were fitted, with their own times.
        before: what the library had then; None for no lyrics.
        mark: of the lyrics of the library for which this record holds; see `mark_lyrics`.
        written: the file that was written when it was applied.
    """

    fit: LyricFit
    lyrics: Lyrics
    before: Lyrics | None
    mark: str
    is_applied: bool = False
    written: "WrittenFile | None" = None

    def __post_init__(self) -> None:
        """Refuse times of words that are no numbers; all others are checked where they are."""
        known = [one for one in (self.lyrics, self.before) if one is not None]
        words = [word for one in known for line in one.lines for word in line.words]
        if not all(isfinite(word.start_seconds + word.end_seconds) for word in words):
            raise ValueError("a word has times that are no numbers")

    def tell(self, video: Video) -> FittedLyrics:
        """The fit as callers get it."""
        is_other = self.before != self.lyrics
        state: FitState = "unsure"
        if self.is_applied:
            state = "applied"
        elif self.fit.is_trusted:
            state = "offered" if self.fit.moves or is_other else "fits"
        file, kept = ("", "") if self.written is None else (self.written.name, self.written.kept)
        return FittedLyrics(
            video, self.fit, self.lyrics.source, self.lyrics.origin, state, file, kept
        )


class FitRecords:
    """The fits that a library keeps: a file for each video."""

    def __init__(self, library: "Library") -> None:
        self._files = library.files
        self._is_read_only = library.is_read_only

    def read(self, video_id: str) -> FitRecord | None:
        """The fit of a video; None if there is none that can be read."""
        with suppress(OSError, ValueError, RecursionError, MvsearchError):
            return read_record(self._files.read(_name_file(video_id)))
        return None

    def write(self, video_id: str, record: FitRecord, known: Collection[str]) -> None:
        """Keep a fit, unless the library is read only; those of other videos than these go.

        Raises:
            MvsearchError: it cannot be written.
        """
        if self._is_read_only:
            return
        name = _name_file(video_id)
        try:
            names = {_name_file(one) for one in known}
            for other in self._files.list_files(FOLDER):
                if other not in names:
                    self._files.drop(other)
            self._files.write(name, json.dumps(asdict(record), ensure_ascii=True).encode())
        except OSError as error:
            place = self._files.describe(name)
            raise MvsearchError(f"{place} cannot be written: {error.strerror}") from error


def read_record(content: bytes) -> FitRecord:
    """A fit as it was kept.

    Raises:
        ValueError, RecursionError, MvsearchError: it is something else.
    """
    from mvsearch.search.api.remote.requests.records import read

    return read(_load_record_type(), json.loads(content))


def _name_file(video_id: str) -> str:
    # A library may come from a stranger, who may call a video anything.
    name = hashlib.blake2b(video_id.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{FOLDER}/{name}.json"


def _load_record_type() -> type[FitRecord]:
    """The type with the names that its annotations need."""
    from mvsearch.indexer.lyrics.fitting import files

    globals()["WrittenFile"] = files.WrittenFile
    return FitRecord
