"""Checks a whole library for damage."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mvsearch.store.catalog.reading.line_index import LINES
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.checking.checkup import Checkup, Damage, Progress
from mvsearch.store.checking.in_sqlite import check_pages, check_words
from mvsearch.store.checking.references import check_references
from mvsearch.store.checking.repair import VECTORS, compare_vectors, repair_indexes
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryDamagedError, VideoNotFoundError
from mvsearch.store.library import Library
from mvsearch.store.open_database import open_database, show_address
from mvsearch.store.opening import Address
from mvsearch.store.records import Space


def check_library(
    address: Address, progress: Progress | None = None, *, repair: bool = False
) -> Checkup:
    """Read the whole catalogue of a library, and check that its parts are consistent.

    The indexes of words and of vectors are compared with the catalogue, too.

    Args:
        address: of the library.
        progress: called with the number of checked videos, and of all.
        repair: whether indexes that are damaged are made anew.

    Raises:
        NoLibraryError: there is no library.
        LibraryBusyError: another process is migrating it, or writes while it is to be repaired.
        LibraryUnreachableError: the server of its database cannot be reached.
        MvsearchError: it cannot be repaired.
    """
    checker = _Checker(progress or (lambda n_done, n_all: None))
    found = checker.check(address)
    if not repair or not any(damage.part for damage in found.damages):
        return found
    with Library.open(address) as library:
        repair_indexes(library, {damage.part for damage in found.damages})
    left = _Checker(lambda n_done, n_all: None).check(address)
    repaired = tuple(damage for damage in found.damages if damage not in left.damages)
    return replace(left, repaired=repaired)


class _Checker:
    """Checks one part after the other, and continues after damage."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.damages: list[Damage] = []
        self.folders: list[Path] = []
        self.n_videos = 0

    def check(self, address: Address) -> Checkup:
        """Check all parts."""
        database, _ = open_database(address)
        try:
            self.try_out("file", lambda: self.check_file(database))
        finally:
            database.close()
        self.try_out("catalogue", lambda: self.check_catalog(address))
        damages = tuple(dict.fromkeys(self.damages))
        shown = show_address(address)
        return Checkup(shown, database.place, self.n_videos, damages, tuple(self.folders))

    def try_out(self, where: str, read: Callable[[], object]) -> None:
        """Read a part, and record damage."""
        try:
            read()
        except LibraryDamagedError as error:
            self.damages.append(Damage(where, error.reason))
        except VideoNotFoundError:
            self.damages.append(Damage(where, "it has no file"))

    def check_file(self, database: Database) -> None:
        """Let SQLite check its pages, references and full-text indexes."""
        with database.reading() as session:
            connection = session.connection()
            if connection.dialect.name == "sqlite":
                self.damages += check_pages(connection)
                for lines in LINES:
                    self.damages += check_words(connection, lines)

    def check_catalog(self, address: Address) -> None:
        """Read every row of the catalogue."""
        with Library.open(address) as library, library.holding():
            catalog = library.catalog
            self.try_out("folders", lambda: self.folders.extend(catalog.folders()))
            spaces: list[Space] = []
            readers: dict[str, Callable[[], object]] = {
                "setting": catalog.profile,
                "space": lambda: spaces.extend(catalog.all_spaces()),
                "location": catalog.locations,
                "removed": catalog.removed_videos,
                "failure": catalog.failures,
            }
            for where, read in readers.items():
                self.try_out(where, read)
            ids = sorted(catalog.video_ids())
            for at, video_id in enumerate(ids):
                for read in _list_readers(catalog, video_id, spaces):
                    self.try_out(f"video {video_id}", read)
                self.n_videos += 1
                self.progress(at + 1, len(ids))
            self.try_out("references", lambda: self.check_references(library))
            self.try_out("vectors", lambda: self.check_vectors(library))

    def check_references(self, library: Library) -> None:
        """Look for rows that refer to nothing, and lines without their words."""
        with library.database.reading() as session:
            self.damages += check_references(session.connection())

    def check_vectors(self, library: Library) -> None:
        """Compare the vector indexes with the catalogue."""
        for key, lines in compare_vectors(library).items():
            self.damages += [Damage(f"vectors of {key}", line, VECTORS) for line in lines]


def _list_readers(
    catalog: Catalog, video_id: str, spaces: Sequence[Space]
) -> list[Callable[[], object]]:
    """Functions that read the parts of a video."""
    return [
        lambda: catalog.video(video_id),
        lambda: catalog.stages(video_id),
        lambda: catalog.uniform_seconds(video_id),
        lambda: catalog.tags(video_id),
        lambda: catalog.lyrics(video_id),
        lambda: catalog.shown_lines(video_id),
        lambda: catalog.mood_tracks(video_id),
        lambda: catalog.metadata(video_id),
        *(lambda key=space.key: catalog.embeddings(video_id, key) for space in spaces),
    ]
