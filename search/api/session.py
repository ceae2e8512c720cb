"""The state that threads share while they use one library, and its closing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.search.api.calls import Calls
from mvsearch.search.api.watching import AnyProgress, Watched
from mvsearch.store.errors import EncoderMismatchError, NoLibraryError
from mvsearch.store.library import Library
from mvsearch.store.open_database import find_folder, show_address
from mvsearch.store.opening import Address
from mvsearch.store.records import LOOK

if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Encoders
    from mvsearch.search.engine import Engine

    LoadEncoders = Callable[[str], Encoders]

DEFAULT_PROFILE = "embedded"


class Session:
    """A library that several threads share until one closes it.

    Attributes:
        source: the address, with its password if it has one.
        address: the same without it, for people.
        folder: of the library, or for what can be made again of one in PostgreSQL.

    Args:
        address: of the library; a missing library is opened once it is created.
        profile: of the encoders; None for that of the library.
        load_encoders: creates the encoders of a profile; None for the built-in ones.
        is_read_only: whether nothing is written.

    Raises:
        LibraryDamagedError: the library cannot be read.
        EncoderMismatchError: it was created with another profile.
    """

    def __init__(
        self,
        address: Address,
        profile: str | None = None,
        load_encoders: "LoadEncoders | None" = None,
        *,
        is_read_only: bool = False,
    ) -> None:
        self.source = address.absolute() if isinstance(address, Path) else address
        self.address = show_address(address)
        self.folder = find_folder(address)
        self._profile = profile
        self._is_read_only = is_read_only
        self._load_encoders = load_encoders or _load_profile
        self._calls = Calls(self.address, self._shut)
        self._opening = threading.RLock()
        self._library: Library | None = None
        self._engine: Engine | None = None
        self._used: tuple[object, ...] = ()
        if profile is not None:
            self._load_encoders(profile)  # refuses an unknown name; loads no network
        with suppress(NoLibraryError), self.using():
            pass

    @contextmanager
    def using(self, *, create: bool = False) -> Iterator[Library]:
        """Use the library; `close` waits for the end of the context.

        Args:
            create: whether a missing library is created.

        Raises:
            LibraryClosedError: it was closed.
            NoLibraryError: there is no library.
        """
        with self._calls.using():
            with self._opening:
                library = self._library or self._open(create)
            yield library

    def engine(self, library: Library) -> "Engine":
        """The engine that all threads share; a new one if the library has other encoders now."""
        from mvsearch.indexer.pipeline.encoders.of_library import find_encoders
        from mvsearch.search.engine import Engine

        name = self._profile or library.catalog.profile() or DEFAULT_PROFILE
        chosen = library.catalog.chosen_encoders()
        looks = [space.key for space in library.catalog.spaces() if space.view == LOOK]
        used = (name, *sorted(chosen.items()), *looks)
        with self._opening:
            if self._engine is None or self._used != used:
                encoders = find_encoders(library, self._load_encoders(name))
                self._engine, self._used = Engine(library, encoders), used
            return self._engine

    def load_encoders(self) -> "Encoders":
        """The encoders of a library that does not exist yet."""
        return self._load_encoders(self._profile or DEFAULT_PROFILE)

    def watching(
        self, progress: AnyProgress, cancel: threading.Event | None
    ) -> AbstractContextManager[Watched]:
        """Report the progress of a long call; `cancel` and `close` end it."""
        return self._calls.watching(progress, cancel)

    def close(self) -> None:
        """Refuse further calls, cancel long ones, wait for the rest, and close.

        Called inside of a call, such as by a callback, it does not wait: the last call closes.
        """
        self._calls.close()

    def _open(self, create: bool) -> Library:
        library = Library.open(self.source, create=create, is_read_only=self._is_read_only)
        try:
            self._check_profile(library)
        except BaseException:
            library.close()
            raise
        self._library = library
        return library

    def _check_profile(self, library: Library) -> None:
        own = library.catalog.profile()
        if self._profile not in (None, own) and own is not None and library.catalog.n_videos():
            raise EncoderMismatchError(
                f"the library {self.address} was built with profile {own}, and profile"
                f" {self._profile} was requested; use another folder for it"
            )

    def _shut(self) -> None:
        self._engine = None
        if self._library is not None:
            self._library.close()
            self._library = None


def _load_profile(name: str) -> "Encoders":
    """The encoders of a profile."""
    from mvsearch.indexer.encoders import Encoders

    return Encoders(name)
