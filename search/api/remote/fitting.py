"""What goes together in a library on a server."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.search.api.arguments import SearchArguments, check_contrast_arguments
from mvsearch.search.api.remote.requests.asking import make_options, write_filter, writing_query
from mvsearch.search.api.remote.requests.records import read, read_results, take
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.query.make_query import (
    Contrasted,
    Many,
    make_contrast,
    make_picture_query,
    make_sound_query,
)
from mvsearch.search.query.query import Query
from mvsearch.search.results import SearchResults
from mvsearch.store.catalog.filter import Filter

if TYPE_CHECKING:
    from mvsearch.search.picture_music import PictureMusic, WayName
    from mvsearch.search.query.encode import Made


class RemoteFitting:
    """What goes together in a library on a server; see `Fitting`."""

    _server: Server
    _max_bytes: int

    def music_for(
        self,
        image: "Query | Many",
        *,
        way: "WayName | None" = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> "PictureMusic":
        """Find the music that fits a picture, which is uploaded; see `Fitting.music_for`."""
        query = make_picture_query(image)
        return self._fit("music", query, way, filter, memory, arguments)

    def pictures_for(
        self,
        audio: "Query | Many",
        *,
        way: "WayName | None" = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> "PictureMusic":
        """Find the pictures that fit a sound, which is uploaded; see `Fitting.pictures_for`."""
        query = make_sound_query(audio)
        return self._fit("pictures-for", query, way, filter, memory, arguments)

    def _fit(
        self,
        path: str,
        query: Query,
        way: "WayName | None",
        filter: Filter,
        memory: "Made | None",
        arguments: SearchArguments,
    ) -> "PictureMusic":
        from mvsearch.search.picture_music import PictureMusic

        _, options = make_options(**arguments)
        with (
            self._server.calls.using(),
            writing_query(self._server, query, self._max_bytes, memory) as written,
        ):
            chosen = write_filter(filter or query.filter)
            asked = {**options, **_name_part(written), "way": way, "filter": chosen}
            found = self._server.send("POST", path, asked)
        words = read(tuple[str, ...], take(found, "words"))
        notes = read(tuple[str, ...], take(found, "notes"))
        results = tuple(read_results(take(found, "results")))
        return PictureMusic(take(found, "way"), results, words, notes)

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
                asked[(part.role or "").replace("-", "_")] = _name_part(written)
            answer = self._server.send("POST", "contrast", asked)
        chosen: Any = take(take(answer, "query"), "fusion")
        notes = read(list[str], take(answer, "notes"))
        results = read_results(take(answer, "results"))
        return SearchResults(query, replace(options, fusion=chosen), tuple(results), tuple(notes))


def _name_part(written: Mapping[str, Any]) -> dict[str, Any]:
    """The one part of a written query: a video, or an upload."""
    videos = written["like"]
    return videos[0] if videos else {"upload": written["uploads"][0]}
