"""Keeps what a lyrics service answered in the library's folder, also that it has nothing."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mvsearch.indexer.lyrics.fetching.lrclib import (
    MAX_FOUND,
    MAX_LETTERS,
    NAME,
    Entry,
    Wanted,
)
from mvsearch.store.own_files import check_folder, read_own, write_own

FOLDER = "fetched-lyrics"
MAX_FILES = 5000
MAX_BYTES = 4 * 2**20
# Lyrics may be added to a service; those that it has do not change much.
NOTHING_SECONDS, FOUND_SECONDS = 7 * 86_400.0, 365 * 86_400.0


class AnswerCache:
    """The answers to questions that were asked before.

    Args:
        folder: of the library.
        is_read_only: whether nothing is kept.
        clock: seconds since 1970.
    """

    def __init__(
        self, folder: Path, *, is_read_only: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder / FOLDER
        self._is_read_only = is_read_only
        self._clock = clock

    def read(self, wanted: Wanted) -> list[Entry] | None:
        """The answer to a question; None if it was not asked, or long ago."""
        with suppress(OSError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            check_folder(self._folder)
            found = json.loads(read_own(self._find(wanted), MAX_BYTES))
            entries = [_read_entry(one) for one in found["entries"]][:MAX_FOUND]
            age = self._clock() - float(found["seconds"])
            if 0 <= age < (FOUND_SECONDS if entries else NOTHING_SECONDS):
                return entries
        return None

    def write(self, wanted: Wanted, entries: Sequence[Entry]) -> None:
        """Keep an answer; the oldest go where there are too many. A full disk keeps none."""
        if self._is_read_only:
            return
        made = [[one.id, one.duration_seconds, one.text] for one in entries]
        content = json.dumps({"seconds": self._clock(), "entries": made}).encode()
        with suppress(OSError):
            check_folder(self._folder)
            self._folder.mkdir(exist_ok=True)
            files = sorted(self._folder.iterdir(), key=lambda file: file.lstat().st_mtime)
            for file in files[: max(len(files) - MAX_FILES + 1, 0)]:
                file.unlink(missing_ok=True)
            write_own(self._find(wanted), content)

    def _find(self, wanted: Wanted) -> Path:
        asked = (NAME, wanted.artist, wanted.title, round(wanted.duration_seconds))
        digest = hashlib.blake2b(repr(asked).encode("utf-8", "replace"), digest_size=16)
        return self._folder / f"{digest.hexdigest()}.json"


def _read_entry(given: Any) -> Entry:
    """An entry out of JSON.

    Raises:
        ValueError: it is none.
    """
    number, seconds, text = given
    if type(number) is not int or not isinstance(text, str) or len(text) > MAX_LETTERS:
        raise ValueError("no entry")
    return Entry(number, float(seconds), text)
