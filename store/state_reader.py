"""Reads one state of a library: its catalogue, and the vector indexes of that state."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.repeating import READ_PATIENCE_SECONDS
from mvsearch.store.landmarks.cache import LandmarkCache
from mvsearch.store.landmarks.index import LandmarkIndex
from mvsearch.store.records import Space
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import Arrays
from mvsearch.store.vectors.store import VectorStore

# Attempts to answer while the library changes, before changes are blocked.
N_ATTEMPTS = 3

T = TypeVar("T")
Prepared = TypeVar("Prepared")


class StateReader(ABC):
    """The part of `Library` that reads."""

    catalog: Catalog
    _database: Database
    _vectors: VectorStore
    _landmarks: LandmarkCache

    def __init__(self) -> None:
        self._indexes: dict[str, VectorIndex] = {}
        self._held = threading.local()
        self._locks: dict[str, threading.RLock] = {}

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
        A server that is lost meanwhile is sought for some seconds.

        Args:
            prepare: prepares the answer; its argument is whether this is the first attempt. It
                reads the same vectors as `ask`.
            ask: computes the answer inside `holding`; may be called several times.
        """
        return self._database.repeat(lambda: self._answer(prepare, ask), READ_PATIENCE_SECONDS)

    def _answer(self, prepare: Callable[[bool], Prepared], ask: Callable[[Prepared], T]) -> T:
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

    @abstractmethod
    def _follow_choice(self) -> None:
        """See `Library`."""

    def _open(self, space: Space) -> VectorIndex:
        """Open an index, and keep it for all threads unless it is out of date."""
        self._follow_choice()
        index = self._vectors.obtain(space, self.catalog)
        if index.generation == self.catalog.generation(space.key, is_newest=True):
            self._indexes[space.key] = index
        return index
