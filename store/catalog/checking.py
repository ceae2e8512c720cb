"""Checks a whole catalogue for damage."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.line_index import LINES, Lines, has_index
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryDamagedError, VideoNotFoundError
from mvsearch.store.library import Library
from mvsearch.store.open_database import open_database
from mvsearch.store.opening import Address
from mvsearch.store.records import Space
from mvsearch.store.unicode import printable

# Maximum number of listed damages of a kind.
MAX_LISTED = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged part of a catalogue.

    Attributes:
        where: a table, another part of the catalogue, or a video with its id.
        reason: one line.
    """

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checkup:
    """The result of checking a library.

    Attributes:
        file: of the catalogue.
        n_videos: number of videos that were checked.
        damages: empty if nothing is damaged.
        folders: the indexed folders, as far as they can be read.
    """

    file: Path
    n_videos: int
    damages: tuple[Damage, ...]
    folders: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """The result in the form of the JSON output."""
        return {
            "catalogue": printable(str(self.file)),
            "videos": self.n_videos,
            "damages": [
                {"where": printable(damage.where), "reason": printable(damage.reason)}
                for damage in self.damages
            ],
            "folders": [printable(str(folder)) for folder in self.folders],
        }


def check_library(address: Address, progress: Progress | None = None) -> Checkup:
    """Read the whole catalogue of a library, and check that its parts are consistent.

    Vector indexes are not checked: opening one checks it, and rebuilds it if it is damaged.

    Args:
        address: of the library.
        progress: called with the number of checked videos, and of all.

    Raises:
        NoLibraryError: there is no library.
        LibraryBusyError: another process is migrating it.
    """
    checker = _Checker(progress or (lambda n_done, n_all: None))
    database, _ = open_database(address)
    try:
        checker.try_out("file", lambda: checker.check_file(database))
    finally:
        database.close()
    checker.try_out("catalogue", lambda: checker.check_catalog(address))
    damages = tuple(dict.fromkeys(checker.damages))
    return Checkup(Path(database.place), checker.n_videos, damages, tuple(checker.folders))


class _Checker:
    """Checks one part after the other, and continues after damage."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.damages: list[Damage] = []
        self.folders: list[Path] = []
        self.n_videos = 0

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
                    self.damages += _check_words(connection, lines)

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


def check_pages(connection: Connection) -> Iterator[Damage]:
    """Damage that SQLite finds in its file."""
    for (found,) in connection.execute(text(f"PRAGMA integrity_check({MAX_LISTED})")):
        if found != "ok":
            yield Damage("file", " ".join(str(found).split()))
    rows = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(MAX_LISTED)
    for table, _, parent, _ in rows:
        yield Damage(str(table), f"a row refers to a {parent} that is missing")


def _check_words(connection: Connection, lines: Lines) -> Iterator[Damage]:
    """Read the full-text indexes of words and trigrams, and compare them with the lines."""
    if not has_index(connection, lines):
        # A SQLite without FTS5 has made none of its tables.
        others = [f"'{lines}_{part}'" for part in ("word", "gram", "key")]
        known = f"SELECT count(*) FROM sqlite_master WHERE name IN ({', '.join(others)})"
        if connection.dialect.name == "sqlite" and connection.scalar(text(known)):
            yield Damage(f"{lines}_line", f"the index of words lacks the table {lines}_gram_term")
        return
    held = "lyric_line WHERE rejected IS NULL" if lines == "lyric" else "ocr_line"
    n_lines = connection.scalar(text(f"SELECT count(*) FROM {held}"))
    keyed = f"{lines}_key JOIN {lines}_line USING (video_id, position)"
    for table in (keyed, f"{lines}_word_docsize", f"{lines}_gram_docsize"):
        n_held = connection.scalar(text(f"SELECT count(*) FROM {table}"))
        if n_held != n_lines:
            yield Damage(f"{lines}_line", f"the index of words has {n_held} lines of {n_lines}")
    for table in (f"{lines}_word", f"{lines}_gram"):
        # The table that lists the words of an index exists in this connection only.
        name = f"temp.check_{table}"
        connection.execute(text(f"CREATE VIRTUAL TABLE {name} USING fts5vocab(main, {table}, row)"))
        n_terms = connection.scalar(text(f"SELECT count(*) FROM {name}"))
        connection.execute(text(f"DROP TABLE {name}"))
        if n_lines and not n_terms:
            yield Damage(f"{lines}_line", f"{table} holds no words")


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
