"""What a server asks of a library besides its methods: whether it can be read, and what it shares.

`mvsearch.connect` has none of this, so these are functions.
"""

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from mvsearch.search.api.library import VideoLibrary
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
    with suppress(NoLibraryError), library._session.using() as opened:
        return opened.servers()
    return None


def agree_token(library: VideoLibrary) -> str:
    """The token that all servers of a library ask for; of a single one a new one."""
    servers = find_servers(library)
    return make_token() if servers is None else servers.agree("token", make_token)


def make_token() -> str:
    """A new token."""
    return secrets.token_urlsafe(24)
