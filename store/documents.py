"""Keeps small JSON documents of the user with a library, such as playlists.

Each has a lock of its own, so that a song can be liked while an index run holds the writer's lock,
which may take hours.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.files.kept import LibraryFiles

MAX_BYTES = 16 * 2**20
# A file lock is for processes; threads of one take turns by this.
_THREADS = threading.RLock()

T = TypeVar("T")


class Document(Generic[T]):
    """One JSON file of a library.

    Args:
        files: of the library.
        name: of the file, without its ending.
        parse: makes a value of JSON, and raises ValueError for what is no such value; of None, for
            a file that is not there, it makes an empty one.
        write: makes JSON of a value.
        is_read_only: whether changes are refused.
    """

    def __init__(
        self,
        files: LibraryFiles,
        name: str,
        parse: Callable[[Any], T],
        write: Callable[[T], Any] = lambda value: value,
        *,
        is_read_only: bool = False,
    ) -> None:
        self._is_read_only = is_read_only
        self._files = files
        self._name = f"{name}.json"
        self._parse = parse
        self._to_json = write

    def read(self) -> T:
        """The value.

        Raises:
            LibraryDamagedError: the file is no such document, or too large.
        """
        try:
            found = json.loads(self._files.read(self._name))
        except FileNotFoundError:
            return self._parse(None)
        except (OSError, ValueError, RecursionError) as error:
            raise self._refuse(error) from None
        try:
            return self._parse(found)
        except (MvsearchError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._refuse(error) from None

    def check_writable(self) -> None:
        """Check that the library was not opened to be read only.

        Raises:
            MvsearchError: it was.
        """
        if self._is_read_only:
            raise MvsearchError(f"{self._place}: the library was opened to be read only")

    @contextmanager
    def changing(self) -> Iterator[T]:
        """The value, which is stored at the end of the context as it is then, as JSON.

        Raises:
            LibraryBusyError: another process changes it all the time.
            MvsearchError: the folder cannot be written, or the value is too large.
        """
        self.check_writable()
        with _THREADS:
            try:
                with self._files.locking(self._name):
                    value = self.read()
                    yield value
                    self._write(value)
            except OSError as error:
                raise MvsearchError(f"{self._place} cannot be written: {error.strerror}") from error

    def _write(self, value: T) -> None:
        text = json.dumps(self._to_json(value), ensure_ascii=True, indent=1).encode()
        if len(text) > MAX_BYTES:
            raise MvsearchError(f"{self._place} would be larger than {MAX_BYTES >> 20} MiB")
        self._files.write(self._name, text)

    @property
    def _place(self) -> str:
        return self._files.describe(self._name)

    def _refuse(self, error: Exception) -> LibraryDamagedError:
        reason = getattr(error, "strerror", None) or "it is not what mvsearch writes"
        return LibraryDamagedError(f"{self._place} cannot be read: {reason}; move it away")


def check_ids(given: Any) -> list[str]:
    """A list of ids of videos out of JSON.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError("a list of ids")
    return given
