"""What a server asks of a library besides its methods: whether it can be read, and what it shares.

`mvsearch.connect` has none of this, so these are functions.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mvsearch.search.api.library import VideoLibrary, find_source
from mvsearch.store.errors import NoLibraryError

if TYPE_CHECKING:
    from mvsearch.store.servers.servers import Servers


def check_tables(library: VideoLibrary) -> None:
    """Check that a library can be read; one that does not exist yet is made by its first run.

    Raises:
        LibraryUnreachableError: its server does not answer.
        MvsearchError: another version of mvsearch has changed it.
    """
    with suppress(NoLibraryError), library._session.using() as opened:
        opened.check_tables()


def find_servers(library: VideoLibrary) -> "Servers | None":
    """What several servers of a library share; None where one has it for itself.

    A library in PostgreSQL that is not there yet is made.

    Raises:
        LibraryUnreachableError: its server does not answer.
    """
    is_shared = isinstance(find_source(library), str)
    with suppress(NoLibraryError), library._session.using(create=is_shared) as opened:
        return opened.servers()
    return None


@dataclass(frozen=True, slots=True)
class LibraryNumbers:
    """How much there is in a library.

    Attributes:
        changed_seconds: when vectors were changed last, since 1970, by modality.
        connections: of this process to its database, by their state.
    """

    n_videos: int
    changed_seconds: dict[str, float]
    connections: dict[str, float]


def read_numbers(library: VideoLibrary) -> LibraryNumbers:
    """Read how much there is in a library.

    Raises:
        NoLibraryError: there is none yet.
        LibraryUnreachableError: its server does not answer.
    """
    with library._session.using() as opened:
        catalog = opened.catalog
        generations = catalog.generations()
        changed: dict[str, float] = {}
        for space in catalog.spaces():
            seconds = generations.get(space.key, 0) / 1e9
            changed[space.modality] = max(seconds, changed.get(space.modality, 0.0))
        return LibraryNumbers(catalog.n_videos(), changed, catalog.count_connections())


def agree_token(library: VideoLibrary) -> str:
    """The token that all servers of a library ask for; of a single one a new one."""
    servers = find_servers(library)
    return make_token() if servers is None else servers.agree("token", make_token)


def make_token() -> str:
    """A new token."""
    return secrets.token_urlsafe(24)
