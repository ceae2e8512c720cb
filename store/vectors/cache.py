"""Opens the index files of a library, and updates or rebuilds stale and damaged ones."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.store.catalog.snapshots import VectorReader
from mvsearch.store.own_files import check_folder, write_own
from mvsearch.store.records import Space
from mvsearch.store.vectors.approximate.inverted_list_files import (
    bring_lists_up_to_date,
    lacks_lists,
    open_index,
)
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

# Of this version and of those before; whatever else lies in the folder is not touched.
ENDINGS = (
    ".head", ".f16", ".times", ".leading", ".following", ".lists", ".npz", ".codes", ".faiss",
    ".json",
)  # fmt: skip
STALE_TEMPORARY_SECONDS = 3600.0
# A large index takes minutes to make, and whoever comes meanwhile would only make it again.
WAIT_SECONDS = 600.0


class IndexCache:
    """A folder with the files of each space; see `SpaceFiles`.

    Files are read by Python and not by FAISS, whose own reading fails on names outside ASCII. Only
    one process at a time changes them; another lock than the writer's, because a reader who finds
    them stale brings them up to date as well.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._measured: dict[tuple[str, str], tuple[int, Arrays]] = {}
        self._has_warned = False

    def load(self, space: Space, generation: int) -> RowIndex | None:
        """Open an index; None where it is missing, stale or damaged."""
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
        """The index of the state that the reader sees.

        Files are only ever brought up to the catalogue as it is now, whatever state the reader
        holds: so they never go back. Who holds an older state than theirs gets an index in memory,
        built from what he sees, and leaves the files alone.
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

    def load_measured(self, index: VectorIndex, what: str) -> Arrays | None:
        """What `save_measured` was given in this placement; None where missing or damaged."""
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
        """Keep what was measured on an index; a disk that refuses is only a warning."""
        self._measured[index.space.key, what] = (index.placement, arrays)
        file = SpaceFiles(self.folder, index.space).measured(index.placement, what)
        try:
            self._make_folder()
            write_own(file, pack_arrays(arrays))
        except OSError as error:
            self._warn(error)

    def forget(self) -> None:
        """Give back the memory of what was measured."""
        self._measured.clear()

    def drop_stale(self, spaces: Sequence[Space], reader: VectorReader) -> None:
        """Blot out what has left the library, and delete the files that hold what is stale.

        What left the library is then in no file of it.
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
        """Bring the files up to the catalogue and open them; None where it is empty, or no room."""
        files = SpaceFiles(self.folder, space)
        try:
            if reader.is_empty(space.key):
                return None
            with self.changing():
                with reader.snapshot(space.key, is_newest=True) as snapshot:
                    index = self.load(space, snapshot.generation)  # another may have done it
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
        """Erase removed videos from the files of a space; no head if they are unusable any more."""
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
        """Delete the files that belong to none of these heads, and what killed processes left.

        Args:
            heads: by the name that the files of a space begin with.
            has_all: whether these are all spaces; if not, files of others are left alone.
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
        """Be the only thread of all processes that changes the files; again inside, at once.

        Raises:
            OSError: the folder cannot be written, or another one took too long.
        """
        self._make_folder()
        with self._lock:
            yield

    def _make_folder(self) -> None:
        check_folder(self.folder)
        self.folder.mkdir(exist_ok=True)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let no other thread change the files; where nobody can write them, nothing is to do."""
        with ExitStack() as stack:
            with suppress(OSError):
                stack.enter_context(self.changing())
            yield

    @cached_property
    def _lock(self) -> "BaseFileLock":
        """The lock; made when it is first needed. Each thread holds it for itself."""
        from filelock import FileLock

        return FileLock(self.folder / "update.lock", timeout=WAIT_SECONDS)

    def _warn(self, error: OSError) -> None:
        """Say once that the files cannot be kept."""
        if not self._has_warned:
            logger.warning(
                "The search index cannot be kept in %s (%s), so each run builds it again",
                self.folder,
                error.strerror or error,
            )
        self._has_warned = True


def _is_recent(file: Path) -> bool:
    """Whether somebody may still be writing a file; one that is gone by now was finished."""
    try:
        return time.time() - file.stat().st_mtime < STALE_TEMPORARY_SECONDS
    except FileNotFoundError:
        return True


def _delete(file: Path) -> None:
    """Delete a file if it is there and may be deleted."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        logger.debug("%s stays: %s", file, error.strerror)
