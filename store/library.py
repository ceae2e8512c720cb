"""A library: a catalogue, its vector indexes and a writer lock, in a folder or in PostgreSQL."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.files.open import open_files
from mvsearch.store.landmarks.cache import LandmarkCache
from mvsearch.store.landmarks.index import LandmarkIndex
from mvsearch.store.open_database import (
    WAIT_SECONDS,
    bring_up_to_date,
    check_version,
    is_replica,
    make_lock,
    open_database,
)
from mvsearch.store.opening import Address, parse_address
from mvsearch.store.own_files import check_folder
from mvsearch.store.records import Space
from mvsearch.store.vectors.cache import IndexCache
from mvsearch.store.vectors.choice import (
    change_choice,
    check_choice,
    find_choice,
    open_store,
    settle_choice,
)
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import Arrays
from mvsearch.store.vectors.store import VectorStore

if TYPE_CHECKING:
    from mvsearch.store.servers.servers import Servers

logger = logging.getLogger(__name__)

# Attempts to answer while the library changes, before changes are blocked.
N_ATTEMPTS = 3

T = TypeVar("T")
Prepared = TypeVar("Prepared")


class Library:
    """An open library; `open` creates one, `with` closes it.

    Attributes:
        folder: absolute; of a library in PostgreSQL, a local folder for what can be made again.
        address: what opens it, as text without a password.
        database, catalog: the database, and the catalogue in it.
        files: documents and other files that cannot be made again.
        is_read_only: whether nothing is written, neither to the catalogue nor to its indexes.
    """

    def __init__(self, folder: Path, database: Database, *, is_read_only: bool = False) -> None:
        self.folder = folder
        self.is_read_only = is_read_only
        self.database = self._database = database
        self.address = str(folder) if database.is_sqlite else database.place
        self._source: Address = folder
        self.files = open_files(folder, database)
        self._lock = make_lock(folder, database)
        self._vectors: VectorStore = IndexCache(folder / "vectors", is_read_only=is_read_only)
        self.catalog = Catalog(database, self._vectors)
        self._landmarks = LandmarkCache(folder / "vectors", is_read_only=is_read_only)
        self._indexes: dict[str, VectorIndex] = {}
        self._held = threading.local()
        self._locks: dict[str, threading.RLock] = {}

    @classmethod
    def open(cls, address: Address, *, create: bool = False, is_read_only: bool = False) -> Self:
        """Open a library, and migrate it to the tables of this version.

        Args:
            address: its folder, which may be read-only for reading; or the address of a database,
                which may be a replica.
            create: create a missing library, unless it is only read.
            is_read_only: see `Library`.

        Raises:
            NoLibraryError: there is none, or it cannot be created.
            MvsearchError: it needs a migration, and is only read.
            LibraryBusyError: it needs a migration while another process writes.
            LibraryDamagedError: the catalogue is not ours, damaged, or of a newer version.
            LibraryUnreachableError: the server of the database cannot be reached.
        """
        create = create and not is_read_only
        database, folder = open_database(address, create=create, is_read_only=is_read_only)
        try:
            is_read_only |= is_replica(database)
            library = cls(folder, database, is_read_only=is_read_only)
            bring_up_to_date(database, library._lock, create=create, is_read_only=is_read_only)
            library._source = address
            library._open_vectors()
        except BaseException:
            database.close()
            raise
        logger.info("opened the library %s", library.address)
        return library

    @property
    def name(self) -> str:
        """The name of its folder, or of its database."""
        return (self.folder.name if self._database.is_sqlite else self._database.url.database) or ""

    def open_again(self) -> Self:
        """The same library once more, such as to read it by other spaces."""
        return type(self).open(self._source, is_read_only=self.is_read_only)

    def find_nested(self, *names: str) -> Path:
        """The path of a library inside this one, by the names of its folders.

        Raises:
            LibraryDamagedError: one of them is a link, or not a folder.
        """
        place = self.folder
        for name in names:
            place /= name
            try:
                check_folder(place)
            except OSError as error:
                raise LibraryDamagedError(f"{place} cannot be used: {error.strerror}") from error
        return place

    def servers(self) -> "Servers | None":
        """What several servers over this library share; None where there is one alone."""
        if self._database.is_sqlite or self.is_read_only:
            return None
        from mvsearch.store.servers.servers import Servers

        return Servers(self._database)

    def check_tables(self) -> None:
        """Check that the catalogue can be read, and has the tables of this version.

        Raises:
            LibraryUnreachableError: its server does not answer.
            MvsearchError: another version has changed the tables.
        """
        check_version(self._database)

    @contextmanager
    def writing(
        self, wait_seconds: float = WAIT_SECONDS, *, is_exclusive: bool = False
    ) -> Iterator[None]:
        """Hold the writer lock; nested calls have no effect.

        In a folder one process writes at a time. In PostgreSQL any number do, unless one of them
        changes what all go by.

        At the end, removed videos are also removed from the cached indexes.

        Args:
            wait_seconds: how long to wait for others.
            is_exclusive: keep all others from writing, such as to exchange an encoder.

        Raises:
            LibraryBusyError: another process is writing; the message names it.
            MvsearchError: the library cannot be written, or is only read.
        """
        if self.is_read_only:
            raise MvsearchError(f"the library {self.address} is open for reading only")
        with self._lock.holding(wait_seconds, is_exclusive=is_exclusive):
            try:
                yield
            finally:
                spaces = self.catalog.all_spaces()
                self._vectors.drop_stale(spaces, self.catalog)
                self._landmarks.drop_stale(spaces, self.catalog)

    @contextmanager
    def holding(self) -> Iterator[dict[str, VectorIndex]]:
        """Hold a read transaction: everything this thread reads is of one state of the library.

        Yields:
            The indexes that were opened inside so far, by the key of their space.
        """
        held: dict[str, VectorIndex] | None = getattr(self._held, "indexes", None)
        if held is not None:
            yield held
            return
        with self._database.holding():
            self._held.indexes = held = {}
            try:
                yield held
            finally:
                self._held.indexes = self._held.generations = None

    def answer(self, prepare: Callable[[bool], Prepared], ask: Callable[[Prepared], T]) -> T:
        """Compute an answer from one state of the library, while others may change it.

        Long work is prepared outside of the transaction. If the library changes before the
        transaction begins, or a video is removed whose vectors may have been read while they were
        overwritten, it starts again; the last attempt blocks changes of the files. Where indexes
        read what the transaction sees, what changed is prepared once more inside of it instead.

        Args:
            prepare: prepares the answer; its argument is whether this is the first attempt. It
                reads the same vectors as `ask`.
            ask: computes the answer inside `holding`; may be called several times.
        """
        for attempt in range(N_ATTEMPTS):
            generations = self.catalog.generations()
            prepared = prepare(attempt == 0)
            with self.holding() as held:
                seen = self.catalog.generations()
                if seen != generations and not self._vectors.is_in_transaction:
                    continue
                self._held.generations = seen
                answer = ask(prepared if seen == generations else prepare(False))
            if all(index.is_intact(self.catalog) for index in held.values()):
                return answer
        with ExitStack() as stack:
            # In the same order as opening an index: locks of threads first, then that of the files.
            for space in self.catalog.spaces():
                stack.enter_context(self.working_on(space.key))
            stack.enter_context(self._vectors.undisturbed())
            stack.enter_context(self.holding())
            return ask(prepare(False))

    def index(self, space: Space) -> VectorIndex:
        """The index of a space, brought up to date with the catalogue.

        Inside `holding` it is the index of the held state, and the same one each time.
        """
        held: dict[str, VectorIndex] = getattr(self._held, "indexes", None) or {}
        if space.key in held:
            return held[space.key]
        index = self._find_open(space)
        if index is None:
            with self.working_on(space.key):
                index = self._find_open(space) or self._open(space)
        if getattr(self._held, "indexes", None) is not None:
            self._held.indexes[space.key] = index
        return index

    def landmarks(self, space: Space) -> LandmarkIndex:
        """The landmarks of a space of sound, brought up to date with the catalogue."""
        with self.working_on(f"{space.key} landmarks"):
            return self._landmarks.obtain(space, self.catalog)

    def working_on(self, what: str) -> AbstractContextManager[object]:
        """Hold a lock for work that one thread does while the others wait for its result."""
        return self._locks.setdefault(what, threading.RLock())

    def measured(self, index: VectorIndex, what: str) -> Arrays | None:
        """The arrays that `keep_measured` stored for this index; None if there are none.

        Videos may have changed since; the arrays refer to videos by handles of the index.
        """
        return self._vectors.load_measured(index, what)

    def keep_measured(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """Store measurements beside an index, until its centre changes.

        Nothing is stored for an index that is out of date.

        Args:
            index: from `index`.
            what: name in letters and digits; change it with the method of measuring.
            arrays: without Python objects, and without content of single videos.
        """
        if self._indexes.get(index.space.key) is index:
            self._vectors.save_measured(index, what, arrays)

    @property
    def vectors(self) -> str:
        """What keeps the vector indexes: "faiss", "pgvector" or the address of a Milvus."""
        return find_choice(self._database)

    @staticmethod
    def check_vectors(address: Address, name: str) -> None:
        """Check that a library with this address, which need not be there, can have this store."""
        settle_choice(name, is_on_server=isinstance(parse_address(address), str))

    def choose_vectors(self, name: str) -> None:
        """Let something else keep the vector indexes, which are built there anew.

        Raises:
            MvsearchError: there is no such store, or not for this library.
        """
        if check_choice(self._database, name) != self.vectors:
            with self.writing(is_exclusive=True):
                change_choice(self._database, name)
        self._open_vectors(name)

    def _open_vectors(self, name: str | None = None) -> None:
        """Open the store that is chosen, by its name with its secret if one is given."""
        self._indexes.clear()
        self._vectors.forget()
        self._vectors = self.catalog.index = open_store(
            self._database, name or self.vectors, self.folder / "vectors",
            is_read_only=self.is_read_only,
        )  # fmt: skip

    def close(self) -> None:
        """Close the catalogue."""
        self._indexes.clear()
        self._vectors.forget()
        self._landmarks.forget()
        self._database.close()

    def __enter__(self) -> Self:
        """The library itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _find_open(self, space: Space) -> VectorIndex | None:
        """The open index, if it has the state that this thread sees."""
        known = self._indexes.get(space.key)
        if known is None:
            return None
        seen: dict[str, int] | None = getattr(self._held, "generations", None)
        generation = (seen or {}).get(space.key)
        if generation is None:  # also of a space that is not in use
            generation = self.catalog.generation(space.key)
        return known if known.generation == generation else None

    def _open(self, space: Space) -> VectorIndex:
        """Open an index, and keep it for all threads unless it is out of date."""
        index = self._vectors.obtain(space, self.catalog)
        if index.generation == self.catalog.generation(space.key, is_newest=True):
            self._indexes[space.key] = index
        return index
