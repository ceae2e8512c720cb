"""Looks whether the files of a library that cannot be made again can be read."""

import hashlib
from collections.abc import Callable, Iterator

from mvsearch.indexer.audiovisual.used import find_towers
from mvsearch.indexer.mood.used import find_heads
from mvsearch.search.api.lyrics.records import FOLDER as FITS
from mvsearch.search.api.lyrics.records import read_record
from mvsearch.search.api.methods.playlists import open_playlists
from mvsearch.search.api.methods.reviews import open_reviews
from mvsearch.search.feedback.media_copies import FOLDER as MEDIA
from mvsearch.search.feedback.stored import open_sessions
from mvsearch.store.checking.checkup import Damage
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library


def check_documents(library: Library) -> Iterator[Damage]:
    """Read sessions, playlists, decisions, trained heads, media of sessions and fits of lyrics."""
    readers: dict[str, Callable[[], object]] = {
        "sessions": lambda: open_sessions(library).read(),
        "playlists": lambda: open_playlists(library).read(),
        "reviews": lambda: open_reviews(library).read(),
        "mood heads": lambda: find_heads(library.files),
        "towers": lambda: find_towers(library.files),
    }
    for where, read in readers.items():
        try:
            read()
        except LibraryDamagedError as error:
            yield Damage(where, error.reason)
    for name in library.files.list_files(MEDIA):
        if _read(library, name, lambda content: hashlib.sha256(content).hexdigest()) != name[-64:]:
            yield Damage(name, "it is not what was kept; the session asks to search again")
    for name in library.files.list_files(FITS):
        if _read(library, name, read_record) is None:
            yield Damage(name, "the fit of these lyrics cannot be read; fit them again")


def _read(library: Library, name: str, parse: Callable[[bytes], object]) -> object:
    """What a file holds; None where it is damaged."""
    try:
        return parse(library.files.read(name))
    except (OSError, ValueError, RecursionError, MvsearchError):
        return None
