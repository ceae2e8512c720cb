"""A library: a catalogue, its vector indexes and a writer lock, in a folder or in PostgreSQL."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryDamagedError, LibraryUnreachableError, MvsearchError
from mvsearch.store.files.open import open_files
from mvsearch.store.landmarks.cache import LandmarkCache
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
from mvsearch.store.state_reader import StateReader
from mvsearch.store.vectors.cache import IndexCache
from mvsearch.store.vectors.choice import (
    FAISS,
    change_choice,
    check_choice,
    find_choice,
    open_store,
    settle_choice,
)
from mvsearch.store.vectors.store import VectorStore

if TYPE_CHECKING:
    from mvsearch.store.servers.servers import Servers

_ENDS = (KeyboardInterrupt, SystemExit, LibraryUnreachableError)

logger = logging.getLogger(__name__)


class Library(StateReader):
    """An open library; `open` creates one, `with` closes it.

    Attributes:
        folder: absolute; of a library in PostgreSQL, a local folder for what can be made again.
        address: what opens it, as text without a password.
        database, catalog: the database, and the catalogue in it.
        files: documents and other files that cannot be made again.
        is_read_only: whether nothing is written, neither to the catalogue nor to its indexes.
    """

    def __init__(self, folder: Path, database: Database, *, is_read_only: bool = False) -> None:
        super().__init__()
        self.folder = folder
        self.is_read_only = is_read_only
        self.database = self._database = database
        self.address = str(folder) if database.is_sqlite else database.place
        self._source: Address = folder
        self.files = open_files(folder, database)
        self._lock = make_lock(folder, database)
        self._vectors: VectorStore = IndexCache(folder / "vectors", is_read_only=is_read_only)
        self._chosen = FAISS
        self.catalog = Catalog(database, self._vectors)
        self._landmarks = LandmarkCache(folder / "vectors", is_read_only=is_read_only)

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

        At the end, removed videos are also removed from the cached indexes; on a server that is
        left for the next time if the server is lost, or the program is ended.

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
            self._follow_choice()
            try:
                yield
            except BaseException as error:
                # Whoever ends a run is not to wait for a server, least of all one that is away.
                if self._database.is_sqlite or not isinstance(error, _ENDS):
                    self._drop_stale()
                raise
            self._drop_stale()

    def _drop_stale(self) -> None:
        spaces = self.catalog.all_spaces()
        self._vectors.drop_stale(spaces, self.catalog)
        self._landmarks.drop_stale(spaces, self.catalog)

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

    def _follow_choice(self) -> None:
        """Open another store of vectors if another process has chosen it."""
        if self.vectors != self._chosen:
            self._open_vectors()

    def _open_vectors(self, name: str | None = None) -> None:
        """Open the store that is chosen, by its name with its secret if one is given."""
        self._indexes.clear()
        self._vectors.forget()
        self._vectors = self.catalog.index = open_store(
            self._database, name or self.vectors, self.folder / "vectors",
            is_read_only=self.is_read_only,
        )  # fmt: skip
        self._chosen = self.vectors

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
