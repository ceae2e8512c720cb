"""Copies a library into another folder or database, table by table, and compares the two."""

from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mvsearch.store.checking.in_sqlite import check_pages
from mvsearch.store.copying.checksums import Checksum
from mvsearch.store.copying.files import copy_files
from mvsearch.store.copying.indexes import Report
from mvsearch.store.copying.loading import UnfitError, write_rows
from mvsearch.store.copying.state import Copied, note_rows, read_copied
from mvsearch.store.copying.tables import CopiedTable, Row, list_tables, read_batches
from mvsearch.store.copying.target import Target, abandon, empty_tables, finish, opening_target
from mvsearch.store.database.explain import describe_damage
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.opening import Address


@dataclass(frozen=True, slots=True)
class LibraryCopy:
    """What was copied, and is the same on both sides.

    Attributes:
        source, target: addresses without passwords.
        tables: of each table the number of rows, and their checksum; see `Checksum`.
        files: names of documents and other files.
        is_resumed: whether an earlier copy was gone on with.
        is_renewed: whether it was begun again, because the source had changed since.
    """

    source: str
    target: str
    tables: dict[str, tuple[int, str]]
    files: tuple[str, ...]
    is_resumed: bool = False
    is_renewed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The copy in the form of the JSON output."""
        return {
            "source": self.source,
            "target": self.target,
            "tables": {
                name: {"rows": n_rows, "checksum": checksum}
                for name, (n_rows, checksum) in self.tables.items()
            },
            "files": list(self.files),
            "resumed": self.is_resumed,
            "begun_again": self.is_renewed,
        }


class _SourceChangedError(MvsearchError):
    """The source has not the rows any more of which the target is half a copy."""


def copy_library(
    source: Address, target: Address, vectors: str | None = None, report: Report | None = None
) -> LibraryCopy:
    """Copy a library, all of one state, into a library that is empty or not there yet.

    Ended or killed, the same call goes on; until then the target cannot be opened.

    Args:
        source: address of the library; it is only read.
        target: address of the copy.
        vectors: the store of vectors of the copy; None for the default.
        report: told of progress.

    Raises:
        NoLibraryError: there is no such source.
        LibraryDamagedError: the source is damaged; the target is as before.
        MvsearchError: the target is not empty, cannot be written, or is not the same at the end.
    """
    with (
        Library.open(source, is_read_only=True) as library,
        opening_target(target, library.address, vectors) as opened,
    ):
        work = _Work(library, opened, report or (lambda what, n_done, n_all: None))
        try:
            with library.holding(), library.database.reading() as session:
                work.copy(session)
            return work.end()
        except (LibraryDamagedError, UnfitError) as error:
            if isinstance(error, LibraryDamagedError) and error.place == opened.database.place:
                raise
            with suppress(MvsearchError):
                abandon(opened)
            if isinstance(error, UnfitError):
                raise describe_damage(library.database.place, str(error)) from error
            raise


@dataclass(slots=True)
class _Work:
    """One run of a copy."""

    library: Library
    target: Target
    report: Report
    tables: list[CopiedTable] = field(default_factory=list)
    checksums: dict[str, Checksum] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    is_renewed: bool = False
    n_all: int = 0
    n_done: int = 0

    def copy(self, session: Session) -> None:
        """Copy rows, then files.

        Args:
            session: that reads one state of the source.
        """
        self._check_source(session)
        self.tables = self._list_shared(session)
        count = select(func.count())
        self.n_all = sum(
            session.scalar(count.select_from(table.table)) or 0 for table in self.tables
        )
        try:
            self._copy_rows(session)
        except _SourceChangedError:
            self.is_renewed = True
            empty_tables(self.target)
            self._copy_rows(session)
        self.files = tuple(copy_files(self.library.files, self.target.files))

    def end(self) -> LibraryCopy:
        """Make indexes, compare, and let the copy be opened."""
        finish(self.target, self.report, self._compare)
        return LibraryCopy(
            self.library.address,
            self.target.address,
            {name: (sum_.n_rows, sum_.text) for name, sum_ in self.checksums.items()},
            self.files,
            self.target.is_resumed,
            self.is_renewed,
        )

    def _check_source(self, session: Session) -> None:
        """Let SQLite check its file before all is read from it."""
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            for damage in check_pages(connection):
                place = self.library.database.place
                raise describe_damage(place, f"{damage.where}: {damage.reason}")

    def _list_shared(self, session: Session) -> list[CopiedTable]:
        """The tables that both sides have; how lines sound can be made again."""
        with self.target.database.reading() as other:
            theirs = {table.name for table in list_tables(other.connection())}
        return [one for one in list_tables(session.connection()) if one.name in theirs]

    def _copy_rows(self, session: Session) -> None:
        with self.target.database.reading() as other:
            noted = read_copied(other.connection())
        self.n_done = 0
        for table in self.tables:
            known = noted.get(table.name)
            self.checksums[table.name] = self._copy_table(session, table, known)

    def _copy_table(self, session: Session, table: CopiedTable, noted: Copied | None) -> Checksum:
        checksum, last = Checksum(), None
        if noted is not None:
            last = noted.last
            with closing(read_batches(session, table, until=last)) as batches:
                for batch in batches:
                    checksum.add(table.take_content(batch))
                    self._advance("copy", len(batch))
            if checksum != noted.checksum:
                raise _SourceChangedError
        with closing(read_batches(session, table, after=last)) as batches:
            for batch in batches:
                checksum.add(table.take_content(batch))
                last = table.take_key(batch[-1])
                self._write(table, batch, Copied(checksum, last))
                self._advance("copy", len(batch))
        return checksum

    def _write(self, table: CopiedTable, rows: list[Row], copied: Copied) -> None:
        """Write rows and how far they are; a server that is lost meanwhile is asked what it has."""

        def write() -> None:
            with self.target.database.writing() as session:
                connection = session.connection()
                noted = read_copied(connection).get(table.name)
                if noted is None or noted.last != copied.last:
                    write_rows(connection, table, rows)
                    note_rows(connection, table.name, copied)

        self.target.database.repeat(write)

    def _compare(self) -> None:
        """Read all of the target, and compare it with what was read of the source.

        Raises:
            MvsearchError: it is not the same.
        """
        self.n_done = 0
        with self.target.database.reading() as session:
            for table in self.tables:
                found, wanted = Checksum(), self.checksums[table.name]
                with closing(read_batches(session, table)) as batches:
                    for batch in batches:
                        found.add(table.take_content(batch))
                        self._advance("verify", len(batch))
                if found != wanted:
                    is_short = found.n_rows != wanted.n_rows
                    what = f"{found.n_rows} rows of {wanted.n_rows}" if is_short else "other rows"
                    raise MvsearchError(
                        f"{self.target.address} is not what was copied: its table {table.name} has"
                        f" {what}; delete it, and copy again"
                    )

    def _advance(self, what: str, n_rows: int) -> None:
        self.n_done += n_rows
        self.report(what, self.n_done, max(self.n_all, self.n_done))
