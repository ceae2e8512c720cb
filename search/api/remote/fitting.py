"""What goes together in a library on a server."""

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.search.api.arguments import SearchArguments, check_contrast_arguments
from mvsearch.search.api.remote.requests.asking import make_options, write_filter, writing_query
from mvsearch.search.api.remote.requests.records import read, read_results, take
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.query.make_query import Contrasted, make_contrast
from mvsearch.search.query.query import Query
from mvsearch.search.results import SearchResults
from mvsearch.store.catalog.filter import Filter

if TYPE_CHECKING:
    from mvsearch.search.query.encode import Made


class RemoteFitting:
    """What goes together in a library on a server; see `Fitting`."""

    _server: Server
    _max_bytes: int

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
        """Find what looks like one thing and sounds unlike one; see `Fitting.contrast`."""
        query = make_contrast(
            looks_like=looks_like, sounds_like=sounds_like, looks_unlike=looks_unlike,
            sounds_unlike=sounds_unlike, filter=filter,
        )  # fmt: skip
        check_contrast_arguments(arguments)
        options, given = make_options(**arguments)
        asked: dict[str, Any] = {**given, "filter": write_filter(filter)}
        with ExitStack() as stack:
            stack.enter_context(self._server.calls.using())
            for part in query.parts:
                plain = Query((replace(part, role=None),))
                written = stack.enter_context(
                    writing_query(self._server, plain, self._max_bytes, memory)
                )
                (like, uploads) = written["like"], written["uploads"]
                role = (part.role or "").replace("-", "_")
                asked[role] = like[0] if like else {"upload": uploads[0]}
            answer = self._server.send("POST", "contrast", asked)
        chosen: Any = take(take(answer, "query"), "fusion")
        notes = read(list[str], take(answer, "notes"))
        results = read_results(take(answer, "results"))
        return SearchResults(query, replace(options, fusion=chosen), tuple(results), tuple(notes))
