"""What searches answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query
from mvsearch.store.records import Result


@dataclass(frozen=True, slots=True)
class SearchResults(Sequence[Result]):
    """The results of a search, best first, with what was asked.

    Attributes:
        options: as they were used; the fusion is never left open.
    """

    query: Query
    options: SearchOptions
    results: tuple[Result, ...]

    @overload
    def __getitem__(self, at: int) -> Result: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Result, ...]: ...

    def __getitem__(self, at: int | slice) -> Result | tuple[Result, ...]:
        """A result, or some of them."""
        return self.results[at]

    def __len__(self) -> int:
        """How many results there are."""
        return len(self.results)
