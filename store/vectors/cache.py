"""Opens the index files of a library, and updates or rebuilds stale and damaged ones."""

import errno
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.store.catalog.index_writer import NoIndexWriter
from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.own_files import check_folder, write_own
from mvsearch.store.records import Space
from mvsearch.store.vectors.approximate.inverted_list_files import (
    bring_lists_up_to_date,
    lacks_lists,
    open_index,
)
from mvsearch.store.vectors.compare import compare_index
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import (
    READING_ERRORS,
    Arrays,
    Head,
    SpaceFiles,
    name_files,
    pack_arrays,
    read_arrays,
)
from mvsearch.store.vectors.update import bring_up_to_date, build_in_memory, erase_removed

if TYPE_CHECKING:
    from filelock import BaseFileLock

logger = logging.getLogger(__name__)

# Of this version and earlier ones; other files in the folder are left alone.
ENDINGS = (
    ".head", ".f16", ".times", ".leading", ".following", ".lists", ".npz", ".codes", ".faiss",
    ".json",
)  # fmt: skip
STALE_TEMPORARY_SECONDS = 3600.0
# Building a large index takes minutes; other processes wait for it instead of repeating it.
WAIT_SECONDS = 600.0


class IndexCache(NoIndexWriter):
    """A folder with the index files of each space; see `SpaceFiles`.

    Python reads the files, because FAISS cannot read names outside ASCII. One process at a time
    changes them. It holds a lock of its own and not the writer's, because readers update stale
    files too.

    Args:
        folder: of the files; made when it is needed.
        is_read_only: whether stale files are left as they are, and indexes stay in memory.
    """

    is_in_transaction = False

    def __init__(self, folder: Path, *, is_read_only: bool = False) -> None:
        self.folder = folder
        self._is_read_only = is_read_only
        self._measured: dict[tuple[str, str], tuple[int, Arrays]] = {}
        self._has_warned = False

    def load(self, space: Space, generation: int) -> RowIndex | None:
        """Open the index of a generation; None if it is missing, stale or damaged."""
        try:
            check_folder(self.folder)
        except OSError as error:
            self._warn(error)
            return None
        files = SpaceFiles(self.folder, space)
        head = files.read_head()
        return (
            open_index(files, head) if head is not None and head.generation == generation else None
        )

    def obtain(self, space: Space, reader: VectorReader) -> RowIndex:
        """The index of the state that the reader sees, opened, updated or built.

        Files are always updated to the current catalogue, so that they never go back to an older
        state. A reader that holds an older state gets an index in memory instead.
        """
        generation = reader.generation(space.key)
        index = self.load(space, generation)
        if index is not None and not lacks_lists(index):
            return index
        newest = self._bring_up_to_date(space, reader)
        if newest is not None and (newest.generation == generation or not reader.is_holding):
            return newest
        if index is not None:
            return index
        with reader.snapshot(space.key) as snapshot:
            return build_in_memory(space, snapshot)

    def rebuild(self, space: Space, reader: VectorReader) -> None:
        """Delete the files of a space, and build them anew."""
        with suppress(OSError), self.changing():
            for file in self.folder.glob(f"{SpaceFiles(self.folder, space).stem}.*"):
                _delete(file)
        self.obtain(space, reader)

    def compare(self, space: Space, reader: VectorReader) -> list[str]:
        """What is wrong with the files of a space, a line each."""
        with reader.snapshot(space.key) as now:
            # Files that are missing, damaged or of another state are made anew when it is opened.
            index = self.load(space, now.generation)
            return [] if index is None else list(compare_index(index, now))

    def load_measured(self, index: VectorIndex, what: str) -> Arrays | None:
        """The arrays of `save_measured` for this placement; None if missing or damaged."""
        known = self._measured.get((index.space.key, what))
        if known is None or known[0] != index.placement:
            try:
                file = SpaceFiles(self.folder, index.space).measured(index.placement, what)
                check_folder(self.folder)
                read = read_arrays(file)
            except READING_ERRORS:
                return None
            known = self._measured[index.space.key, what] = (index.placement, read)
        return known[1]

    def save_measured(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """Store measurements of an index; an error of the disk is only a warning."""
        self._measured[index.space.key, what] = (index.placement, arrays)
        file = SpaceFiles(self.folder, index.space).measured(index.placement, what)
        try:
            self._make_folder()
            write_own(file, pack_arrays(arrays))
        except OSError as error:
            self._warn(error)

    def forget(self) -> None:
        """Release the memory of the measurements."""
        self._measured.clear()

    def drop_stale(self, spaces: Sequence[Space], reader: VectorReader) -> None:
        """Erase removed videos from the files, and delete stale files.

        Afterwards no file contains vectors of removed videos.
        """
        if not self.folder.is_dir():
            return
        try:
            with self.changing():
                heads = {
                    name_files(space.key): self._erase_removed(space, reader) for space in spaces
                }
                self._sweep(heads)
        except OSError as error:
            self._warn(error)

    def _bring_up_to_date(self, space: Space, reader: VectorReader) -> RowIndex | None:
        """Update the files to the catalogue and open them; None if empty or the disk fails."""
        files = SpaceFiles(self.folder, space)
        try:
            if reader.is_empty(space.key):
                return None
            with self.changing():
                with reader.snapshot(space.key, is_newest=True) as snapshot:
                    index = self.load(space, snapshot.generation)  # updated by another
                    if index is not None and not lacks_lists(index):
                        return index
                    head = bring_up_to_date(files, snapshot)
                bring_lists_up_to_date(files, head)  # may take minutes, so not in a transaction
                self._sweep({files.stem: (files, head)}, has_all=False)
                return open_index(files, head)
        except OSError as error:
            self._warn(error)
            return None

    def _erase_removed(self, space: Space, reader: VectorReader) -> tuple[SpaceFiles, Head | None]:
        """Erase removed videos from the files of a space; its head is None if unusable."""
        files = SpaceFiles(self.folder, space)
        head = files.read_head()
        if head is None or head.generation == reader.generation(space.key, is_newest=True):
            return files, head
        with reader.snapshot(space.key, is_newest=True) as snapshot:
            remaining = erase_removed(files, head, snapshot) if snapshot.versions else None
        if remaining is not None and remaining is not head:
            files.write_head(remaining)
        return files, remaining

    def _sweep(
        self, heads: Mapping[str, tuple[SpaceFiles, Head | None]], *, has_all: bool = True
    ) -> None:
        """Delete files that belong to none of these heads, and files left by killed processes.

        Args:
            heads: by the stem of the file names of the space.
            has_all: whether these are all spaces; if not, files of other spaces are kept.
        """
        for file in self.folder.iterdir():
            if file.suffix == ".tmp":
                is_current = _is_recent(file)
            elif file.suffix in ENDINGS:
                known = heads.get(file.name.partition(".")[0])
                is_current = known[0].is_current(file, known[1]) if known else not has_all
            else:
                is_current = True
            if not is_current:
                _delete(file)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock for changing the files, among all threads and processes; reentrant.

        Raises:
            OSError: the folder cannot be written, or the lock was not free in time.
        """
        self._make_folder()
        with self._lock:
            yield

    def _make_folder(self) -> None:
        if self._is_read_only:
            raise OSError(errno.EROFS, "the library is open for reading only")
        check_folder(self.folder)
        self.folder.mkdir(exist_ok=True)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Hold the lock of the files, if the folder can be written."""
        with ExitStack() as stack:
            with suppress(OSError):
                stack.enter_context(self.changing())
            yield

    @cached_property
    def _lock(self) -> "BaseFileLock":
        """The lock of the files, created on first use; each thread holds it separately."""
        from filelock import FileLock

        return FileLock(self.folder / "update.lock", timeout=WAIT_SECONDS)

    def _warn(self, error: OSError) -> None:
        """Warn once that the files cannot be written."""
        if not self._has_warned:
            logger.warning(
                "The search index cannot be kept in %s (%s), so each run builds it again",
                self.folder,
                error.strerror or error,
            )
        self._has_warned = True


def _is_recent(file: Path) -> bool:
    """Whether a temporary file may still be written; a missing one was finished."""
    try:
        return time.time() - file.stat().st_mtime < STALE_TEMPORARY_SECONDS
    except FileNotFoundError:
        return True


def _delete(file: Path) -> None:
    """Delete a file if it exists and may be deleted."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        logger.debug("%s stays: %s", file, error.strerror)
