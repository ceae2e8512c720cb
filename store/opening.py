"""Checks the folder of a library before its catalogue is opened."""

import os
import re
import stat
from pathlib import Path

from mvsearch.store.errors import LibraryDamagedError, MvsearchError, NoLibraryError

CATALOG = "catalog.sqlite3"
# How the address of a library in a database looks, for messages.
LIBRARY_URL = "postgresql+psycopg://USER@HOST/DATABASE"

AnyPath = str | os.PathLike[str]
# A folder, or the address of a database as it was given: a path would lose one of its slashes.
Address = Path | str

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# It would be taken for a folder, and shown with its password.
_LACKS_SLASH = re.compile(r"postgres(ql)?(\+\w+)?:(?!//)", re.IGNORECASE)
_BACKENDS = ("postgresql+psycopg", "postgresql", "postgres")


def parse_address(given: AnyPath) -> Address:
    """The address of a library: a folder, or the URL of a database as text.

    Raises:
        MvsearchError: the URL is of something else than a library; it is not repeated, because it
            may hold a password.
    """
    if isinstance(given, str) and _LACKS_SLASH.match(given) is not None:
        raise MvsearchError(f"this is no address of a library: write {LIBRARY_URL}")
    if not isinstance(given, str) or _URL.match(given) is None:
        return expand_home(given)
    scheme = given.partition(":")[0].lower()
    if scheme not in _BACKENDS:
        remote = "; for a server of mvsearch use mvsearch.connect" if "http" in scheme else ""
        raise MvsearchError(
            f"there is no library at an address that begins with {scheme}://; write a folder, or"
            f" {LIBRARY_URL}{remote}"
        )
    return given


def default_library() -> Address:
    """`$MVSEARCH_LIBRARY`, else the platform's folder for a user's data."""
    chosen = os.environ.get("MVSEARCH_LIBRARY")
    if chosen:
        return parse_address(chosen)
    from platformdirs import user_data_path

    return user_data_path("mvsearch", appauthor=False)


def find_address(given: AnyPath | None) -> Address:
    """The address of the library that is named, or of the default one for None."""
    return default_library() if given is None else parse_address(given)


def hide_password(text: str) -> str:
    """A text that may be the address of a database, without what only its owner may see."""
    bare = re.sub(r"(?s)(://[^/@:?]*):.*@", r"\1@", text)
    return re.sub(r"([?&])(?:(?:ssl)?password|passfile)=[^&]*&?", r"\1", bare).rstrip("?&")


def expand_home(path: AnyPath) -> Path:
    """A path, `~` at its beginning being the user's home; any other `~` is a part of a name."""
    plain = Path(path)
    return Path.home().joinpath(*plain.parts[1:]) if plain.parts[:1] == ("~",) else plain


def is_file(file: Path) -> bool:
    """Whether there is a catalogue; a folder that may not be looked into has none for us."""
    try:
        return file.is_file()
    except OSError as error:
        raise NoLibraryError(f"{file.parent} cannot be read: {error.strerror}") from error


def check_plain(file: Path) -> None:
    """Check that the catalogue and what SQLite keeps beside it are plain files, or not there.

    SQLite would write through a link in the place of the catalogue.

    Raises:
        LibraryDamagedError: one is a link or something else.
    """
    for ending in ("", "-wal", "-shm", "-journal"):
        part = file.with_name(file.name + ending)
        try:
            is_plain = stat.S_ISREG(part.lstat().st_mode)
        except OSError:
            continue
        if not is_plain:
            raise LibraryDamagedError(
                f"{part} is a link or not a plain file, and links inside a library are not"
                " followed; replace it by the file itself"
            )


def make_folder(folder: Path) -> None:
    """Make the folder of a new library."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoLibraryError(f"no library can be created in {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise MvsearchError(f"no library can be created in {folder}: it is read-only")


def choose_mode(file: Path) -> str:
    """How SQLite may open the catalogue; see `sqlite_url`.

    While a program writes, and after it was killed, there are side files. Only without them, and
    in a folder where none can be made, is the catalogue read as a file that nobody changes.
    """
    if not file.exists():
        return "rwc"
    if os.access(file.parent, os.W_OK) and os.access(file, os.W_OK):
        return "rw"
    side_files = (file.with_name(file.name + ending) for ending in ("-wal", "-shm"))
    return "ro" if any(side_file.exists() for side_file in side_files) else "immutable"
