"""What goes together: videos that are like one thing and unlike another."""

from typing import TYPE_CHECKING, Unpack

from mvsearch.search.api.arguments import (
    SearchArguments,
    check_contrast_arguments,
    make_search_options,
)
from mvsearch.search.api.session import Session
from mvsearch.search.query.make_query import Contrasted, make_contrast
from mvsearch.search.results import SearchResults
from mvsearch.store.catalog.filter import Filter

if TYPE_CHECKING:
    from mvsearch.search.query.encode import Made


class Fitting:
    """What goes together in an open library."""

    _session: Session

    def contrast(
        self,
        *,
        looks_like: Contrasted = None,
        sounds_like: Contrasted = None,
        looks_unlike: Contrasted = None,
        sounds_unlike: Contrasted = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> SearchResults:
        """Find videos that look like one thing and do not sound like one, or the other way round.

        The score is the surprisal of the one similarity minus that of the other, each up to 6;
        `contributions` has both, the second with a weight of -1. A result is weak if the one is no
        better than chance, or the other is.

        Args:
            looks_like: a video of the library, or a `Clip` of one, see `find`; or a query of one
                picture, clip or sound, such as `make_query(image=path)`. It goes with
                `sounds_unlike`, which may be the same.
            sounds_like: likewise; it goes with `looks_unlike`.
            looks_unlike: likewise.
            sounds_unlike: likewise.
            filter: selects the videos.
            memory: see `VideoLibrary.search`.
            **arguments: see `SearchArguments`; weights and fusion are those of the contrast.

        Raises:
            QueryError: they do not go together, cannot be read, or the library cannot compare them.
            MvsearchError: the library is empty, closed or does not exist.
        """
        query = make_contrast(
            looks_like=looks_like, sounds_like=sounds_like, looks_unlike=looks_unlike,
            sounds_unlike=sounds_unlike, filter=filter,
        )  # fmt: skip
        check_contrast_arguments(arguments)
        with self._session.using() as library:
            engine = self._session.engine(library)
            options = make_search_options(engine.encoders, **arguments)
            return SearchResults(query, options, tuple(engine.search(query, options, made=memory)))
